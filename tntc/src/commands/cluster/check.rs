//! `tntc cluster check`, and `tntc enclave preflight`, which is the same with an enclave.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::tools::cluster::{Check, EnclavePreflight, EnclavePreflightAnswer, EnclavePreflightArgs};
use workflow::EnclaveName;

/// Of what.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// With what is missing of this enclave
    #[arg(short, long, value_name = "NAME")]
    enclave: Option<EnclaveName>,
}

impl CheckArgs {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        view(context, self.enclave.as_ref()).await
    }
}

/// Asks what is missing, and shows it.
pub(crate) async fn view(context: &Context, enclave: Option<&EnclaveName>) -> Result<(), Failed> {
    let enclave = enclave.map(ToString::to_string);
    let args = EnclavePreflightArgs { enclave, namespace: None };
    let answer = context.call::<EnclavePreflight>(Effect::Reads, &args).await?;
    context.output.show(&answer, told)?;
    if answer.all_pass { Ok(()) } else { Err(Failed::Bad("something is missing".to_owned())) }
}

fn told(answer: &EnclavePreflightAnswer) -> View {
    answer.checks.iter().fold(View::new(), |view, check| {
        let Check { name, passed, warning, remediation } = check;
        let why = if warning.is_empty() { String::new() } else { format!(": {warning}") };
        let view = view.verdict(*passed, format!("{} {name}{why}", if *passed { "ok" } else { "missing" }));
        if remediation.is_empty() { view } else { view.line(format!("  {remediation}")) }
    })
}
