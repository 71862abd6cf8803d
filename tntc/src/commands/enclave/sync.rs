//! `tntc enclave sync`.

use super::{Named, info};
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::enclave::{EnclaveSync, EnclaveSyncAnswer, EnclaveSyncArgs, TentacleTransferred};

/// What is to change.
#[derive(Debug, clap::Args)]
pub(crate) struct Sync {
    #[command(flatten)]
    named: Named,
    #[command(flatten)]
    changes: Changes,
}

/// At least one of them.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
struct Changes {
    /// Add, approve or let back in: Slack users (`U…`), subjects, or names that are unique in the enclave
    #[arg(long, value_delimiter = ',', value_name = "PERSON")]
    add_members: Vec<String>,
    /// Remove; they stay out until they are added again
    #[arg(long, value_delimiter = ',', value_name = "PERSON")]
    remove_members: Vec<String>,
    /// Who may do what: a preset such as `member-edit`, or nine characters such as `rwxrwx---`
    #[arg(long, value_name = "MODE")]
    mode: Option<String>,
    /// How people become members: `open`, or `approval` by the owner
    #[arg(long, value_name = "HOW")]
    enrollment: Option<String>,
    /// How much it may use: `small`, `medium` or `large`
    #[arg(long, value_name = "SIZE")]
    quota: Option<String>,
    /// The name to show for its channel; the enclave's own name never changes
    #[arg(long, value_name = "NAME")]
    channel_name: Option<String>,
    /// `frozen` or `active`
    #[arg(long, value_name = "STATE")]
    status: Option<String>,
}

impl Sync {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let changes = &self.changes;
        let args = EnclaveSyncArgs {
            name: Some(self.named.name.clone()),
            add_members: changes.add_members.clone(),
            remove_members: changes.remove_members.clone(),
            new_mode: changes.mode.clone(),
            new_enrollment: changes.enrollment.clone(),
            new_quota_preset: changes.quota.clone(),
            new_channel_name: changes.channel_name.clone(),
            new_status: changes.status.clone(),
            new_owner: None,
        };
        let answer = context.call::<EnclaveSync>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(synced: &EnclaveSyncAnswer) -> View {
    let changed = match synced.updated.as_slice() {
        [] => format!("{} was as wanted already", synced.name),
        updated => format!("{} changed: {}", synced.name, words::list(updated)),
    };
    let passed = |passed: &TentacleTransferred| {
        let TentacleTransferred { tentacle_name, from_owner, to_owner, .. } = passed;
        format!("{tentacle_name} passed from {from_owner} to {to_owner}")
    };
    let view = synced.transfers.iter().map(passed).fold(View::new().verdict(true, changed), View::line);
    view.joined(info::view(&synced.enclave))
}
