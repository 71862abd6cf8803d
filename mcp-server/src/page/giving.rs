//! An owner gives an enclave away: chooses a member, who is offered it.

use super::html::{STYLE, answer, shown};
use super::{Desk, Matter, Pressed, Visitor};
use crate::call::Call;
use crate::gate::act;
use crate::tools::people;
use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use policy::Class;
use wire::tools::ownership::{EnclaveOffer, EnclaveOfferAnswer, EnclaveOfferArgs};
use wire::{Failure, canonical};
use workflow::EnclaveName;

/// How the trail names a look at who could be chosen.
const LOOK: &str = "giving_page";

/// Somebody to whom the enclave could be given.
struct Heir {
    shown: String,
    /// What means them and nobody else.
    key: String,
}

/// Whom the owner gives it to.
#[derive(Template)]
#[template(path = "page/giving.html")]
struct Giving<'a> {
    style: &'static str,
    enclave: &'a EnclaveName,
    heirs: Vec<Heir>,
    signed_in: String,
    form_token: String,
}

/// That it is offered.
#[derive(Template)]
#[template(path = "page/given.html")]
struct Given<'a> {
    style: &'static str,
    answer: &'a EnclaveOfferAnswer,
    until: String,
    signed_in: String,
}

impl Desk {
    pub(super) async fn show_giving(&self, enclave: &EnclaveName, visitor: &Visitor) -> Response {
        let digest = canonical::sha256(&serde_json::json!({"enclave": enclave})).unwrap_or_default();
        let call = self.call(&visitor.person, LOOK, digest);
        match self.heirs(&call, enclave).await {
            Ok(heirs) => {
                let (signed_in, form_token) = (call.shown(), self.form_token(visitor));
                answer(StatusCode::OK, &Giving { style: STYLE, enclave, heirs, signed_in, form_token })
            }
            Err(failure) => self.refuse_giving(&call, enclave, failure).await,
        }
    }

    /// The members who could own it, for whoever may give it away.
    async fn heirs(&self, call: &Call, enclave: &EnclaveName) -> Result<Vec<Heir>, Failure> {
        let look = self.server.gate.look(call).await?;
        let target = look.may::<act::Transfer>(Some(enclave))?;
        let mut people = people::everybody(&target.record, look.rights());
        people.retain(|somebody| somebody.standing.class() == Class::Member);
        let heirs = people.into_iter().filter_map(|somebody| {
            let subject = somebody.person?.subject;
            Some(Heir { shown: somebody.shown, key: somebody.account.unwrap_or(subject) })
        });
        Ok(heirs.collect())
    }

    /// Offers it; nothing where no button of the form was pressed.
    pub(super) async fn give(
        &self,
        enclave: &EnclaveName,
        pressed: &Pressed,
        visitor: &Visitor,
    ) -> Option<Response> {
        if pressed.button != "offer" {
            return None;
        }
        let args = EnclaveOfferArgs { name: Some(enclave.clone()), to: pressed.to.clone() };
        let (call, done) = self.through::<EnclaveOffer>(visitor, args).await;
        Some(match done {
            Ok(offered) => {
                let until = shown(offered.expires_at);
                let page = Given { style: STYLE, answer: &offered, until, signed_in: call.shown() };
                self.ended(&Matter::Giving(enclave.clone()), answer(StatusCode::OK, &page))
            }
            Err(failure) => self.refuse_giving(&call, enclave, failure).await,
        })
    }

    async fn refuse_giving(&self, call: &Call, enclave: &EnclaveName, failure: Failure) -> Response {
        let concerned = self.owns(call, enclave).await;
        self.refuse(call, &Matter::Giving(enclave.clone()), concerned, failure).into_response()
    }

    /// Whether the record names this person as the owner. In doubt they are not.
    pub(super) async fn owns(&self, call: &Call, enclave: &EnclaveName) -> bool {
        let Ok(rights) = self.server.store.rights().await else { return false };
        let owner = rights.enclave(enclave).map(|record| &record.owner);
        owner.is_some() && owner == call.person_id()
    }
}
