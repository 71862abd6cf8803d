//! Becoming a sandbox: what must be so before the first untrusted instruction, done by the process for itself.

mod join;

pub(in super::super) use join::Joined;

use super::AttendantError;
use crate::backend::machine::confine::seccomp::{self, Purpose};
use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl, open};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use nix::sys::stat::Mode;
use nix::unistd::{Gid, Uid, dup, dup2_stdin, getppid, setgroups, setresgid, setresuid};
use serde::{Deserialize, Serialize};
use std::convert::Infallible;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A word of the program that stands for the descriptor to which it writes what it started: this process's standard
/// input.
pub(in super::super) const INFO: &str = "{info}";

/// A word of the program that stands for the descriptor from which it reads the filter of system calls.
pub(in super::super) const SECCOMP: &str = "{seccomp}";

/// The same for a filter that lets TCP be spoken, which goes no further than the sandbox's own loopback.
pub(in super::super) const SECCOMP_TCP: &str = "{seccomp-tcp}";

/// The same for a filter that besides lets files be named, of a sandbox that keeps what it fetches.
pub(in super::super) const SECCOMP_KEEPING: &str = "{seccomp-keeping}";

/// The same for a program that is not the engine: besides all that, what programs do that do not know of walls.
pub(in super::super) const SECCOMP_BESIDE: &str = "{seccomp-beside}";

/// How to become a sandbox.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) struct Enter {
    /// The server, whose end is this process's end.
    pub(in super::super) parent: i32,
    /// The folders of the control groups to join.
    pub(in super::super) groups: Vec<PathBuf>,
    /// The sandbox to become a part of.
    pub(in super::super) joins: Option<Joined>,
    /// A folder in memory that others who join this sandbox find, too. Mounted first.
    pub(in super::super) shared: Option<Mount>,
    /// What to mount where only this process and its children see it, in this order. Needs root.
    pub(in super::super) mounts: Vec<Mount>,
    /// The folder to stand in.
    pub(in super::super) folder: PathBuf,
    /// Private memory that each process may map, in bytes.
    pub(in super::super) data: Option<u64>,
    /// Open files of each process.
    pub(in super::super) open_files: Option<u64>,
    /// The user to become. Needs root.
    pub(in super::super) user: Option<u32>,
    /// The program and its arguments.
    pub(in super::super) program: Vec<String>,
}

/// Something to mount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(in super::super) enum Mount {
    /// An empty folder in memory.
    Memory {
        /// Where.
        at: PathBuf,
        /// How much it can hold.
        bytes: u64,
        /// How many files and folders.
        entries: u32,
        /// Whose it is, where others may not look in.
        owner: Option<u32>,
    },
    /// A file or folder from elsewhere.
    Bind {
        /// From where, as it was before anything was mounted.
        from: PathBuf,
        /// To where: not there yet. The folders above it are made.
        at: PathBuf,
        /// Whether nobody can write to it there.
        read_only: bool,
    },
}

impl Enter {
    /// Becomes the sandbox; comes back only when it cannot.
    pub(super) fn carry_out(self) -> Result<Infallible, AttendantError> {
        for group in &self.groups {
            let procs = group.join("cgroup.procs");
            fs::write(&procs, "0").map_err(AttendantError::of(procs.display().to_string()))?;
        }
        if let Some(joins) = &self.joins {
            joins.carry_out(self.parent)?;
        }
        mount_all(self.shared.as_ref(), &self.mounts)?;
        std::env::set_current_dir(&self.folder)
            .map_err(AttendantError::of(self.folder.display().to_string()))?;
        limit(Resource::RLIMIT_CORE, Some(0))?;
        limit(Resource::RLIMIT_DATA, self.data)?;
        limit(Resource::RLIMIT_NOFILE, self.open_files)?;
        if let Some(user) = self.user {
            become_user(user).map_err(AttendantError::of("becoming another user"))?;
        }
        // After the change of user, which would take it back.
        set_pdeathsig(Signal::SIGKILL).map_err(AttendantError::of("PR_SET_PDEATHSIG"))?;
        if getppid().as_raw() != self.parent {
            return Err(AttendantError::Orphaned);
        }
        exec(&self.program)
    }
}

fn limit(resource: Resource, most: Option<u64>) -> Result<(), AttendantError> {
    let Some(most) = most else { return Ok(()) };
    let failed = || AttendantError::of::<nix::Error>(format!("{resource:?}"));
    let (_, hard) = getrlimit(resource).map_err(failed())?;
    // What is tighter already stays so: to widen it is not ours.
    let most = most.min(hard);
    setrlimit(resource, most, most).map_err(failed())
}

fn become_user(user: u32) -> nix::Result<()> {
    let (uid, gid) = (Uid::from_raw(user), Gid::from_raw(user));
    setgroups(&[])?;
    setresgid(gid, gid, gid)?;
    setresuid(uid, uid, uid)
}

/// Mounts in a mount namespace of its own, so that nothing is left when its processes are gone.
fn mount_all(shared: Option<&Mount>, mounts: &[Mount]) -> Result<(), AttendantError> {
    if shared.is_none() && mounts.is_empty() {
        return Ok(());
    }
    own_mounts()?;
    if let Some(shared) = shared {
        let mounted = shared.carry_out(&mut std::iter::empty());
        mounted.map_err(AttendantError::of(format!("mounting {shared:?}")))?;
    }
    // Opened before anything is mounted over them.
    let mut sources = Vec::new();
    for from in mounts.iter().filter_map(Mount::source) {
        let source = open(from, OFlag::O_PATH | OFlag::O_CLOEXEC, Mode::empty());
        sources.push(source.map_err(AttendantError::of(from.display().to_string()))?);
    }
    let mut sources = sources.into_iter();
    for wanted in mounts {
        wanted.carry_out(&mut sources).map_err(AttendantError::of(format!("mounting {wanted:?}")))?;
    }
    Ok(())
}

/// From here on what is mounted and unmounted is nobody else's business.
pub(super) fn own_mounts() -> Result<(), AttendantError> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(AttendantError::of("a mount namespace"))?;
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(AttendantError::of("making mounts private"))
}

impl Mount {
    fn source(&self) -> Option<&Path> {
        match self {
            Self::Memory { .. } => None,
            Self::Bind { from, .. } => Some(from),
        }
    }

    fn carry_out(&self, sources: &mut impl Iterator<Item = OwnedFd>) -> io::Result<()> {
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
        match self {
            Self::Memory { at, bytes, entries, owner } => {
                let (mode, owner) = owner.map_or(("755", 0), |owner| ("700", owner));
                let options = format!("size={bytes},nr_inodes={entries},mode={mode},uid={owner},gid={owner}");
                Ok(mount(Some("tmpfs"), at, Some("tmpfs"), flags, Some(options.as_str()))?)
            }
            Self::Bind { at, read_only, .. } => {
                let Some(source) = sources.next() else { return Err(io::ErrorKind::NotFound.into()) };
                let from = format!("/proc/self/fd/{}", source.as_raw_fd());
                if let Some(above) = at.parent() {
                    fs::create_dir_all(above)?;
                }
                if fs::metadata(&from)?.is_dir() {
                    fs::create_dir(at)?;
                } else {
                    File::create_new(at)?;
                }
                let none: Option<&str> = None;
                mount(Some(from.as_str()), at, none, MsFlags::MS_BIND, none)?;
                if *read_only {
                    let again = MsFlags::MS_BIND | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
                    mount(none, at, none, again | flags, none)?;
                }
                Ok(())
            }
        }
    }
}

/// Becomes the program, with no open file but its three standard ones and those that its words ask for.
fn exec(program: &[String]) -> Result<Infallible, AttendantError> {
    let mut kept = Vec::new();
    let mut words = Vec::new();
    for word in program {
        let descriptor = match word.as_str() {
            INFO => dup(io::stdin()).map_err(io::Error::from),
            SECCOMP => filter(Purpose::Local),
            SECCOMP_TCP => filter(Purpose::Tcp),
            SECCOMP_KEEPING => filter(Purpose::Keeping),
            SECCOMP_BESIDE => filter(Purpose::Beside),
            _ => {
                words.push(word.clone());
                continue;
            }
        };
        let descriptor = descriptor.map_err(AttendantError::of(format!("a descriptor for {word}")))?;
        fcntl(&descriptor, FcntlArg::F_SETFD(FdFlag::empty())).map_err(AttendantError::of("F_SETFD"))?;
        words.push(descriptor.as_raw_fd().to_string());
        kept.push(descriptor);
    }
    let nothing = File::open("/dev/null").map_err(AttendantError::of("/dev/null"))?;
    dup2_stdin(nothing.as_fd()).map_err(AttendantError::of("standard input"))?;
    let mut words = words.into_iter();
    let name = words.next().unwrap_or_default();
    let error = Command::new(&name).args(words).env_clear().exec();
    Err(AttendantError::System(name, error))
}

/// A pipe that holds the whole filter: it is far smaller than a pipe is.
fn filter(purpose: Purpose) -> io::Result<OwnedFd> {
    let (reader, mut writer) = io::pipe()?;
    writer.write_all(&seccomp::filter(purpose).map_err(io::Error::other)?)?;
    Ok(reader.into())
}
