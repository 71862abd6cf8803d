//! `tntc enclave info`.

use super::Named;
use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer, PersonIn};
use wire::tools::joining::{InvitationEntry, JoinEntry};

/// Which enclave.
#[derive(Debug, clap::Args)]
pub(crate) struct Info {
    #[command(flatten)]
    named: Named,
}

impl Info {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = EnclaveArgs { name: Some(self.named.name.clone()) };
        let answer = context.call::<EnclaveInfo>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

/// An enclave for people.
pub(super) fn view(info: &EnclaveInfoAnswer) -> View {
    let frozen = if info.frozen_by.is_empty() {
        String::new()
    } else {
        format!(", by: {}", info.frozen_by.join(", "))
    };
    let preset = info.preset.as_ref().map_or_else(String::new, |preset| format!(" ({preset})"));
    let channel =
        if info.channel_name.is_empty() { "none".to_owned() } else { format!("#{}", info.channel_name) };
    let person = |person: &PersonIn| {
        [
            person.name.clone(),
            person.class.clone(),
            person.account.clone().unwrap_or_default(),
            person.because.clone().unwrap_or_default(),
        ]
    };
    let join = |join: &JoinEntry| {
        [
            join.person.clone(),
            join.account.clone().unwrap_or_default(),
            words::time(join.asked_at),
            join.request.to_string(),
        ]
    };
    let invitation = |it: &InvitationEntry| [it.email.clone(), words::time(it.expires_at)];
    let mut view = View::new()
        .values([
            ("Name", info.name.to_string()),
            ("State", format!("{}{frozen}", info.status)),
            ("Owner", info.owner.clone()),
            ("You", info.your_class.clone()),
            ("Channel", channel),
            ("Mode", format!("{}{preset}: {}", info.mode, info.mode_meaning)),
            ("Enrollment", info.enrollment.clone()),
            ("Changed by hand", info.drift.clone()),
            ("Review", info.review.clone()),
            ("Size", info.quota_preset.clone()),
            ("Tentacles", info.tentacle_count.to_string()),
            ("Runs on", info.backend.clone()),
            ("Not enforced", words::list(&info.not_enforced)),
            ("Made", words::time(info.created_at)),
            ("Changed", words::time(info.updated_at)),
        ])
        .table(["PERSON", "IS", "ACCOUNT", "BECAUSE"], info.people.iter().map(person), "nobody is in it");
    // Only the owner is told, and only of what there is.
    if !info.joins.is_empty() {
        view = view.table(["ASKS TO JOIN", "ACCOUNT", "SINCE", "REQUEST"], info.joins.iter().map(join), "");
    }
    if !info.invitations.is_empty() {
        view = view.table(["INVITED", "UNTIL"], info.invitations.iter().map(invitation), "");
    }
    view
}
