//! Where things are: the repository, the cache and the logs of this run.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::cache::Cache;

/// Where things are: the repository, the cache and the logs of this run.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    pub(crate) cache: Cache,
    pub(crate) logs: PathBuf,
    target: PathBuf,
}

impl Place {
    /// For the repository at `root` with its target folder.
    pub(crate) fn new(root: &Path, target: &Path) -> Result<Self> {
        Ok(Self {
            root: root.to_path_buf(),
            cache: Cache::of_user()?,
            logs: target.join("xtask-logs"),
            target: target.to_path_buf(),
        })
    }

    /// Removes the logs of earlier runs.
    pub(crate) fn clear_logs(&self) -> Result<()> {
        match fs::remove_dir_all(&self.logs) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.logs.display()))
            }
            _ => Ok(()),
        }
    }

    /// The folder of the programs under test, where they are built without optimisation.
    pub(crate) fn programs(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The log of one server.
    pub(crate) fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}
