//! `tntc undeploy`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::confirm::{Loss, Sure};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::EnclaveRef;
use wire::tools::tentacle::{WfRemove, WfRemoveAnswer, WfRemoveArgs};
use workflow::TentacleName;

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Undeploy {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    #[command(flatten)]
    sure: Sure,
}

impl Undeploy {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Writes).await?;
        let enclave = &self.within.enclave;
        let what = format!("the tentacle `{}` from the enclave `{enclave}`", self.name);
        self.sure.confirm(&Loss { what: &what, name: self.name.as_str() })?;
        let args = WfRemoveArgs {
            enclave: EnclaveRef::from(enclave.clone()),
            name: self.name.clone(),
            confirm: Some(self.name.to_string()),
        };
        let answer = connection.call::<WfRemove>(&args).await?;
        connection.close().await;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(gone: &WfRemoveAnswer) -> View {
    View::new()
        .verdict(true, format!("{}/{} is gone", gone.enclave, gone.name))
        .values([("Removed", words::list(&gone.removed))])
}
