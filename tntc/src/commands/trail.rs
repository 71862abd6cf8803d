//! `tntc trail …`.

mod evidence;
mod export;
mod keys;
mod line;
mod tail;
mod verify;

use super::Context;
use crate::failed::Failed;
use crate::private_file::PrivateFileError;
use clap::Subcommand;
use std::io;
use std::path::PathBuf;

/// What can be asked about the trail.
#[derive(Debug, Subcommand)]
pub(crate) enum TrailCommand {
    /// The newest records
    Tail(tail::Tail),
    /// Write the whole trail, its signed heads and the server's keys to files
    Export(export::Export),
    /// Check that no record was changed, removed, swapped or cut off
    Verify(verify::Verify),
}

impl TrailCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Tail(command) => command.run(context).await,
            Self::Export(command) => command.run(context).await,
            Self::Verify(command) => command.run(context).await,
        }
    }
}

/// Why a trail's files cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TrailError {
    /// The disk says no.
    #[error("cannot use `{path}`: {error}")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// What was exported before is evidence, and stays.
    #[error("`{0}` is there already; choose another folder, or say `--force` to replace it")]
    Exists(PathBuf),
    /// The files cannot be written.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The keys are no keys.
    #[error("the keys in `{place}` are not a JWK set of Ed25519 keys, each with a `kid`: {detail}")]
    Keys {
        /// The file or address.
        place: String,
        /// What is wrong.
        detail: String,
    },
    /// A record that JSON cannot hold: no server writes it.
    #[error("a record cannot be written: {0}")]
    Record(#[from] wire::canonical::NotCanonical),
}
