//! What a server starts of itself: its own program under another name, with one order as its only argument.
//!
//! Some things can only be done by a process for itself, between being started and becoming another program (joining
//! control groups, giving up rights, dying with its parent), and some must be done when the server is no more.

mod enter;
mod guard;
mod unpack;

pub(super) use enter::{Enter, INFO, Joined, Mount, SECCOMP, SECCOMP_BESIDE, SECCOMP_KEEPING, SECCOMP_TCP};
pub(super) use guard::{Guard, READY};
pub(super) use unpack::{CONFIG, Config, ROOT, Unpack};

use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};

/// The name under which an attendant is started.
const NAME: &str = "tentacular-attendant";

/// How an attendant ends that could not do what it was told.
const FAILED: u8 = 125;

/// What an attendant is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Become a sandbox.
    Enter(Box<Enter>),
    /// Wait for the server's end, and see that nothing of it is left.
    Guard(Guard),
    /// Unpack an image.
    Unpack(Unpack),
}

/// Why an attendant could not do what it was told.
#[derive(Debug, thiserror::Error)]
pub(super) enum AttendantError {
    /// The order.
    #[error("the order cannot be read: {0}")]
    Order(#[from] serde_json::Error),
    /// What the system refused.
    #[error("{0}: {1}")]
    System(String, std::io::Error),
    /// An image.
    #[error(transparent)]
    Image(#[from] unpack::ImageError),
    /// The server is gone.
    #[error("the server has ended")]
    Orphaned,
    /// What is to be joined is not there yet.
    #[error("the sandbox to become a part of has no mounts of its own yet")]
    NotYet,
    /// Another server.
    #[error("another server uses {0}")]
    InUse(String),
}

impl AttendantError {
    fn of<E: Into<std::io::Error>>(what: impl Into<String>) -> impl FnOnce(E) -> Self {
        let what = what.into();
        move |error| Self::System(what, error.into())
    }
}

impl Order {
    /// The command that starts an attendant with this order. It gets nothing of the server's environment.
    ///
    /// # Errors
    /// When a path in it is not UTF-8.
    pub(super) fn command(&self) -> serde_json::Result<Command> {
        // Not by its path: the file there may be a newer release by now.
        let mut command = Command::new("/proc/self/exe");
        command.arg0(NAME).arg(serde_json::to_string(self)?).env_clear().process_group(0);
        Ok(command)
    }
}

/// Does what an attendant has to do, when this process was started as one; `None` when it was not.
///
/// A program that serves with [`run`](crate::run) calls this before anything else: the `machine` backend starts that
/// program again, as an attendant.
#[must_use]
pub fn attend() -> Option<ExitCode> {
    let mut arguments = std::env::args_os();
    if arguments.next().as_deref() != Some(OsStr::new(NAME)) {
        return None;
    }
    let order = arguments.next().unwrap_or_default();
    let Err(error) = carry_out(&order.to_string_lossy()) else { return Some(ExitCode::SUCCESS) };
    // Where even that fails there is nobody left to tell.
    let _ = writeln!(std::io::stderr(), "{NAME}: {error}");
    Some(ExitCode::from(FAILED))
}

fn carry_out(order: &str) -> Result<(), AttendantError> {
    match serde_json::from_str(order)? {
        Order::Enter(enter) => match enter.carry_out()? {},
        Order::Guard(guard) => guard.carry_out(),
        Order::Unpack(unpack) => unpack.carry_out(),
    }
}
