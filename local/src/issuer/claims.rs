//! The tokens, with the claims that Keycloak's have.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::Issuer;
use super::fault::OauthError;
use super::ledger::{Account, Grant};
use crate::workspace::shape::with;

/// Whom the access tokens are for: the server.
pub(super) const AUDIENCE: &str = "tentacular";

/// What is read back from an access token of our own.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Access {
    pub(super) sub: Uuid,
    pub(super) jti: Uuid,
    pub(super) typ: String,
    pub(super) azp: String,
    pub(super) exp: i64,
    pub(super) scope: String,
    pub(super) sid: Option<Uuid>,
}

/// What the token endpoint answers.
#[derive(Debug, Serialize)]
pub(super) struct Tokens {
    access_token: String,
    token_type: &'static str,
    expires_in: u64,
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_expires_in: Option<u64>,
}

/// The facts about a person that tokens and the userinfo endpoint tell.
pub(super) fn about(account: &Account) -> Value {
    json!({
        "sub": account.subject,
        "email": account.email,
        "email_verified": account.email_verified,
        "name": account.full_name(),
        "given_name": account.given,
        "family_name": account.family,
        "preferred_username": account.name,
    })
}

impl Issuer {
    fn common(&self, kind: &'static str, azp: &str, now: Timestamp) -> Value {
        json!({
            "iss": self.name,
            "iat": now.as_second(),
            "exp": now.as_second().saturating_add_unsigned(self.access_life()),
            "jti": Uuid::new_v4(),
            "typ": kind,
            "azp": azp,
        })
    }

    fn sign(&self, claims: &Value) -> Result<String, OauthError> {
        self.keys.sign(claims).map_err(|error| {
            tracing::error!(%error, "a token could not be signed");
            OauthError::ServerError
        })
    }

    /// The tokens of a person, with the refresh token that was made for this answer.
    pub(super) fn tokens(
        &self,
        account: &Account,
        grant: &Grant,
        refresh: String,
        now: Timestamp,
    ) -> Result<Tokens, OauthError> {
        let session = [
            ("auth_time", json!(grant.consent.auth_time.as_second())),
            ("sid", json!(grant.id)),
            ("acr", json!("1")),
        ];
        let of_person = |kind| {
            let mut claims = with(self.common(kind, &grant.client, now), session.clone());
            if let (Value::Object(claims), Value::Object(person)) = (&mut claims, about(account)) {
                claims.extend(person);
            }
            claims
        };
        let access = with(of_person("Bearer"), [("aud", json!([AUDIENCE])), ("scope", json!(grant.scope))]);
        let access_token = self.sign(&access)?;
        let id_token = if grant.scope.split(' ').any(|scope| scope == "openid") {
            let nonce = grant.nonce.iter().map(|nonce| ("nonce", json!(nonce)));
            let own = [("aud", json!(grant.client)), ("at_hash", json!(at_hash(&access_token)))];
            Some(self.sign(&with(of_person("ID"), own.into_iter().chain(nonce)))?)
        } else {
            None
        };
        Ok(Tokens {
            access_token,
            token_type: "Bearer",
            expires_in: self.access_life(),
            scope: grant.scope.clone(),
            id_token,
            refresh_token: Some(refresh),
            refresh_expires_in: Some(self.lifetimes.refresh_token.as_secs()),
        })
    }

    /// The token of a client that acts for itself.
    pub(super) fn own_token(
        &self,
        client: &str,
        subject: Uuid,
        now: Timestamp,
    ) -> Result<Tokens, OauthError> {
        let scope = "profile email";
        let claims = with(
            self.common("Bearer", client, now),
            [
                ("sub", json!(subject)),
                ("aud", json!([AUDIENCE])),
                ("scope", json!(scope)),
                ("acr", json!("1")),
                ("client_id", json!(client)),
                ("email_verified", json!(false)),
                ("preferred_username", json!(format!("service-account-{client}"))),
            ],
        );
        Ok(Tokens {
            access_token: self.sign(&claims)?,
            token_type: "Bearer",
            expires_in: self.access_life(),
            scope: scope.to_owned(),
            id_token: None,
            refresh_token: None,
            refresh_expires_in: None,
        })
    }
}

/// The left half of the access token's SHA-256 (OpenID Connect Core §3.1.3.6).
pub(crate) fn at_hash(token: &str) -> String {
    use base64::Engine as _;
    let hash = Sha256::digest(token.as_bytes());
    let (left, _) = hash.split_at(hash.len() / 2);
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(left)
}
