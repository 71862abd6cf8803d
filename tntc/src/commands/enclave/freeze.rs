//! `tntc enclave freeze`.

use super::{Named, state};
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use wire::tools::enclave::{EnclaveArgs, EnclaveFreeze};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Freeze {
    #[command(flatten)]
    named: Named,
}

impl Freeze {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveArgs { name: Some(self.named.name.clone()) };
        let answer = context.call::<EnclaveFreeze>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, state)?)
    }
}
