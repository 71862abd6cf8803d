//! `tntc transfer`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::View;
use wire::EnclaveRef;
use wire::tools::custody::{WfTransfer, WfTransferAnswer, WfTransferArgs};
use workflow::TentacleName;

/// Who gets which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Transfer {
    /// The tentacle's name
    name: TentacleName,
    /// The member who gets it: a Slack user, an e-mail address, a subject or a name
    to: String,
    #[command(flatten)]
    within: InEnclave,
}

impl Transfer {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = WfTransferArgs { enclave, name: self.name.clone(), to: self.to.clone() };
        let answer = context.call::<WfTransfer>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &WfTransferAnswer) -> View {
    let told = format!("{}/{} is {}'s now, and was {}'s", done.enclave, done.name, done.to, done.from);
    View::new().verdict(true, told)
}
