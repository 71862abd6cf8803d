//! Room: cores, memory, disk.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::statvfs::statvfs;

use super::{Finding, State};

const GIB: u64 = 1 << 30;

/// What a whole cold run takes: compiled crates, Go's caches, servers.
const DISK_NEEDED: u64 = 25 * GIB;
const MEMORY_NEEDED: u64 = 6 * GIB;

pub(super) fn all() -> Vec<Finding> {
    let home = std::env::home_dir().unwrap_or_else(|| PathBuf::from("/"));
    let disk = statvfs(&home).map(|disk| disk.blocks_available() * disk.fragment_size());
    vec![
        Finding { name: "cores", state: cores(), needed_for: "speed" },
        Finding {
            name: "memory",
            state: room(memory(), MEMORY_NEEDED, "close programs"),
            needed_for: "test",
        },
        Finding {
            name: "disk",
            state: room(disk.ok(), DISK_NEEDED, "remove what is not needed"),
            needed_for: "test",
        },
    ]
}

fn cores() -> State {
    match std::thread::available_parallelism() {
        Ok(cores) => State::ok(cores.to_string()),
        Err(error) => State::missing(error.to_string(), "none"),
    }
}

/// Memory that programs can have without others being driven out.
fn memory() -> Option<u64> {
    let text = fs::read_to_string(Path::new("/proc/meminfo")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    Some(line.split_whitespace().next()?.parse::<u64>().ok()? * 1024)
}

fn room(free: Option<u64>, needed: u64, fix: &str) -> State {
    match free {
        Some(free) if free >= needed => State::ok(format!("{} GiB free", free / GIB)),
        Some(free) => State::missing(format!("{} GiB free, {} are needed", free / GIB, needed / GIB), fix),
        None => State::missing("it cannot be measured", fix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn too_little_room_is_said() {
        assert_eq!(room(Some(30 * GIB), 25 * GIB, "x"), State::ok("30 GiB free"));
        assert_eq!(room(Some(3 * GIB), 25 * GIB, "x"), State::missing("3 GiB free, 25 are needed", "x"));
        assert!(matches!(room(None, 1, "x"), State::Missing { .. }));
    }
}
