//! Busybox from Debian's package: a program that needs no library, which tests put into images of sidecars.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::cache::Entry;
use crate::debian;
use crate::place::Place;

const KEY: &str = "busybox-debian";

/// The program.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let entry = Entry { key: KEY, announcement: "Busybox from Debian's packages, unpacked, seconds" };
    let folder = place
        .cache
        .get(&entry, |folder| debian::unpack(&["busybox-static"], folder, &place.log("busybox")))?;
    let inside = ["bin/busybox", "usr/bin/busybox"].map(|path| folder.join(path));
    inside.into_iter().find(|path| path.exists()).context("Debian's package has no Busybox")
}
