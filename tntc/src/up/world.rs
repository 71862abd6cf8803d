//! Everything that hangs on the address where people sign in: who they are, their enclaves, the trail, the keys. It lies
//! in one folder that is named by that address's port, and is made once and found again.

mod keys;

use super::engine;
use super::ports::Ports;
use crate::private_file::{self, PrivateFileError};
use state_repo::Author;
use std::path::{Path, PathBuf};

pub(crate) use keys::operator;

/// Why the folder cannot be made ready.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorldError {
    /// A file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// A key that was made cannot be read again.
    #[error(transparent)]
    Signing(#[from] wire::signing::SigningError),
    /// The state repo cannot be made.
    #[error("the state repo cannot be made: {0}")]
    Repo(#[from] state_repo::StateError),
    /// A key cannot be written.
    #[error("a key cannot be made: {0}")]
    Key(String),
}

/// A workspace with its issuer and everything that rests on them.
#[derive(Debug, Clone)]
pub(crate) struct World {
    state: PathBuf,
    folder: PathBuf,
    ports: Ports,
}

impl World {
    /// The world at these ports, within the state in `state`.
    pub(super) fn at(state: &Path, ports: Ports) -> Self {
        let folder = state.join(format!("at-{}", ports.workspace));
        Self { state: state.to_owned(), folder, ports }
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// A file or folder in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// The state repo: what the Kraken commits and the server deploys.
    pub(crate) fn state_repo(&self) -> PathBuf {
        self.path("state.git")
    }

    /// Its ports.
    pub(crate) fn ports(&self) -> Ports {
        self.ports
    }

    /// The workspace's address.
    pub(crate) fn workspace(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.workspace)
    }

    /// The issuer, as it calls itself.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/oidc", self.workspace())
    }

    /// The server's address.
    pub(crate) fn server(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.server)
    }

    /// The secret that opens the workspace's page.
    pub(crate) fn secret(&self) -> Option<String> {
        private_file::read(&self.path(keys::PAGE_SECRET)).ok().flatten().map(|text| text.trim().to_owned())
    }

    /// The address of the workspace's page, with its secret.
    pub(crate) fn page(&self) -> Option<String> {
        self.secret().map(|secret| format!("{}/?secret={secret}", self.workspace()))
    }

    /// Whether it was there before.
    pub(crate) fn is_old(&self) -> bool {
        self.path(keys::PAGE_SECRET).exists()
    }

    /// Makes what is missing; answers where the engine's program lies.
    pub(crate) fn prepare(&self) -> Result<PathBuf, WorldError> {
        for name in ["kraken", "server", "heads", "machine", "tentacles", "logs"] {
            private_file::folder(&self.path(name))?;
        }
        keys::make_missing(self)?;
        state_repo::init_bare(
            &self.state_repo(),
            &Author { name: operator(), email: "operator@localhost".to_owned() },
        )?;
        Ok(engine::write(&self.state.join("engine"))?)
    }
}

#[cfg(test)]
mod tests;
