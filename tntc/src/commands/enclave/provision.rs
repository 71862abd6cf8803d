//! `tntc enclave provision`.

use super::Named;
use crate::commands::account::Account;
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
    /// For an operator: the channel that somebody may make their enclave, where whoever made the channel is gone
    #[arg(long, requires = "founder", value_name = "CHANNEL")]
    channel: Option<String>,
    /// For an operator: whose Slack account that is, workspace/user; they say `set up this channel` themselves
    #[arg(long, requires = "channel", value_name = "ACCOUNT")]
    founder: Option<Account>,
}

impl Provision {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveProvisionArgs {
            name: Some(self.named.name.clone()),
            quota_preset: self.quota.clone(),
            default_mode: self.mode.clone(),
            members: self.members.clone(),
            channel_id: self.channel.clone(),
            founder: self.founder.clone().map(|account| account.0),
            ..EnclaveProvisionArgs::default()
        };
        let answer = context.call_patiently::<EnclaveProvision>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(made: &EnclaveProvisionAnswer) -> View {
    if made.status == "offered" {
        let told =
            format!("{} may say `set up this channel` there within a day, and owns it then", made.owner);
        return View::new().verdict(true, told);
    }
    View::new().verdict(true, format!("{} is {}", made.name, made.status)).values([
        ("Owner", made.owner.clone()),
        ("Members", words::list(&made.members)),
        ("Mode", format!("{}: {}", made.mode, made.mode_meaning)),
        ("Size", made.quota_preset.clone()),
        ("Made", words::list(&made.resources_created)),
        ("Not enforced", words::list(&made.not_enforced)),
    ])
}
