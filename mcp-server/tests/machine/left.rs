//! What there is of a machine folder's sandboxes, as the kernel tells it: processes, mounts, control groups.

use std::fs;
use std::path::{Path, PathBuf};

/// What there is.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Left {
    /// Every process that has the folder in its arguments or among its mounts, the server and its guard included.
    pub(crate) processes: Vec<String>,
    /// Mounts of this process's own namespace.
    pub(crate) mounts: Vec<String>,
    /// Control groups.
    pub(crate) groups: Vec<PathBuf>,
    /// What the machine folder has for living sandboxes, half made, or half removed.
    pub(crate) folders: Vec<PathBuf>,
}

impl Left {
    pub(crate) fn of(folder: &Path) -> Self {
        let mark = folder.parent().unwrap().file_name().unwrap().to_str().unwrap().to_owned();
        let text =
            |path: PathBuf| String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).replace('\0', " ");
        let mut left = Self::default();
        for process in entries(Path::new("/proc")) {
            let number = process.file_name().unwrap().to_str().unwrap().parse::<u32>();
            let Ok(number) = number.map(|number| if number == std::process::id() { 0 } else { number })
            else {
                continue;
            };
            let arguments = text(process.join("cmdline"));
            if number != 0 && (arguments.contains(&mark) || text(process.join("mountinfo")).contains(&mark)) {
                left.processes.push(format!("{number} {arguments}"));
            }
        }
        let mounts = text(PathBuf::from("/proc/self/mountinfo"));
        left.mounts = mounts.lines().filter(|line| line.contains(&mark)).map(str::to_owned).collect();
        left.groups = groups(folder).into_iter().filter(|group| group.exists()).collect();
        left.folders = ["sandboxes", "making", "removing"]
            .into_iter()
            .flat_map(|name| entries(&folder.join(name)))
            .collect();
        left
    }

    pub(crate) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

/// The control groups that the server wrote down as its own.
pub(crate) fn groups(folder: &Path) -> Vec<PathBuf> {
    let Ok(bytes) = fs::read(folder.join("groups.json")) else { return Vec::new() };
    let written: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
    written.as_array().unwrap().iter().map(|group| PathBuf::from(group["own"].as_str().unwrap())).collect()
}

/// What is in a folder; nothing when it is not there.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.filter_map(|entry| entry.ok().map(|entry| entry.path())).collect()
}
