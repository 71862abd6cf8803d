//! The guard: outlives the server for a moment, to see that nothing of it is left.
//!
//! It holds the machine folder's lock for as long as it lives, so that no other server can begin while it still clears
//! away what the last one left.

use super::AttendantError;
use crate::backend::machine::places::Places;
use crate::backend::machine::sweep::sweep;
use nix::sys::signal::{SigSet, Signal};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

/// What it says when the folder is locked and swept.
pub(in super::super) const READY: &str = "ready";

/// How long the guard of a server before this one may take to clear away what that has left.
const LOCKED_WITHIN: Duration = Duration::from_secs(15);

/// How often it tries again.
const TRY_AGAIN: Duration = Duration::from_millis(50);

/// What to guard.
#[derive(Debug, Serialize, Deserialize)]
pub(in super::super) struct Guard {
    /// The machine folder.
    pub(in super::super) folder: PathBuf,
}

impl Guard {
    /// Sweeps, says that it is ready, waits until nobody holds the other end of its standard input, and sweeps again.
    pub(super) fn carry_out(&self) -> Result<(), AttendantError> {
        // Whoever ends the server by a signal to all of its processes does not mean the one that tidies up after it.
        SigSet::from_iter([Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP])
            .thread_block()
            .map_err(AttendantError::of("blocking signals"))?;
        let places = Places::new(self.folder.clone());
        let _lock = lock(&places)?;
        sweep(&places).map_err(AttendantError::of("clearing away what the last server left"))?;
        writeln!(io::stdout(), "{READY}").map_err(AttendantError::of("standard output"))?;
        // The server writes nothing: the read comes back when it is gone.
        io::stdin().read_to_end(&mut Vec::new()).map_err(AttendantError::of("standard input"))?;
        sweep(&places).map_err(AttendantError::of("clearing away what the server left"))
    }
}

fn lock(places: &Places) -> Result<File, AttendantError> {
    let path = places.lock();
    let failed = || AttendantError::of::<io::Error>(path.display().to_string());
    let file = File::create(&path).map_err(failed())?;
    let began = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if began.elapsed() < LOCKED_WITHIN => thread::sleep(TRY_AGAIN),
            Err(TryLockError::WouldBlock) => {
                return Err(AttendantError::InUse(places.root().display().to_string()));
            }
            Err(TryLockError::Error(error)) => return Err(failed()(error)),
        }
    }
}
