//! Where a state repo is, and what opens it: what both services are told by the same flags.

use crate::address::{AddressError, Credentials, RepoAddress};
use crate::names::{BranchName, NameError};
use std::io;
use std::path::{Path, PathBuf};

/// Where a state repo is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its address.
    pub address: RepoAddress,
    /// The branch that counts.
    pub branch: BranchName,
    /// What opens it, where it asks.
    pub credentials: Option<Credentials>,
}

/// Which flag is wrong, and why.
#[derive(Debug, thiserror::Error)]
pub enum PlaceError {
    /// The address.
    #[error("--state-repo: {0}")]
    Address(#[from] AddressError),
    /// The branch.
    #[error("--state-branch: {0}")]
    Branch(#[from] NameError),
    /// The file with the credentials.
    #[error("--state-credentials `{file}` cannot be used: {error}")]
    Credentials {
        /// Which.
        file: PathBuf,
        /// What the system said.
        error: io::Error,
    },
}

impl Place {
    /// Reads what the flags say.
    ///
    /// # Errors
    /// Names the flag that is wrong.
    pub fn read(address: &str, branch: &str, credentials: Option<&Path>) -> Result<Self, PlaceError> {
        let read = |file: &Path| {
            Credentials::read(file).map_err(|error| PlaceError::Credentials { file: file.to_owned(), error })
        };
        Ok(Self {
            address: address.parse()?,
            branch: branch.parse()?,
            credentials: credentials.map(read).transpose()?,
        })
    }
}
