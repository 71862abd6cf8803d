//! This repository: where it is, and what `cargo metadata` says about it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::process;

/// What cargo sets for the program that it runs, as beginnings of names; the rest of `CARGO_` is the caller's.
const TOLD_TO_THIS_PROGRAM: [&str; 3] = ["CARGO_CRATE_", "CARGO_MANIFEST_", "CARGO_PKG_"];

/// The root folder of the repository.
pub(crate) fn root() -> Result<PathBuf> {
    // cargo sets the variable for `cargo run`; a program that was copied elsewhere knows where it was built.
    let manifest = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let manifest = manifest.filter(|folder| folder.ends_with("xtask"));
    let manifest = manifest.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    manifest.parent().map(Path::to_path_buf).context("xtask is not in a repository")
}

/// What cargo knows: the workspace's crates and everything that they use, with all features.
pub(crate) fn metadata(root: &Path) -> Result<Metadata> {
    let arguments = ["metadata", "--format-version=1", "--all-features"];
    let answer = process::output(&cargo(root, &arguments))?;
    MetadataCommand::parse(answer).context("cargo's answer is unreadable")
}

/// A workspace's crate by its name.
pub(crate) fn member<'a>(metadata: &'a Metadata, name: &str) -> Option<&'a Package> {
    metadata.workspace_packages().into_iter().find(|package| package.name.as_str() == name)
}

/// A cargo command in the repository.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.current_dir(root).args(arguments);
    // What cargo tells this program about itself would reach the build scripts, and some of them run again for it:
    // half of the dependencies would be built anew after every `cargo build` by hand.
    for (name, _) in env::vars_os() {
        if TOLD_TO_THIS_PROGRAM.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            command.env_remove(name);
        }
    }
    command
}

/// The files that are, or would be, in the repository, by their paths from its root.
pub(crate) fn files(root: &Path) -> Result<Vec<PathBuf>> {
    let mut command = Command::new("git");
    command.current_dir(root).args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::output(&command)?;
    let paths = listed.split('\0').filter(|path| !path.is_empty()).map(PathBuf::from);
    // A file that was removed but not yet from the index is still listed.
    Ok(paths.filter(|path| root.join(path).is_file()).collect())
}
