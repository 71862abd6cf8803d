//! The program `sops`, which reads and writes the same files of secrets as ours.

use std::path::PathBuf;

use anyhow::Result;

use super::go;
use crate::place::Place;

const PROGRAM: go::Program<'_> = go::Program {
    name: "sops",
    version: "3.13.3",
    module: "tests/sops",
    sources: &[],
    package: "github.com/getsops/sops/v3/cmd/sops",
    stamps: &[],
    patch: None,
    announcement: "`sops`, built with Go from the module tests/sops, about 2 min",
};

/// The program.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    go::build(&PROGRAM, place)
}
