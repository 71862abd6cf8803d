//! Bubblewrap: the one that is installed, else Debian's package unpacked into the cache.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};

use crate::cache::Entry;
use crate::place::Place;
use crate::{debian, process};

const KEY: &str = "bwrap-debian";

/// The program, if it is there already.
pub(super) fn find(place: &Place) -> Option<PathBuf> {
    which::which("bwrap").ok().or_else(|| place.cache.find(KEY).map(program))
}

/// The program.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    if let Some(there) = find(place) {
        return Ok(there);
    }
    let entry = Entry { key: KEY, announcement: "Bubblewrap from Debian's packages, unpacked, seconds" };
    place.cache.get(&entry, |folder| unpack(folder, place)).map(program)
}

fn unpack(folder: &Path, place: &Place) -> Result<()> {
    debian::unpack(&["bubblewrap"], folder, &place.log("bwrap"))?;
    if !process::succeeds(Command::new(program(folder.to_path_buf())).arg("--version")) {
        bail!("the unpacked one does not run here; as root: `apt-get install bubblewrap`");
    }
    Ok(())
}

fn program(folder: PathBuf) -> PathBuf {
    folder.join("usr/bin/bwrap")
}
