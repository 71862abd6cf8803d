//! Clearing away what a server left that has ended: its sandboxes, and what was half made or half removed.

use super::disk;
use super::groups::Hierarchies;
use super::places::Places;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

/// How long killed processes may take to be gone.
const GONE_WITHIN: Duration = Duration::from_secs(10);

/// How often it is looked whether they are.
const LOOK_AGAIN: Duration = Duration::from_millis(10);

/// Ends every sandbox that belongs to the machine folder, and removes whatever has no name.
pub(super) fn sweep(places: &Places) -> io::Result<()> {
    let groups = Hierarchies::recorded(places)?;
    let began = Instant::now();
    while !groups.clear()? {
        if began.elapsed() > GONE_WITHIN {
            return Err(io::Error::other("some processes of sandboxes do not end"));
        }
        thread::sleep(LOOK_AGAIN);
    }
    for folder in [places.sandboxes(), places.making(), places.removing()] {
        disk::empty(&folder)?;
    }
    Ok(())
}
