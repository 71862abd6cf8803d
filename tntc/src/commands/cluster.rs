//! `tntc cluster …`.

mod check;
mod health;
mod nodes;
mod profile;
mod proxy;

pub(super) use check::view as checks;

use super::Context;
use crate::failed::Failed;
use clap::Subcommand;

/// What can be asked about what everything runs on.
#[derive(Debug, Subcommand)]
pub(crate) enum ClusterCommand {
    /// What is missing to run anything, with the command that brings it
    Check(check::CheckArgs),
    /// What there is to run on, and what of it is not enforced
    Profile(profile::Profile),
    /// How it is, in numbers
    Health(health::Health),
    /// How each node is; for operators
    Nodes(nodes::Nodes),
    /// Whether a proxy for modules runs, and what is there instead
    Proxy(proxy::Proxy),
}

impl ClusterCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Check(command) => command.run(context).await,
            Self::Profile(command) => command.run(context).await,
            Self::Health(command) => command.run(context).await,
            Self::Nodes(command) => command.run(context).await,
            Self::Proxy(command) => command.run(context).await,
        }
    }
}
