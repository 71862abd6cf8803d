//! The token endpoint.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, header};
use jiff::Timestamp;
use uuid::Uuid;

use super::Issuer;
use super::claims::Tokens;
use super::clients::{self, Client};
use super::fault::OauthError;
use super::ledger::{Consent, Digest, Entry, Grant, Ledger};
use super::params::Params;
use crate::door::digest;
use crate::journal::Draft;
use crate::random;
use crate::serve::Served;

mod by_code;
mod by_device;
mod by_refresh;
mod by_secret;

/// Answers one request.
pub(super) async fn answer(
    State(served): State<Arc<Served>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Tokens>, OauthError> {
    let form = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    if !form.is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded")) {
        return Err(OauthError::InvalidRequest("the body must be a form"));
    }
    let params = Params::read(&body)?;
    let client = clients::authenticate(&headers, &params, &served.credentials)?;
    let issuer = &served.issuer;
    let tokens = match params.required("grant_type", "`grant_type` is missing")? {
        "authorization_code" => by_code::redeem(issuer, client, &params).await,
        "urn:ietf:params:oauth:grant-type:device_code" => by_device::redeem(issuer, client, &params).await,
        "refresh_token" => by_refresh::redeem(issuer, client, &params).await,
        "client_credentials" => by_secret::redeem(issuer, client),
        _ => Err(OauthError::UnsupportedGrantType),
    };
    tokens.map(Json)
}

/// What a new grant is for.
pub(super) struct Wanted {
    pub(super) client: &'static Client,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) consent: Consent,
}

/// A refresh token: the family that it belongs to, and the secret that is good once.
struct Refresh {
    family: String,
    secret: String,
}

impl Refresh {
    fn new() -> Self {
        Self { family: random::mixed(24), secret: random::mixed(40) }
    }

    fn read(token: &str) -> Option<Self> {
        let (family, secret) = token.split_once('.')?;
        Some(Self { family: family.to_owned(), secret: secret.to_owned() })
    }

    fn token(&self) -> String {
        format!("{}.{}", self.family, self.secret)
    }
}

/// The family of a refresh token.
pub(super) fn family(token: &str) -> Option<Digest> {
    Refresh::read(token).map(|refresh| digest(&refresh.family))
}

impl Issuer {
    /// Starts a grant, and gives its first tokens.
    pub(super) fn start_grant(
        &self,
        draft: &mut Draft<Ledger>,
        wanted: Wanted,
        now: Timestamp,
    ) -> Result<(Digest, Tokens), OauthError> {
        let gone = OauthError::InvalidGrant("the account is disabled");
        let account = draft.active(&wanted.consent.person).cloned().ok_or(gone)?;
        let refresh = Refresh::new();
        let grant = Grant {
            id: Uuid::new_v4(),
            client: wanted.client.id.to_owned(),
            scope: wanted.scope,
            nonce: wanted.nonce,
            consent: wanted.consent,
            refresh: digest(&refresh.secret),
            expires: super::device::later(now, self.lifetimes.refresh_token)?,
            ended: false,
        };
        let tokens = self.tokens(&account, &grant, refresh.token(), now)?;
        let family = digest(&refresh.family);
        draft.make(Entry::GrantStarted { family: family.clone(), grant, at: now });
        self.issued.note(|given| given.refresh_tokens.push(refresh.secret));
        Ok((family, tokens))
    }
}
