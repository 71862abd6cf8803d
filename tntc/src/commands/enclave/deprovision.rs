//! `tntc enclave deprovision`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::confirm::{Loss, Sure};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::enclave::{EnclaveDeprovision, EnclaveDeprovisionAnswer, EnclaveDeprovisionArgs};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Deprovision {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    sure: Sure,
}

impl Deprovision {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Writes).await?;
        let name = &self.named.name;
        let what = format!("the enclave `{name}` with all its tentacles and data");
        self.sure.confirm(&Loss { what: &what, name: name.as_str() })?;
        let args = EnclaveDeprovisionArgs { name: Some(name.clone()), confirm: Some(name.to_string()) };
        let answer = connection.call::<EnclaveDeprovision>(&args).await?;
        connection.close().await;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(gone: &EnclaveDeprovisionAnswer) -> View {
    let tentacles = words::count(gone.tentacles_removed, "tentacle", "tentacles");
    View::new().verdict(gone.deleted, format!("{} is gone, with {tentacles}", gone.name))
}
