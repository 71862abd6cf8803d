//! `enclave_accept`: whoever was offered an enclave takes it, or does not.

use super::{About, Effect, Handler, Repeat};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::page::Matter;
use crate::progress::Progress;
use crate::server::Server;
use crate::store::{AnsweredIn, StoreError};
use policy::{Action, ENCLAVES_PER_OWNER};
use wire::tools::ownership::{EnclaveAccept, EnclaveAcceptAnswer, EnclaveAcceptArgs};
use wire::{Failure, FailureCode};

impl Handler for EnclaveAccept {
    const ABOUT: About = About {
        title: "Accept an enclave",
        description: "Accepts or declines an enclave that was offered to the caller, by a click on the card or on the \
                      server's own page; a token alone is refused. From then on they own it, and whoever did before is a member.",
        effect: Effect::Changes,
        repeat: Repeat::Resumes,
    };
    const ACTIONS: &'static [Action] = &[Action::Accept];

    async fn handle(
        server: &Server,
        call: &Call,
        args: EnclaveAcceptArgs,
        _: &Progress,
    ) -> Result<EnclaveAcceptAnswer, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let asked = server.gate.change(call).await?.itself::<act::Accept>().await;
        let (change, grant) =
            asked.map_err(|refused| server.or_on_page(call, refused, &Matter::Offer(args.offer)))?;
        let mut changing = change.decided();
        // The card names its enclave's channel, and an offer of another enclave is none of it.
        let offered = match (call.person_id(), AnsweredIn::of(call)) {
            (Some(person), Some(place)) => {
                let found = changing.tx().offer_to(&grant, args.offer, person, place).await;
                found.map_err(failed)?.map(|offered| (offered, person))
            }
            _ => None,
        };
        let Some((offered, person)) = offered else {
            return Err(changing.failed(gone()).await);
        };
        let record = offered.record();
        let rights = server.store.rights().await.map_err(failed)?;
        let (from, to) = (rights.shown(offered.owner()).to_owned(), rights.shown(person).to_owned());
        if args.accept && changing.tx().owned_by(person).await.map_err(failed)? >= ENCLAVES_PER_OWNER {
            let many = format!(
                "you own {ENCLAVES_PER_OWNER} enclaves already, so you cannot take `{}`",
                record.name
            );
            let refused = Failure::new(FailureCode::Denied, many);
            return Err(changing.failed(refused.with_remedy("shut one down, or give one away")).await);
        }
        let tx = changing.tx();
        if args.accept {
            tx.accept_offer(&grant, &offered).await.map_err(failed)?;
            let told = format!("{to} owns this enclave now. {from}, who did before, is a member.");
            tx.notify(record, &told).await.map_err(failed)?;
        } else {
            tx.decline_offer(&grant, &offered).await.map_err(failed)?;
        }
        let told = if args.accept {
            format!("{to} has accepted: the enclave {} is theirs, and you are a member.", record.name)
        } else {
            format!("{to} does not take the enclave {}. It stays yours.", record.name)
        };
        tx.notify_person(record, offered.owner(), &told, None).await.map_err(failed)?;
        changing.done().await?;
        if args.accept {
            server.follow(&grant, &record.name).await;
        }
        Ok(EnclaveAcceptAnswer { enclave: record.name.clone(), accepted: args.accept, from })
    }
}

/// Nothing is offered under that id, whether or not it ever was.
pub(crate) fn gone() -> Failure {
    let what = "this offer does not stand any more: it was answered, a day has passed, or one of you is not any more what \
                you were";
    Failure::new(FailureCode::Conflict, what).with_remedy("let the owner offer it again")
}
