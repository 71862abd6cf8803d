//! Becoming a part of a sandbox that is there: its network, which is nothing but its loopback, and the folders in memory that
//! it shares.

use super::super::AttendantError;
use super::own_mounts;
use nix::mount::{MntFlags, umount2};
use nix::sched::{CloneFlags, setns};
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// The sandbox to become a part of.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super::super) struct Joined {
    /// The process that the server has started for it.
    pub(in super::super::super) outer: u32,
    /// The first process within its walls, where it is one of this kernel's: whose network it is.
    pub(in super::super::super) first: Option<i32>,
    /// Where that sandbox has laid out its files, which are nothing to this one.
    pub(in super::super::super) stage: Option<PathBuf>,
}

impl Joined {
    /// Becomes a part of it, as far as that goes before there are walls.
    pub(super) fn carry_out(&self, server: i32) -> Result<(), AttendantError> {
        let open = |process: String, name: &str| {
            let path = format!("/proc/{process}/ns/{name}");
            File::open(&path).map_err(AttendantError::of(path))
        };
        let mounts = open(self.outer.to_string(), "mnt")?;
        // One that has no mounts of its own yet would have this one mount, and write, in the machine's.
        let ours = File::open("/proc/self/ns/mnt").map_err(AttendantError::of("/proc/self/ns/mnt"))?;
        let place =
            |file: &File| file.metadata().map(|it| it.ino()).map_err(AttendantError::of("a namespace"));
        if place(&mounts)? == place(&ours)? {
            return Err(AttendantError::NotYet);
        }
        let network = self.first.map(|first| open(first.to_string(), "net")).transpose()?;
        // INVARIANT: looked at after they were opened, so that they are not of others who have got these numbers meanwhile
        let outer = i32::try_from(self.outer).unwrap_or_default();
        if parent_of(outer) != Some(server) || self.first.is_some_and(|first| parent_of(first) != Some(outer))
        {
            return Err(AttendantError::Orphaned);
        }
        if let Some(network) = network {
            setns(network, CloneFlags::CLONE_NEWNET).map_err(AttendantError::of("the sandbox's network"))?;
        }
        setns(mounts, CloneFlags::CLONE_NEWNS).map_err(AttendantError::of("the sandbox's mounts"))?;
        let Some(stage) = &self.stage else { return Ok(()) };
        own_mounts()?;
        umount2(stage, MntFlags::MNT_DETACH).map_err(AttendantError::of(stage.display().to_string()))
    }
}

/// The parent of a process.
fn parent_of(process: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name before it may have anything in it, and ends with the last bracket.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}
