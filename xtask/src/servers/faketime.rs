//! `libfaketime` from Debian's package: loaded into a program, it moves that program's clock and no other.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::cache::Entry;
use crate::debian;
use crate::place::Place;

const KEY: &str = "faketime-debian";

/// The library for programs of several threads.
const LIBRARY: &str = "faketime/libfaketimeMT.so.1";

/// The library.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let entry = Entry { key: KEY, announcement: "libfaketime from Debian's packages, unpacked, seconds" };
    let folder =
        place.cache.get(&entry, |folder| debian::unpack(&["libfaketime"], folder, &place.log("faketime")))?;
    // It lies in a folder that is called after the machine's architecture.
    let folders = fs::read_dir(folder.join("usr/lib"))?.flatten();
    let mut inside = folders.map(|entry| entry.path().join(LIBRARY));
    inside.find(|path| path.exists()).context("Debian's package has no library")
}
