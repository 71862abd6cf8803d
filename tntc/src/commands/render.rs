//! `tntc render …`: what would be made, computed here, without asking any server.

mod enclave;
mod tentacle;

use super::Context;
use crate::failed::Failed;
use clap::Subcommand;
use workflow::{LayoutError, Problems};

/// What can be rendered.
#[derive(Debug, Subcommand)]
pub(crate) enum Render {
    /// The Kubernetes objects of an enclave, ready for `kubectl apply -f -`
    Enclave(enclave::Enclave),
    /// The sandbox that is derived from a tentacle's folder
    Tentacle(tentacle::Tentacle),
}

/// Why something cannot be rendered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RenderError {
    /// The objects.
    #[error(transparent)]
    Objects(#[from] manifest::RenderError),
    /// What this release cannot run.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// The sandbox's own paths: a fault of this program.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl Render {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Enclave(command) => command.run(context),
            Self::Tentacle(command) => command.run(context),
        }
    }
}
