//! `join_ask`: somebody who is not a member asks the owner to be let in.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::identity::Person;
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
        description: "Asks the owner of the channel's enclave to be let in, where new members need that; or, by name, of an \
                      enclave that the caller's verified e-mail address is invited to. The owner gets a card; asked again \
                      within a day, they do not get another.",
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
        let (change, grant) = server.gate.change(call).await?.itself::<act::AskToJoin>().await?;
        let mut changing = change.decided();
        let tx = changing.tx();
        // That there is an enclave is nothing to learn by asking.
        let found = match (call.channel(), &args.name, call.person()) {
            (Some((team, channel)), named, _) => {
                let here = tx.askable_in(&grant, (team, &channel.id)).await.map_err(failed)?;
                here.filter(|it| named.as_ref().is_none_or(|named| *named == it.record().name))
            }
            (None, Some(name), Some(Person { verified_email: Some(email), .. })) => {
                tx.askable_by(&grant, email, name).await.map_err(failed)?
            }
            (None, _, _) => None,
        };
        let (Some(askable), Some(person)) = (found, call.person()) else {
            let nothing = Failure::new(FailureCode::Conflict, "there is no enclave here that you could ask")
                .with_remedy(
                    "ask in the channel of the enclave, or let its owner invite your e-mail address",
                );
            return Err(changing.failed(nothing).await);
        };
        let (record, invited) = (askable.record(), askable.invited());
        let rights = server.store.rights().await.map_err(failed)?;
        let account = match &call.via {
            Some(via) => Some(via.user.id.as_str()),
            None => record.team().and_then(|team| rights.account_of(&person.id, team)),
        };
        let standing = record.standing(Some(&person.id), account, Timestamp::now());
        if let Some(why_not) = why_not(&standing, invited.is_some()) {
            return Err(changing.failed(Failure::new(FailureCode::Conflict, why_not)).await);
        }
        // The owner sees by which address somebody was invited whom they perhaps know by no other name.
        let shown = match invited {
            Some(email) if email != person.shown() => format!("{} ({email})", person.shown()),
            _ => person.shown().to_owned(),
        };
        let asker = Asker { person: &person.id, account: account.unwrap_or_default(), shown: &shown };
        let asked = changing.tx().ask_to_join(&grant, &askable, &asker).await.map_err(failed)?;
        if let Some(request) = asked {
            let question = Some(NoticeQuestion::Join(request));
            let told = in_words(&shown, record);
            let tx = changing.tx();
            if !tx.notify_person(record, &record.owner, &told, question).await.map_err(failed)? {
                // The owner has no Slack account any more: whoever is in the channel may know them.
                tx.notify(record, &told).await.map_err(failed)?;
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
    why_not(standing, false).is_none()
}

/// Why asking would change nothing; `None` where the owner's yes would let them in. Who is `invited` need not be there yet.
fn why_not(standing: &Standing, invited: bool) -> Option<&'static str> {
    Some(match standing.visitor_because() {
        None => "you are a member already",
        Some(VisitorBecause::WaitsForApproval) => return None,
        Some(VisitorBecause::Unbound | VisitorBecause::NotInChannel | VisitorBecause::NotNamed)
            if invited =>
        {
            return None;
        }
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
    let channel = record.channel.as_ref().map(|channel| format!(" (#{})", channel.name)).unwrap_or_default();
    format!("{asker} asks to be a member of your enclave {}{channel}.", record.name)
}
