//! Somebody's home folder, with the state of a `tntc up` in it.

use crate::program::{Ran, finish, tntc};
use crate::up::Up;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A home folder that is gone after the test.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
}

impl Default for Home {
    fn default() -> Self {
        Self { folder: tempfile::Builder::new().prefix("tentacular-").tempdir().unwrap() }
    }
}

impl Home {
    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Where `up` keeps its state.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.path().join("up")
    }

    /// Starts `tntc up` here and waits until it says that everything runs.
    pub async fn up(&self) -> Up {
        Up::start(self, &[]).await
    }

    /// The same with more flags.
    pub async fn up_with(&self, flags: &[&str]) -> Up {
        Up::start(self, flags).await
    }

    /// Runs `tntc` with these words.
    pub async fn tntc(&self, words: &[&str]) -> Ran {
        self.tntc_with(&[], words).await
    }

    /// The same with variables of the author's own.
    pub async fn tntc_with(&self, variables: &[(&str, &str)], words: &[&str]) -> Ran {
        let mut command = tntc(self.path());
        command.args(words).envs(variables.iter().copied());
        finish(command).await
    }
}
