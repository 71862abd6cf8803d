//! `tntc restart`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::View;
use wire::EnclaveRef;
use wire::tools::custody::{WfRestart, WfRestartAnswer, WfRestartArgs};
use workflow::TentacleName;

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Restart {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
}

impl Restart {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = WfRestartArgs { enclave, name: Some(self.name.clone()), deployment: None };
        let answer = context.call::<WfRestart>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &WfRestartAnswer) -> View {
    View::new().verdict(true, format!("{}/{} begins its next run anew", done.enclave, done.name))
}
