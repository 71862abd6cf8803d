//! Programs that are built from a Go module of this repository: its `go.sum` pins every source file.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::{self, Entry};
use crate::place::Place;
use crate::process;

/// How to build one.
pub(super) struct Program<'a> {
    /// The program's name.
    pub(super) name: &'a str,
    /// The version of what is built, for the cache's key.
    pub(super) version: &'a str,
    /// The module's folder in this repository.
    pub(super) module: &'a str,
    /// The module's own sources, beside `go.mod` and `go.sum`.
    pub(super) sources: &'a [&'a str],
    /// The package to build.
    pub(super) package: &'a str,
    /// Strings to set in it: the variable's path and its value.
    pub(super) stamps: &'a [(&'a str, &'a str)],
    /// What is said before it is built.
    pub(super) announcement: &'a str,
}

/// The program's path, when it was built before.
pub(super) fn find(program: &Program<'_>, place: &Place) -> Result<Option<PathBuf>> {
    let folder = place.cache.find(&key(program, place)?);
    Ok(folder.map(|folder| folder.join(program.name)))
}

/// The program's path, built first if it has to be.
pub(super) fn build(program: &Program<'_>, place: &Place) -> Result<PathBuf> {
    let entry = Entry { key: &key(program, place)?, announcement: program.announcement };
    let folder = place.cache.get(&entry, |folder| compile(program, &folder.join(program.name), place))?;
    Ok(folder.join(program.name))
}

fn key(program: &Program<'_>, place: &Place) -> Result<String> {
    let files = ["go.mod", "go.sum"].iter().chain(program.sources);
    let files: Vec<_> = files.map(|file| place.root.join(program.module).join(file)).collect();
    Ok(format!("{}-{}-{}", program.name, program.version, cache::digest(&files)?))
}

fn compile(program: &Program<'_>, into: &Path, place: &Place) -> Result<()> {
    which::which("go").context("Go is missing: `cargo xtask doctor` says how to get it")?;
    let mut go = Command::new("go");
    go.current_dir(place.root.join(program.module))
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "")
        .env("GOWORK", "off");
    let stamps = program.stamps.iter().map(|(variable, value)| format!(" -X {variable}={value}"));
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(format!("-s -w{}", stamps.collect::<String>()));
    go.arg("-o").arg(into).arg(program.package);
    process::run_quietly(&go, &place.log(&format!("{}-build", program.name)))
}
