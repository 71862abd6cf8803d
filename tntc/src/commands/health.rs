//! `tntc health`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::View;
use wire::tools::health::{
    HealthEntry, WfHealth, WfHealthAnswer, WfHealthArgs, WfHealthEnclave, WfHealthEnclaveAnswer,
    WfHealthEnclaveArgs,
};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// Whose health.
#[derive(Debug, clap::Args)]
pub(crate) struct Health {
    /// The tentacle's name; all of the enclave when left out
    name: Option<TentacleName>,
    #[command(flatten)]
    within: InEnclave,
}

impl Health {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let Some(name) = self.name.clone() else {
            let args = WfHealthEnclaveArgs { enclave, page: Page::default() };
            let answer = context.call::<WfHealthEnclave>(Effect::Reads, &args).await?;
            return Ok(context.output.show(&answer, all)?);
        };
        let args = WfHealthArgs { enclave, name, detail: true };
        let answer = context.call::<WfHealth>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, one)?)
    }
}

fn one(told: &WfHealthAnswer) -> View {
    let view = View::new().verdict(told.status == "green", format!("{}: {}", told.status, told.reason));
    told.detail.lines().fold(view, View::line)
}

fn all(told: &WfHealthEnclaveAnswer) -> View {
    let row = |entry: &HealthEntry| [entry.name.to_string(), entry.status.clone(), entry.reason.clone()];
    let none = "there is no tentacle that you can see";
    View::new().table(["TENTACLE", "HEALTH", "WHY"], told.workflows.iter().map(row), none)
}
