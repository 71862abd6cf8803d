//! `tntc enclave …`.

mod deprovision;
mod drift;
mod freeze;
mod info;
mod invite;
mod join;
mod let_in;
mod list;
mod offer;
mod preflight;
mod provision;
mod review;
mod sync;
mod unfreeze;
mod usage;

use super::Context;
use crate::failed::Failed;
use crate::output::View;
use clap::Subcommand;
use wire::tools::enclave::EnclaveStateAnswer;
use workflow::EnclaveName;

/// What can be asked about enclaves.
#[derive(Debug, Subcommand)]
pub(crate) enum EnclaveCommand {
    /// The enclaves that you may see
    List(list::List),
    /// What an enclave is, and who belongs to it
    Info(info::Info),
    /// What is missing of an enclave, with the command that brings it
    Preflight(preflight::Preflight),
    /// How much of its share an enclave uses
    Usage(usage::Usage),
    /// Make an enclave without a channel; one with a channel is made in the channel
    Provision(provision::Provision),
    /// Change members, mode, enrollment, size, shown name or state: all of it or nothing
    Sync(sync::Sync),
    /// Invite somebody by e-mail address: whoever signs in with it may ask to be let in
    Invite(invite::Invite),
    /// Ask the owner of an enclave to let you in, where your e-mail address is invited
    Join(join::Join),
    /// Let somebody in who asked, or not; `tntc enclave info` lists who waits
    LetIn(let_in::LetIn),
    /// What becomes of what somebody changes past the server: it is told, or put back
    Drift(drift::Drift),
    /// Whether what is deployed must have been reviewed by somebody else, in a pull request
    Review(review::Review),
    /// Stop all change in an enclave
    Freeze(freeze::Freeze),
    /// Allow change again
    Unfreeze(unfreeze::Unfreeze),
    /// Offer an enclave to another member, who accepts in Slack; for operators: owners do it in the channel
    Offer(offer::Offer),
    /// Remove an enclave and all that is in it, for good
    Deprovision(deprovision::Deprovision),
}

impl EnclaveCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::List(command) => command.run(context).await,
            Self::Info(command) => command.run(context).await,
            Self::Preflight(command) => command.run(context).await,
            Self::Usage(command) => command.run(context).await,
            Self::Provision(command) => command.run(context).await,
            Self::Sync(command) => command.run(context).await,
            Self::Invite(command) => command.run(context).await,
            Self::Join(command) => command.run(context).await,
            Self::LetIn(command) => command.run(context).await,
            Self::Drift(command) => command.run(context).await,
            Self::Review(command) => command.run(context).await,
            Self::Freeze(command) => command.run(context).await,
            Self::Unfreeze(command) => command.run(context).await,
            Self::Offer(command) => command.run(context).await,
            Self::Deprovision(command) => command.run(context).await,
        }
    }
}

/// Names an enclave.
#[derive(Debug, Clone, clap::Args)]
struct Named {
    /// The enclave's name
    name: EnclaveName,
}

/// The state after a freeze or its end.
fn state(answer: &EnclaveStateAnswer) -> View {
    let EnclaveStateAnswer { name, status, frozen_by } = answer;
    View::new().line(match frozen_by.as_slice() {
        [] => format!("{name} is {status}"),
        by => format!("{name} is {status} by: {}", by.join(", ")),
    })
}
