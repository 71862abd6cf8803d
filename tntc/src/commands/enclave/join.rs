//! `tntc enclave join`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::tools::enclave::EnclaveArgs;
use wire::tools::joining::{JoinAsk, JoinAskAnswer};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Join {
    #[command(flatten)]
    named: Named,
}

impl Join {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveArgs { name: Some(self.named.name.clone()) };
        let answer = context.call::<JoinAsk>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(asked: &JoinAskAnswer) -> View {
    let JoinAskAnswer { enclave, owner, asked_before } = asked;
    View::new().verdict(
        true,
        if *asked_before {
            format!("you have asked before: {owner} decides who is let into {enclave}")
        } else {
            format!("{owner} is asked to let you into {enclave}")
        },
    )
}
