//! Programs from Debian's packages, unpacked into a folder instead of installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::process;

/// Fetches `packages` and whatever of their dependencies this machine lacks, and unpacks all of it into `folder`.
pub(crate) fn unpack(packages: &[&str], folder: &Path, log: &Path) -> Result<()> {
    if which::which("apt-get").is_err() || which::which("dpkg-deb").is_err() {
        bail!(
            "this is not a Debian-like system: install {} with its own package manager",
            packages.join(", ")
        );
    }
    let archives = folder.join("archives");
    fs::create_dir_all(archives.join("partial"))?;
    fetch(packages, &archives, log).context("if the package lists are old: `apt-get update`")?;
    for archive in fs::read_dir(&archives)? {
        let archive = archive?.path();
        if archive.extension().is_some_and(|extension| extension == "deb") {
            let mut unpack = Command::new("dpkg-deb");
            unpack.arg("--extract").arg(&archive).arg(folder);
            process::run_quietly(&unpack, log)?;
        }
    }
    Ok(fs::remove_dir_all(archives)?)
}

fn fetch(packages: &[&str], archives: &Path, log: &Path) -> Result<()> {
    let mut apt = Command::new("apt-get");
    apt.args(["--yes", "--download-only", "--reinstall", "--no-install-recommends"]);
    apt.arg("--option").arg(format!("Dir::Cache::archives={}", archives.display()));
    // Nothing is installed, so nothing has to be locked; so it works without being root.
    apt.args(["--option", "Debug::NoLocking=1", "install"]).args(packages);
    process::run_quietly(&apt, log)
}
