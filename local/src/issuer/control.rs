//! What tests change about accounts at the issuer: an address, whether it is verified, whether the account is good.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{patch, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;

use super::fault::OauthError;
use super::issued::Given;
use super::ledger::{Account, Entry};
use crate::config::Lifetimes;
use crate::door::Program;
use crate::serve::Served;

/// The paths under `/control`.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/identities/{name}", patch(change))
        .route("/lifetimes", post(live))
        .route("/issued", post(keep_issued).get(issued))
}

async fn keep_issued(State(served): State<Arc<Served>>, _: Program) -> StatusCode {
    served.issuer.issued.keep();
    StatusCode::NO_CONTENT
}

async fn issued(State(served): State<Arc<Served>>, _: Program) -> Json<Given> {
    Json(served.issuer.issued.given())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lives {
    /// In seconds.
    access_token: u64,
}

async fn live(State(served): State<Arc<Served>>, _: Program, Json(lives): Json<Lives>) -> StatusCode {
    let longest = Lifetimes::LONGEST_ACCESS.as_secs();
    served.issuer.access_token.store(lives.access_token.min(longest), Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Difference {
    given: Option<String>,
    family: Option<String>,
    email: Option<String>,
    email_verified: Option<bool>,
    disabled: Option<bool>,
}

async fn change(
    State(served): State<Arc<Served>>,
    _: Program,
    Path(name): Path<String>,
    Json(new): Json<Difference>,
) -> Response {
    let changed = served.issuer.write(|draft, _| {
        let old = draft.accounts.get(&name).cloned();
        let old = old.ok_or(OauthError::InvalidRequest("there is no such person"))?;
        draft.make(Entry::AccountSaved(Account {
            given: new.given.unwrap_or(old.given),
            family: new.family.unwrap_or(old.family),
            email: new.email.unwrap_or(old.email),
            email_verified: new.email_verified.unwrap_or(old.email_verified),
            disabled: new.disabled.unwrap_or(old.disabled),
            ..old
        }));
        Ok(())
    });
    match changed.await {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => error.into_response(),
    }
}
