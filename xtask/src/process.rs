//! Starting programs, each behind a guard ([`crate::guard`]), so that none outlives this process.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use nix::sys::signal::Signal;

use crate::console;

/// How often a condition is looked at.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

/// How much of a log is shown when something failed.
const SHOWN_LINES: usize = 40;

/// Runs a program to its end, with its output on the terminal.
pub(crate) fn run(command: &Command) -> Result<()> {
    let status = wait(guarded(command, &Terms::default()).spawn())?;
    success(command, status)
}

/// Runs a program to its end, with its output in a file, whose last lines are shown when it failed.
pub(crate) fn run_quietly(command: &Command, log: &Path) -> Result<()> {
    run_as(command, None, log)
}

/// The same as another user.
pub(crate) fn run_as(command: &Command, user: Option<(u32, u32)>, log: &Path) -> Result<()> {
    let file = append(log)?;
    let mut guard = guarded(command, &Terms { user, ..Terms::default() });
    let status = wait(guard.stdout(file.try_clone()?).stderr(file).spawn())?;
    success(command, status).inspect_err(|_| show_end(log))
}

/// Runs a program to its end, with its output in a file and nowhere else.
pub(crate) fn run_logged(command: &Command, log: &Path) -> Result<()> {
    let file = append(log)?;
    let mut guard = guarded(command, &Terms::default());
    let status = wait(guard.stdout(file.try_clone()?).stderr(file).spawn())?;
    success(command, status)
}

/// Runs a program to its end and returns what it wrote to standard output.
pub(crate) fn output(command: &Command) -> Result<String> {
    let mut guard = guarded(command, &Terms::default());
    let mut child = guard.stdout(Stdio::piped()).spawn().context("no guard can be started")?;
    let mut text = String::new();
    if let Some(stdout) = &mut child.stdout {
        stdout.read_to_string(&mut text).context("its output cannot be read")?;
    }
    let status = wait(Ok(child))?;
    success(command, status)?;
    Ok(text)
}

/// What a program writes to standard output, or `None` when it is not there or fails; for asking, not for working.
pub(crate) fn answer(command: &Command) -> Option<String> {
    let mut guard = guarded(command, &Terms::default());
    let mut child = guard.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().ok()?;
    let mut text = String::new();
    child.stdout.as_mut()?.read_to_string(&mut text).ok()?;
    wait(Ok(child)).ok()?.success().then_some(text)
}

/// Whether a program ran and ended well; what it wrote is nobody's business.
pub(crate) fn succeeds(command: &Command) -> bool {
    let mut guard = guarded(command, &Terms::default());
    wait(guard.stdout(Stdio::null()).stderr(Stdio::null()).spawn()).is_ok_and(|status| status.success())
}

/// Waits while holding the leash, which `Child::wait` alone would let go.
fn wait(child: io::Result<Child>) -> Result<ExitStatus> {
    let mut child = child.context("no guard can be started")?;
    let _leash = child.stdin.take();
    Ok(child.wait()?)
}

fn success(command: &Command, status: ExitStatus) -> Result<()> {
    if status.success() {
        return Ok(());
    }
    match status.code() {
        Some(code) => bail!("`{}` failed with exit code {code}", shown(command)),
        None => bail!("`{}` was ended: {status}", shown(command)),
    }
}

/// A command as one would type it, with long arguments cut.
fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
    let line = words.join(" ");
    if line.chars().count() <= 120 { line } else { line.chars().take(120).chain("…".chars()).collect() }
}

/// On which terms a program runs.
#[derive(Debug, Default)]
pub(crate) struct Terms {
    /// The signal that asks it to end; `None` kills it at once, for what keeps nothing.
    pub(crate) ask_with: Option<Signal>,
    /// How long it may then take; `None` for five seconds.
    pub(crate) grace: Option<Duration>,
    /// A folder to remove afterwards.
    pub(crate) scratch: Option<PathBuf>,
    /// The name of control groups to remove afterwards.
    pub(crate) cgroups: Option<String>,
    /// The user to run as.
    pub(crate) user: Option<(u32, u32)>,
}

/// The same command behind a guard.
fn guarded(command: &Command, terms: &Terms) -> Command {
    // This very program, even when a build has replaced the file that it was started from.
    let mut guard = Command::new("/proc/self/exe");
    guard.arg("guard");
    guard.args(["--signal", terms.ask_with.unwrap_or(Signal::SIGKILL).as_str()]);
    if let Some(grace) = terms.grace {
        guard.arg("--grace").arg(grace.as_millis().to_string());
    }
    if let Some(scratch) = &terms.scratch {
        guard.arg("--scratch").arg(scratch);
    }
    if let Some(cgroups) = &terms.cgroups {
        guard.arg("--cgroups").arg(cgroups);
    }
    if let Some((uid, gid)) = terms.user {
        guard.arg("--user").arg(format!("{uid}:{gid}"));
    }
    guard.arg("--").arg(command.get_program()).args(command.get_args());
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => guard.env(name, value),
            None => guard.env_remove(name),
        };
    }
    if let Some(folder) = command.get_current_dir() {
        guard.current_dir(folder);
    }
    // A group of its own: Ctrl-C reaches this process alone, and the guards see it go.
    guard.stdin(Stdio::piped()).process_group(0);
    guard
}

/// A program that serves until this value is dropped; then it and all its descendants are ended.
#[derive(Debug)]
pub(crate) struct Serving {
    name: &'static str,
    guard: Child,
    log: PathBuf,
}

impl Serving {
    /// Starts `command`, with its output in the file `log`.
    pub(crate) fn start(name: &'static str, command: &Command, log: &Path, terms: &Terms) -> Result<Self> {
        let file = append(log)?;
        let mut guard = guarded(command, terms);
        let guard =
            guard.stdout(file.try_clone()?).stderr(file).spawn().context("no guard can be started")?;
        Ok(Self { name, guard, log: log.to_path_buf() })
    }

    /// The guard's process, below which the program is.
    pub(crate) fn pid(&self) -> u32 {
        self.guard.id()
    }

    /// Returns when `ready` does; fails, and shows the end of the log, when the program ends or the time is over.
    pub(crate) fn wait_until(&mut self, limit: Duration, ready: impl Fn() -> bool) -> Result<()> {
        let deadline = Instant::now() + limit;
        while !ready() {
            if let Some(status) = self.guard.try_wait()? {
                show_end(&self.log);
                bail!("{} ended before it was ready ({status})", self.name);
            }
            if Instant::now() > deadline {
                show_end(&self.log);
                bail!("{} was not ready within {}", self.name, console::time(limit));
            }
            thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            console::complain(&format!("{} may still run: {error}", self.name));
        }
    }
}

fn append(log: &Path) -> Result<File> {
    if let Some(folder) = log.parent() {
        fs::create_dir_all(folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    File::options()
        .create(true)
        .append(true)
        .open(log)
        .with_context(|| format!("{} cannot be written", log.display()))
}

fn show_end(log: &Path) {
    let text = fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    console::complain(&format!("--- the end of {}", log.display()));
    for line in lines.iter().skip(lines.len().saturating_sub(SHOWN_LINES)) {
        console::complain(line);
    }
    console::complain("---");
}
