//! Checkers that are not part of the Rust toolchain, built once into the cache.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cache::{Cache, Entry};
use crate::{process, workspace};

/// A checker, with the version that everybody uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// Licences, banned crates and sources of dependencies.
    CargoDeny,
    /// Dependencies that nothing uses.
    CargoMachete,
}

impl Tool {
    /// All of them.
    pub(crate) const ALL: [Self; 2] = [Self::CargoMachete, Self::CargoDeny];

    const fn name(self) -> &'static str {
        match self {
            Self::CargoDeny => "cargo-deny",
            Self::CargoMachete => "cargo-machete",
        }
    }

    const fn version(self) -> &'static str {
        match self {
            Self::CargoDeny => "0.20.2",
            Self::CargoMachete => "0.9.2",
        }
    }

    const fn announcement(self) -> &'static str {
        match self {
            Self::CargoDeny => "`cargo install cargo-deny` into the cache, about 3 min",
            Self::CargoMachete => "`cargo install cargo-machete` into the cache, about 1 min",
        }
    }

    /// The program, built first if it has to be.
    pub(crate) fn get(self, cache: &Cache, root: &Path, logs: &Path) -> Result<PathBuf> {
        let key = format!("{}-{}", self.name(), self.version());
        let entry = Entry { key: &key, announcement: self.announcement() };
        let folder = cache.get(&entry, |folder| {
            let mut install = workspace::cargo(root, &["install", "--quiet", "--locked", "--no-track"]);
            // It runs for a second, so it need not be made fast: building it is what takes long.
            install.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CARGO_PROFILE_RELEASE_LTO", "off");
            install.env("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16").env("CARGO_PROFILE_RELEASE_DEBUG", "0");
            install.args([self.name(), "--version", self.version(), "--root"]).arg(folder);
            process::run_quietly(&install, &logs.join(format!("{}.log", self.name())))
        })?;
        Ok(folder.join("bin").join(self.name()))
    }
}
