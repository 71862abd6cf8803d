//! `tntc whoami`.

use super::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::Nothing;
use wire::tools::joining::Invited;
use wire::tools::person::{OfferedTo, SlackAccount, WhoamiAnswer};

/// Nothing more needs to be said.
#[derive(Debug, clap::Args)]
pub(crate) struct Whoami {}

impl Whoami {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let answer = context.call::<wire::tools::person::Whoami>(Effect::Reads, &Nothing {}).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(who: &WhoamiAnswer) -> View {
    let account = |account: &SlackAccount| format!("{} in {}", account.user, account.team);
    let view = View::new().values([
        ("You are", who.name.clone().unwrap_or_else(|| who.subject.clone())),
        ("As a", who.kind.clone()),
        ("E-mail", who.email.clone().unwrap_or_default()),
        ("Issuer", who.issuer.clone()),
        ("Subject", who.subject.clone()),
        ("Client", who.client.clone()),
        ("Slack", who.accounts.iter().map(account).collect::<Vec<_>>().join(", ")),
    ]);
    let view = who.invitations.iter().fold(view, |view, Invited { enclave, by, .. }| {
        view.line(format!("{by} invites you to {enclave}: `tntc enclave join {enclave}` asks to be let in."))
    });
    who.offers.iter().fold(view, |view, OfferedTo { enclave, by, expires_at, page, .. }| {
        let place = page.as_deref().map_or("by the card in Slack".to_owned(), |page| format!("at {page}"));
        view.line(format!("{by} offers you {enclave}: accept or decline {place}, until {expires_at}."))
    })
}
