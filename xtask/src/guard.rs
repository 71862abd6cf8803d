//! `xtask guard -- PROGRAM …`: a small process between `xtask` and everything that it starts, so that nothing of it
//! outlives `xtask`, however that ends: done, failed, Ctrl-C, or killed without a chance to clean up.
//!
//! `xtask` holds the other end of the guard's standard input and never writes to it. When `xtask` is gone, the kernel
//! closes it; the guard sees the end of the file and ends the program with all its descendants. The guard adopts
//! orphans, so a descendant escapes neither by a process group or session of its own nor by losing its parent.

use std::collections::HashMap;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};
use std::{fs, io, thread};

use anyhow::{Context as _, Result, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::Pid;

use crate::{cgroups, console};

/// How often the guard looks whether something has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// How long killed processes may take to be gone.
const KILLED_WITHIN: Duration = Duration::from_secs(10);

/// What to start, and how to end it.
#[derive(Debug, clap::Args)]
pub(crate) struct Order {
    /// The signal that asks the program to end.
    #[arg(long, default_value = "SIGTERM")]
    pub(crate) signal: Signal,
    /// How long it may take before it is killed, in milliseconds.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) grace: u64,
    /// A folder to remove when everything has ended.
    #[arg(long)]
    pub(crate) scratch: Option<PathBuf>,
    /// The name of control groups to remove when everything has ended.
    #[arg(long)]
    pub(crate) cgroups: Option<String>,
    /// Run as this user, given as `UID:GID`.
    #[arg(long, value_parser = user)]
    pub(crate) user: Option<(u32, u32)>,
    /// The program and its arguments.
    #[arg(last = true, required = true)]
    pub(crate) command: Vec<String>,
}

fn user(text: &str) -> Result<(u32, u32)> {
    let (uid, gid) = text.split_once(':').context("expected `UID:GID`")?;
    Ok((uid.parse()?, gid.parse()?))
}

/// Runs the program until it ends or until standard input does.
pub(crate) fn guard(order: &Order) -> Result<ExitCode> {
    nix::sys::prctl::set_child_subreaper(true)?;
    let (program, arguments) = order.command.split_first().context("no program given")?;
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    if let Some((uid, gid)) = order.user {
        command.uid(uid).gid(gid);
    }
    let child = command.spawn().with_context(|| format!("`{program}` cannot be started"))?;
    let child = Pid::from_raw(i32::try_from(child.id())?);
    let events = watch(child);

    let code = match events.recv()? {
        Event::Ended(code) => code,
        Event::Released => end(child, order, &events),
    };
    let leftover = end_descendants(order.command.join(" ").as_str());
    if let Some(scratch) = &order.scratch {
        remove(scratch)?;
    }
    if let Some(cgroups) = &order.cgroups {
        remove_cgroups(cgroups)?;
    }
    leftover?;
    Ok(ExitCode::from(code))
}

enum Event {
    /// The program has ended, with this exit code.
    Ended(u8),
    /// `xtask` has let go, or is gone.
    Released,
}

/// Waits for both ends of the story, each in a thread of its own.
fn watch(child: Pid) -> Receiver<Event> {
    let (tell, told) = mpsc::channel();
    let ended: Sender<Event> = tell.clone();
    thread::spawn(move || {
        // Orphans that the guard adopted are waited for as well, else they would stay as zombies.
        loop {
            match waitpid(None, None) {
                Ok(status) => {
                    if let Some(code) = exit_code(child, status) {
                        let _nobody_waits_any_more = ended.send(Event::Ended(code));
                    }
                }
                Err(Errno::EINTR) => {}
                Err(_no_child_is_left) => return,
            }
        }
    });
    thread::spawn(move || {
        let _end_or_error = io::copy(&mut io::stdin(), &mut io::sink());
        let _nobody_waits_any_more = tell.send(Event::Released);
    });
    told
}

/// The shell's convention: 128 and the signal's number for a program that was killed.
fn exit_code(child: Pid, status: WaitStatus) -> Option<u8> {
    match status {
        WaitStatus::Exited(pid, code) if pid == child => Some(u8::try_from(code).unwrap_or(u8::MAX)),
        WaitStatus::Signaled(pid, signal, _) if pid == child => {
            Some(u8::try_from(128 + signal as i32).unwrap_or(u8::MAX))
        }
        _ => None,
    }
}

/// Asks the program to end, and returns when it has or when its time is over.
fn end(child: Pid, order: &Order, events: &Receiver<Event>) -> u8 {
    const KILLED: u8 = 128 + 9;
    let _it_may_have_ended_just_now = kill(child, order.signal);
    let deadline = Instant::now() + Duration::from_millis(order.grace);
    while let Ok(event) = events.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        if let Event::Ended(code) = event {
            return code;
        }
    }
    KILLED
}

/// Kills whatever is left below the guard. The order does not matter: a child that loses its parent becomes the
/// guard's own, so the next look finds it.
fn end_descendants(command: &str) -> Result<()> {
    let deadline = Instant::now() + KILLED_WITHIN;
    loop {
        let left = descendants(std::process::id())?;
        if left.is_empty() {
            return Ok(());
        }
        if Instant::now() > deadline {
            bail!("`{command}` left {left:?} behind, which cannot be killed");
        }
        for pid in left {
            let _it_may_have_ended_just_now = kill(Pid::from_raw(i32::try_from(pid)?), Signal::SIGKILL);
        }
        thread::sleep(LOOK_AGAIN);
    }
}

/// The living descendants of a process, from `/proc`.
fn descendants(of: u32) -> io::Result<Vec<u32>> {
    let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
    for entry in fs::read_dir("/proc")? {
        let Some(pid) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that ends between the listing and this read is no error.
        let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { continue };
        if let Some(parent) = living_parent(&stat) {
            children.entry(parent).or_default().push(pid);
        }
    }
    let mut found = Vec::new();
    let mut next = vec![of];
    while let Some(pid) = next.pop() {
        let below = children.remove(&pid).unwrap_or_default();
        found.extend(&below);
        next.extend(below);
    }
    Ok(found)
}

/// The parent in a line of `/proc/PID/stat` (proc(5)), or `None` for a zombie. The name before it is in parentheses
/// and may itself hold spaces and parentheses.
fn living_parent(stat: &str) -> Option<u32> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ');
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z" && state != "X").then_some(parent)
}

/// Removes control groups. The kernel counts a process that was killed a moment longer than `/proc` shows it.
fn remove_cgroups(name: &str) -> Result<()> {
    let deadline = Instant::now() + KILLED_WITHIN;
    while let Err(error) = cgroups::remove(name) {
        if Instant::now() > deadline {
            console::complain(&format!("the control groups `{name}` cannot be removed: {error}"));
            return Err(error.into());
        }
        thread::sleep(LOOK_AGAIN);
    }
    Ok(())
}

fn remove(scratch: &PathBuf) -> Result<()> {
    match fs::remove_dir_all(scratch) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            console::complain(&format!("{} cannot be removed: {error}", scratch.display()));
            Err(error.into())
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(living_parent("7 (sh) S 3 7 7 0 -1"), Some(3));
        assert_eq!(living_parent("7 (a) S 9 (b) c) R 3 7 7 0 -1"), Some(3));
        assert_eq!(living_parent("7 (sh) Z 3 7 7 0 -1"), None);
        assert_eq!(living_parent("nonsense"), None);
    }
}
