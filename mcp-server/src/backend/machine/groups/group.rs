//! One group: who is in it, and its end.

use super::super::disk;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::time::Instant;

/// How long killed processes may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether they are.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// A group, by its folder in each hierarchy.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Group {
    folders: Vec<PathBuf>,
}

impl Group {
    pub(super) fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders }
    }

    /// Its folder in each hierarchy.
    pub(in super::super) fn folders(&self) -> &[PathBuf] {
        &self.folders
    }

    /// Whether a process is in it, in every hierarchy.
    pub(in super::super) fn holds(&self, process: i32) -> io::Result<bool> {
        for folder in &self.folders {
            if !members(folder)?.contains(&process) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// How many of its processes were killed because it had no memory left.
    pub(in super::super) fn memory_kills(&self) -> u64 {
        self.counted(&["memory.oom_control", "memory.events"], "oom_kill ")
    }

    /// How often one of its processes could not be begun because it had too many.
    pub(in super::super) fn processes_refused(&self) -> u64 {
        self.counted(&["pids.events"], "max ")
    }

    /// What the kernel has counted under this name, in whichever of the files there is.
    fn counted(&self, files: &[&str], name: &str) -> u64 {
        let count = |path: PathBuf| -> Option<u64> {
            let text = fs::read_to_string(path).ok()?;
            text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok()
        };
        let counts = self.folders.iter().flat_map(|folder| files.iter().map(|file| folder.join(file)));
        counts.filter_map(count).max().unwrap_or_default()
    }

    /// Kills everything in it, and removes it.
    pub(in super::super) async fn remove(&self) -> io::Result<()> {
        let began = Instant::now();
        for folder in &self.folders {
            while !clear(folder)? {
                if began.elapsed() > GONE_WITHIN {
                    return Err(io::Error::other(format!(
                        "some processes of {} do not end",
                        folder.display()
                    )));
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }
        Ok(())
    }
}

/// Kills everything in a folder's group and in those within it, and removes them; whether nothing is left.
pub(super) fn clear(folder: &Path) -> io::Result<bool> {
    let mut clear = true;
    for name in disk::folders(folder)? {
        clear &= self::clear(&folder.join(name))?;
    }
    for process in members(folder)? {
        match kill(Pid::from_raw(process), Signal::SIGKILL) {
            Ok(()) | Err(Errno::ESRCH) => {}
            Err(errno) => return Err(errno.into()),
        }
        clear = false;
    }
    if !clear {
        return Ok(false);
    }
    match fs::remove_dir(folder) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        // Killed processes leave a group a moment after they left its list.
        Err(error) if error.kind() == io::ErrorKind::ResourceBusy => Ok(false),
        Err(error) => Err(error),
    }
}

/// The processes in a folder's group; none when it is not there.
fn members(folder: &Path) -> io::Result<Vec<i32>> {
    let text = match fs::read_to_string(folder.join("cgroup.procs")) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        // The group went while it was read.
        Err(error) if error.raw_os_error() == Some(Errno::ENODEV as i32) => return Ok(Vec::new()),
        text => text?,
    };
    // A process of a namespace that cannot be seen from here shows as 0, which must never be signalled.
    Ok(text.lines().filter_map(|line| line.parse().ok()).filter(|process| *process > 0).collect())
}
