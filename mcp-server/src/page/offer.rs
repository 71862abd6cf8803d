//! Whoever was offered an enclave takes it, or does not.

use super::html::{STYLE, answer, shown};
use super::{Desk, Matter, Pressed, Visitor};
use crate::call::Call;
use crate::gate::{act, unavailable};
use crate::tools::enclave_accept;
use askama::Template;
use axum::http::StatusCode;
use axum::response::Response;
use uuid::Uuid;
use wire::tools::ownership::{EnclaveAccept, EnclaveAcceptAnswer, EnclaveAcceptArgs};
use wire::tools::person::OfferedTo;
use wire::{Failure, FailureCode, canonical};

/// How the trail names a look at the offer.
const LOOK: &str = "offer_page";

/// What is offered.
#[derive(Template)]
#[template(path = "page/offer.html")]
struct Offer<'a> {
    style: &'static str,
    offer: &'a OfferedTo,
    until: String,
    signed_in: String,
    form_token: String,
}

/// What became of it.
#[derive(Template)]
#[template(path = "page/taken.html")]
struct Taken<'a> {
    style: &'static str,
    answer: &'a EnclaveAcceptAnswer,
    signed_in: String,
}

impl Desk {
    pub(super) async fn show_offer(&self, id: Uuid, visitor: &Visitor) -> Response {
        let digest = canonical::sha256(&serde_json::json!({"offer": id})).unwrap_or_default();
        let call = self.call(&visitor.person, LOOK, digest);
        match self.offered(&call, id).await {
            Ok(offer) => {
                let (until, signed_in) = (shown(offer.expires_at), call.shown());
                let form_token = self.form_token(visitor);
                answer(StatusCode::OK, &Offer { style: STYLE, offer: &offer, until, signed_in, form_token })
            }
            Err(failure) => self.refuse_offer(&call, id, failure),
        }
    }

    /// The offer, for whoever it was made to while it stands.
    async fn offered(&self, call: &Call, id: Uuid) -> Result<OfferedTo, Failure> {
        let look = self.server.gate.look(call).await?;
        let grant = look.itself::<act::Whoami>()?;
        let Some(person) = call.person_id() else { return Err(enclave_accept::gone()) };
        let mine = self.server.store.offers_to(&grant, person).await.map_err(|error| unavailable(&error))?;
        mine.into_iter().find(|offer| offer.offer == id).ok_or_else(enclave_accept::gone)
    }

    /// Takes it or declines it; nothing where no button of the form was pressed.
    pub(super) async fn answer_offer(
        &self,
        id: Uuid,
        pressed: &Pressed,
        visitor: &Visitor,
    ) -> Option<Response> {
        let accept = match pressed.button.as_str() {
            "accept" => true,
            "decline" => false,
            _ => return None,
        };
        let args = EnclaveAcceptArgs { offer: id, accept };
        let (call, done) = self.through::<EnclaveAccept>(visitor, args).await;
        Some(match done {
            Ok(done) => {
                let page = Taken { style: STYLE, answer: &done, signed_in: call.shown() };
                self.ended(&Matter::Offer(id), answer(StatusCode::OK, &page))
            }
            Err(failure) => self.refuse_offer(&call, id, failure),
        })
    }

    /// To somebody else an offer is as good as none, and they are told neither.
    fn refuse_offer(&self, call: &Call, id: Uuid, failure: Failure) -> Response {
        let concerned = failure.code != FailureCode::Conflict;
        self.refuse(call, &Matter::Offer(id), concerned, failure)
    }
}
