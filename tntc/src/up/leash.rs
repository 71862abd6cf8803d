//! What ties a service to the `up` that started it: when that is gone, however it ended, so is the service.

use nix::sys::prctl;
use nix::sys::signal::Signal;
use nix::unistd::{Pid, getppid};

/// Why a service cannot be tied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LeashError {
    /// The kernel says no.
    #[error("cannot be tied to `tntc up`: {0}")]
    Kernel(#[from] nix::Error),
    /// It was gone before.
    #[error("`tntc up` has ended")]
    Gone,
}

/// Ties this process to `parent`. The kernel kills it when the thread that started it ends, so `up` starts its children
/// from its one thread.
pub(crate) fn tie(parent: i32) -> Result<(), LeashError> {
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    // Had it ended before the line above, no signal would ever come.
    if getppid() == Pid::from_raw(parent) { Ok(()) } else { Err(LeashError::Gone) }
}
