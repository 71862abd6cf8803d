//! The control groups of a pod, as the machine sees them.

use std::fs;
use std::path::{Path, PathBuf};

const ROOT: &str = "/sys/fs/cgroup";

/// Those of a pod, in every hierarchy.
pub(super) fn of_pod(uid: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    search(Path::new(ROOT), &format!("pod{uid}"), &mut found);
    found
}

fn search(folder: &Path, name: &str, found: &mut Vec<PathBuf>) {
    // Groups come and go while it is looked.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            continue;
        }
        if entry.file_name() == name {
            found.push(entry.path());
        } else {
            search(&entry.path(), name, found);
        }
    }
}

/// How much of processors' time a pod has used.
pub(crate) fn used_nanoseconds(uid: &str) -> u128 {
    let (groups, read) = (of_pod(uid), |path: PathBuf| fs::read_to_string(path).ok());
    let first = groups.iter().find_map(|group| read(group.join("cpuacct.usage")));
    if let Some(first) = first {
        return first.trim().parse().unwrap();
    }
    let second = groups.iter().find_map(|group| {
        read(group.join("cpu.stat"))?.lines().find_map(|line| line.strip_prefix("usage_usec ")?.parse().ok())
    });
    second.map(|microseconds: u128| microseconds * 1000).unwrap()
}

/// How often a pod was refused one more process.
pub(crate) fn refused_processes(uid: &str) -> u64 {
    let refused = |group: &PathBuf| -> Option<u64> {
        let events = fs::read_to_string(group.join("pids.events")).ok()?;
        events.lines().find_map(|line| line.strip_prefix("max ")?.parse().ok())
    };
    of_pod(uid).iter().filter_map(refused).sum()
}
