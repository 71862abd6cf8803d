//! gVisor's `runsc`, alone: the sandbox of the machine backend.

use std::path::PathBuf;

use anyhow::Result;

use super::go;
use crate::place::Place;

/// The date in the version of the Go module.
const VERSION: &str = "20260905";

pub(super) const PROGRAM: go::Program<'_> = go::Program {
    name: "runsc",
    version: VERSION,
    module: "tests/gvisor",
    sources: &[],
    package: "gvisor.dev/gvisor/runsc",
    stamps: &[("gvisor.dev/gvisor/runsc/version.version", VERSION)],
    patch: None,
    announcement: "gVisor's sandbox, built with Go from the module tests/gvisor, about 1 min",
};

/// The program, if it was built before. One that is installed is not taken: releases differ too much.
pub(super) fn find(place: &Place) -> Result<Option<PathBuf>> {
    go::find(&PROGRAM, place)
}

/// The program.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    go::build(&PROGRAM, place)
}
