//! `join_ask`: somebody who is not a member asks the owner to be let in.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{Asker, EnclaveRecord, StoreError};
use jiff::Timestamp;
use policy::{Action, Standing, VisitorBecause};
use wire::tools::channel::NoticeQuestion;
use wire::tools::enclave::EnclaveArgs;
use wire::tools::joining::{JoinAsk, JoinAskAnswer};
use wire::{Failure, FailureCode};

impl Handler for JoinAsk {
    const ABOUT: About = About {
        title: "Ask to join",
        description: "Asks the owner of the channel's enclave to be let in, where new members need that. The owner gets a card; \
                      asked again within a day, they do not get another.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::AskToJoin];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveArgs,
        _: &Progress,
    ) -> Result<JoinAskAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let (mut change, grant) = server.gate.change(call).await?.itself::<act::AskToJoin>().await?;
        // Only whoever stands in the channel can ask: that there is an enclave is nothing to learn by asking.
        let here = match call.channel() {
            Some((team, channel)) => change.enclave_of(team, &channel.id).await?,
            None => None,
        };
        let mut changing = change.decided();
        let here = here.filter(|record| args.name.as_ref().is_none_or(|named| *named == record.name));
        let (Some(record), Some(person), Some(via)) = (here, call.person(), &call.via) else {
            let nothing = Failure::new(FailureCode::Conflict, "there is no enclave here that you could ask")
                .with_remedy("ask in the channel of the enclave");
            return Err(changing.failed(nothing).await);
        };
        let standing = record.standing(Some(&person.id), Some(&via.user.id), Timestamp::now());
        if let Some(why_not) = why_not(&standing) {
            return Err(changing.failed(Failure::new(FailureCode::Conflict, why_not)).await);
        }
        let rights = server.store.rights().await.map_err(failed)?;
        let asker = Asker { person: &person.id, account: &via.user.id, shown: person.shown() };
        let asked = changing.tx().ask_to_join(&grant, &record, &asker).await.map_err(failed)?;
        if let Some(request) = asked {
            let question = Some(NoticeQuestion::Join(request));
            let told = in_words(person.shown(), &record);
            let tx = changing.tx();
            if !tx.notify_person(&record, &record.owner, &told, question).await.map_err(failed)? {
                // The owner has no Slack account any more: whoever is in the channel may know them.
                tx.notify(&record, &told).await.map_err(failed)?;
            }
        }
        changing.done().await?;
        Ok(JoinAskAnswer {
            enclave: record.name.clone(),
            owner: rights.shown(&record.owner).to_owned(),
            asked_before: asked.is_none(),
        })
    }
}

/// Whether somebody who stands so could be let in by the owner.
pub(super) fn may_ask(standing: &Standing) -> bool {
    why_not(standing).is_none()
}

/// Why asking would change nothing; `None` where the owner's yes would let them in.
fn why_not(standing: &Standing) -> Option<&'static str> {
    Some(match standing.visitor_because() {
        None => "you are a member already",
        Some(VisitorBecause::WaitsForApproval) => return None,
        Some(VisitorBecause::Blocked) => "the owner has removed you, and alone can add you again",
        Some(VisitorBecause::Guest) => "a guest of the workspace can only be a visitor",
        Some(VisitorBecause::External) => "somebody from another company can only be a visitor",
        Some(VisitorBecause::OwnerLeft) => "you own this enclave: come back into its channel",
        Some(VisitorBecause::Unbound | VisitorBecause::NotInChannel | VisitorBecause::NotNamed) => {
            "members of this enclave are in its channel: join it first"
        }
    })
}

/// The question, for the owner.
fn in_words(asker: &str, record: &EnclaveRecord) -> String {
    let channel = record.channel.as_ref().map(|channel| channel.name.as_str()).unwrap_or_default();
    format!("{asker} asks to be a member of your enclave {} (#{channel}).", record.name)
}
