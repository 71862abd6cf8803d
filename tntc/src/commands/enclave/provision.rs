//! `tntc enclave provision`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::enclave::{EnclaveProvision, EnclaveProvisionAnswer, EnclaveProvisionArgs};

/// What the enclave is to be.
#[derive(Debug, clap::Args)]
pub(crate) struct Provision {
    #[command(flatten)]
    named: Named,
    /// How much it may use: `small`, `medium` or `large`
    #[arg(long, value_name = "SIZE")]
    quota: Option<String>,
    /// Who may do what in it: a preset such as `member-edit`, or nine characters such as `rwxrwx---`
    #[arg(long, alias = "default-mode", value_name = "MODE")]
    mode: Option<String>,
    /// Its members, by their subjects at the issuer
    #[arg(long, value_delimiter = ',', value_name = "SUBJECT")]
    members: Vec<String>,
}

impl Provision {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveProvisionArgs {
            name: Some(self.named.name.clone()),
            quota_preset: self.quota.clone(),
            default_mode: self.mode.clone(),
            members: self.members.clone(),
            ..EnclaveProvisionArgs::default()
        };
        let answer = context.call_patiently::<EnclaveProvision>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(made: &EnclaveProvisionAnswer) -> View {
    View::new().verdict(true, format!("{} is {}", made.name, made.status)).values([
        ("Owner", made.owner.clone()),
        ("Members", words::list(&made.members)),
        ("Mode", format!("{}: {}", made.mode, made.mode_meaning)),
        ("Size", made.quota_preset.clone()),
        ("Made", words::list(&made.resources_created)),
        ("Not enforced", words::list(&made.not_enforced)),
    ])
}
