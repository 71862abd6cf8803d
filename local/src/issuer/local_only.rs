//! What no real issuer has: a token of anybody, for who holds the secret of the local workspace. It lets a command line
//! try things as each of the people, and is the reason why all of this stays on loopback.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use jiff::Timestamp;
use serde::Deserialize;

use super::claims::Tokens;
use super::clients::{Client, Grant};
use super::fault::OauthError;
use super::ledger::Consent;
use super::token::Wanted;
use crate::door::Program;
use crate::serve::Served;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// The short name.
    person: String,
    /// A client that people sign in with.
    client: String,
}

pub(super) async fn token(
    State(served): State<Arc<Served>>,
    _: Program,
    Json(wish): Json<Wish>,
) -> Result<Json<Tokens>, OauthError> {
    let client = Client::named(&wish.client).ok_or(OauthError::InvalidClient)?;
    if client.must(Grant::Device).or_else(|_| client.must(Grant::Code)).is_err() {
        return Err(OauthError::UnauthorizedClient);
    }
    let issuer = &served.issuer;
    if issuer.now().active(&wish.person).is_none() {
        return Err(OauthError::InvalidRequest("there is no such person"));
    }
    let consent = Consent { person: wish.person, auth_time: Timestamp::now(), session: String::new() };
    let wanted = Wanted { client, scope: "openid profile email".to_owned(), nonce: None, consent };
    let tokens = issuer.write(|draft, now| issuer.start_grant(draft, wanted, now).map(|(_, tokens)| tokens));
    tokens.await.map(Json)
}
