//! `tntc set-mode`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::View;
use wire::EnclaveRef;
use wire::tools::custody::{WfSetMode, WfSetModeAnswer, WfSetModeArgs};
use workflow::TentacleName;

/// Which mode for which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct SetMode {
    /// The tentacle's name
    name: TentacleName,
    /// A preset such as `private`, or nine letters such as `rwxr-x---`
    mode: String,
    #[command(flatten)]
    within: InEnclave,
}

impl SetMode {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = WfSetModeArgs { enclave, name: self.name.clone(), mode: self.mode.clone() };
        let answer = context.call::<WfSetMode>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(done: &WfSetModeAnswer) -> View {
    let told =
        format!("the mode of {}/{} is {}, and was {}", done.enclave, done.name, done.mode, done.before);
    View::new().verdict(true, told)
}
