//! `tntc enclave usage`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::EnclaveRef;
use wire::tools::cluster::{
    HealthEnclaveUsage, HealthEnclaveUsageAnswer, HealthEnclaveUsageArgs, ResourceUse,
};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Usage {
    #[command(flatten)]
    named: Named,
}

impl Usage {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = HealthEnclaveUsageArgs { enclave: EnclaveRef::from(self.named.name.clone()) };
        let answer = context.call::<HealthEnclaveUsage>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &HealthEnclaveUsageAnswer) -> View {
    let row = |one: &ResourceUse| {
        [one.name.clone(), one.used.clone(), one.limit.clone(), format!("{} %", one.percent)]
    };
    let rows = told.resources.iter().map(row);
    View::new()
        .table(["OF", "USED", "AT MOST", ""], rows, "nothing is counted here")
        .line(told.measured.clone())
}
