//! `tntc enclave unfreeze`.

use super::{Named, state};
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use wire::tools::enclave::{EnclaveArgs, EnclaveUnfreeze};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Unfreeze {
    #[command(flatten)]
    named: Named,
}

impl Unfreeze {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveArgs { name: Some(self.named.name.clone()) };
        let answer = context.call::<EnclaveUnfreeze>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, state)?)
    }
}
