//! Where a state repo is, and what opens it: what both services are told by the same flags.

use crate::address::{AddressError, RepoAddress};
use crate::credentials::Credentials;
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
    /// By SSH without a key.
    #[error(
        "--state-repo is reached by SSH: --state-credentials must name a private key (`ssh-keygen -t ed25519` makes one), and \
         --state-known-hosts the file with the host's key"
    )]
    Keyless,
    /// A key for what is not reached by SSH.
    #[error(
        "--state-credentials holds a private key, and --state-repo is not reached by SSH: give `ssh://git@host/path`"
    )]
    KeyForOther,
}

impl Place {
    /// Reads what the flags say.
    ///
    /// # Errors
    /// Names the flag that is wrong.
    pub fn read(
        address: &str,
        branch: &str,
        credentials: Option<&Path>,
        known_hosts: Option<&Path>,
    ) -> Result<Self, PlaceError> {
        let read = |file: &Path| {
            Credentials::read(file, known_hosts)
                .map_err(|error| PlaceError::Credentials { file: file.to_owned(), error })
        };
        let (address, branch): (RepoAddress, _) = (address.parse()?, branch.parse()?);
        let credentials = credentials.map(read).transpose()?;
        match credentials.as_ref().is_some_and(|credentials| credentials.key().is_some()) {
            false if address.is_ssh() => Err(PlaceError::Keyless),
            true if !address.is_ssh() => Err(PlaceError::KeyForOther),
            _ => Ok(Self { address, branch, credentials }),
        }
    }
}
