//! Starting a program behind walls: an own user, no network, no files but its own, no rights, a share of the machine.
//!
//! Two programs can build the walls: gVisor's `runsc`, whose walls are a kernel of their own, and `bwrap`, whose walls
//! are the machine's kernel. Either is started as an attendant, which joins the control groups and ties itself to the
//! server first.

mod beside;
mod bwrap;
mod ground;
mod lines;
mod once;
mod runsc;
mod sandbox;
pub(super) mod seccomp;
mod start;
mod tree;

pub(super) use beside::Beside;
pub(super) use ground::Ground;
pub(super) use sandbox::{End, Sandbox};
pub(super) use start::StartError;
pub(super) use tree::{Bind, Text, libraries};

use super::groups::{Caps, Controller, Hierarchies};
use super::places::Places;
use super::spawner::Spawner;
use sha2::{Digest, Sha256};
use std::path::PathBuf;
use std::sync::Arc;
use wire::enforcement::Walls;

/// Where the engine listens, within the walls. The folder is in memory, and the only one that can be written to.
pub(super) const SOCKET_FOLDER: &str = "/run/tentacle";

/// The socket's name there.
pub(super) const SOCKET: &str = "engine.sock";

/// How much the socket's folder can hold where nothing else is to be in it, in bytes.
pub(super) const SOCKET_BYTES: u64 = 64 * 1024;

/// Within the walls everything belongs to nobody.
const NOBODY: u32 = 65_534;

/// The users that sandboxes have outside of their walls: far from those of people, services and containers.
const FIRST_USER: u32 = 0x7000_0000;

/// The folder that is shared is this one of a sandbox's own, on the machine.
const SHARED: &str = "shared";

/// How many files and folders can be in a folder of a sandbox's own, and in one that is shared.
const FEW: u32 = 64;
const MANY: u32 = 4096;

/// How many bytes a folder in memory can hold that holds nothing but the places at which something is mounted.
const NOTHING_BUT_PLACES: u64 = 64 * 1024;

/// Which program builds the walls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// gVisor.
    Runsc,
    /// Bubblewrap.
    Bwrap,
}

impl Kind {
    /// The program's name.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Runsc => "runsc",
            Self::Bwrap => "bwrap",
        }
    }

    /// What they count within, whatever the machine counts.
    pub(super) const fn counts_itself(self) -> Option<Controller> {
        match self {
            Self::Runsc => Some(Controller::Pids),
            Self::Bwrap => None,
        }
    }

    /// What they enforce is listed under this.
    pub(super) const fn walls(self) -> Walls {
        match self {
            Self::Runsc => Walls::Runsc,
            Self::Bwrap => Walls::Bwrap,
        }
    }
}

/// What walls are built with.
#[derive(Debug, Clone)]
pub(super) struct Mason {
    pub(super) kind: Kind,
    pub(super) program: PathBuf,
    /// Whether the server may mount and become other users.
    pub(super) is_root: bool,
    pub(super) places: Places,
    pub(super) groups: Arc<Hierarchies>,
    pub(super) spawner: Arc<Spawner>,
}

/// What to put behind walls.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// A name that no other living sandbox has.
    pub(super) name: String,
    /// The control group, within that of the enclave.
    pub(super) group: PathBuf,
    /// How much it may use.
    pub(super) caps: Caps,
    /// Private memory that each process may map, in bytes.
    pub(super) data: u64,
    /// Open files of each process.
    pub(super) open_files: u64,
    /// The files that it sees, all of which it can only read.
    pub(super) files: Vec<Bind>,
    /// Those that are made for it alone.
    pub(super) texts: Vec<Text>,
    /// How much the folder of its socket can hold, in bytes.
    pub(super) room: u64,
    /// How much the folder can hold that it shares with those beside it, in bytes, where there are any.
    pub(super) shared: Option<u64>,
    /// Whether TCP is spoken on the sandbox's own loopback.
    pub(super) tcp: bool,
    /// Whether it writes files down and names them, in the folder of its socket.
    pub(super) keeps: bool,
    /// The program and its arguments, as the sandbox sees them.
    pub(super) command: Vec<String>,
}

/// The user that a sandbox has outside of its walls: one for each of them, so that what the kernel counts by user is
/// not shared with another. Two that meet share those counts, and nothing else.
fn outside_user(name: &str) -> u32 {
    let digest = Sha256::digest(name);
    digest.iter().take(3).fold(0, |number, byte| number << 8 | u32::from(*byte)) + FIRST_USER
}
