//! What an access token must be, and who it then names.

use super::keys::{Key, Keys};
use super::{Caller, Client, Person};
use crate::store::{AccountId, PersonId};
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, Header, Validation};
use serde::Deserialize;
use std::sync::Arc;

/// The signature algorithms that are taken. None of them uses a shared secret.
const ALGORITHMS: [Algorithm; 4] = [Algorithm::RS256, Algorithm::PS256, Algorithm::ES256, Algorithm::EdDSA];

/// How far the issuer's clock may be from ours, in seconds.
const LEEWAY: u64 = 5;

/// The longest life of an access token, in seconds.
const MAX_LIFE: i64 = 300;

/// Why a token names nobody. The text goes into the log and into the 401's header, so it holds nothing of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is not a signed JWT.
    #[error("the token is not a signed JWT")]
    Malformed,
    /// Its algorithm is not one that is taken.
    #[error("the token's algorithm is not accepted")]
    Algorithm,
    /// Its header demands something that is not known here (RFC 7515, section 4.1.11).
    #[error("the token demands an extension that is not known here")]
    Extension,
    /// No key of the issuer has its `kid`.
    #[error("the token's key is not one of the issuer's")]
    UnknownKey,
    /// The issuer's keys are too old to rely on.
    #[error("the issuer's keys could not be refreshed, so no token is believed")]
    KeysTooOld,
    /// The signature is wrong.
    #[error("the token's signature does not hold")]
    Signature,
    /// It has expired.
    #[error("the token has expired; if it is new, this server's clock is ahead of the issuer's")]
    Expired,
    /// It is not valid yet.
    #[error("the token is not valid yet; if it is new, this server's clock is behind the issuer's")]
    NotYet,
    /// It lives longer than an access token may.
    #[error("the token lives longer than {MAX_LIFE} s")]
    LivesTooLong,
    /// Another issuer made it.
    #[error("the token is of another issuer")]
    Issuer,
    /// It is for another audience.
    #[error("the token is for another audience")]
    Audience,
    /// It is an ID token, a refresh token, or of no stated type.
    #[error("the token is not an access token")]
    Type,
    /// It does not say for which client it was issued.
    #[error("the token does not say for which client it was issued")]
    NoClient,
    /// The client is not on the list.
    #[error("the token was issued to a client that is not accepted here")]
    Client,
    /// It names no subject.
    #[error("the token names no subject")]
    NoSubject,
    /// A claim that it needs is missing or of the wrong kind.
    #[error("the token lacks a claim that it needs")]
    Claims,
}

/// Which clients' tokens are taken, and as what.
#[derive(Debug, Clone)]
pub struct Clients {
    /// The Kraken's, for people.
    pub kraken: String,
    /// The Kraken's own.
    pub relay: String,
    /// The command line's.
    pub tntc: String,
    /// All others.
    pub others: Vec<String>,
}

/// What is read of a token.
#[derive(Debug, Deserialize)]
struct Claims {
    iss: String,
    sub: Option<String>,
    exp: i64,
    iat: i64,
    azp: Option<String>,
    typ: Option<String>,
    name: Option<String>,
    preferred_username: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    slack_team_id: Option<String>,
    slack_user_id: Option<String>,
}

/// What a token must have been made for.
#[derive(Debug)]
pub(super) struct Expectation {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) clients: Clients,
}

/// A believed token.
pub(super) struct Verified {
    pub(super) caller: Caller,
    pub(super) kid: String,
    /// That key's print.
    pub(super) print: Arc<str>,
    /// In seconds since 1970.
    pub(super) expires: i64,
}

impl Expectation {
    /// Believes `token`, or says why not.
    pub(super) async fn verify(&self, token: &str, keys: &Keys) -> Result<Verified, TokenError> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| TokenError::Malformed)?;
        if !ALGORITHMS.contains(&header.alg) {
            return Err(TokenError::Algorithm);
        }
        if header.crit.is_some() {
            return Err(TokenError::Extension);
        }
        let kid = header.kid.clone().ok_or(TokenError::UnknownKey)?;
        if !keys.fresh() && keys.get(&kid).await.is_none() {
            return Err(TokenError::KeysTooOld);
        }
        let key = keys.get(&kid).await.ok_or(TokenError::UnknownKey)?;
        let claims = self.claims(token, &header, &key)?;
        let expires = claims.exp;
        Ok(Verified { caller: self.caller(claims)?, kid, print: key.print, expires })
    }

    fn claims(&self, token: &str, header: &Header, key: &Key) -> Result<Claims, TokenError> {
        if key.algorithm.is_some_and(|algorithm| algorithm != header.alg) {
            return Err(TokenError::Algorithm);
        }
        let mut validation = Validation::new(header.alg);
        validation.leeway = LEEWAY;
        validation.validate_nbf = true;
        validation.set_issuer(&[&self.issuer]);
        validation.set_audience(&[&self.audience]);
        validation.set_required_spec_claims(&["exp", "iss", "aud"]);
        let claims = jsonwebtoken::decode::<Claims>(token, &key.decoding, &validation)
            .map_err(|error| named(error.kind()))?
            .claims;
        // The library also takes a list of issuers that ours is one of.
        if claims.iss != self.issuer {
            return Err(TokenError::Issuer);
        }
        if !is_access_token(header.typ.as_deref(), claims.typ.as_deref()) {
            return Err(TokenError::Type);
        }
        let now = Timestamp::now().as_second();
        if claims.iat.saturating_sub(now) > LEEWAY.cast_signed() {
            return Err(TokenError::NotYet);
        }
        if claims.exp.saturating_sub(claims.iat) > MAX_LIFE {
            return Err(TokenError::LivesTooLong);
        }
        Ok(claims)
    }

    fn caller(&self, claims: Claims) -> Result<Caller, TokenError> {
        let client_id = claims.azp.ok_or(TokenError::NoClient)?;
        let names = |subject: &String| !subject.is_empty() && !subject.contains(char::is_control);
        let subject = claims.sub.filter(names).ok_or(TokenError::NoSubject)?;
        if client_id == self.clients.relay {
            return Ok(Caller::Relay { subject, client: client_id });
        }
        let client = if client_id == self.clients.kraken {
            Client::Kraken
        } else if client_id == self.clients.tntc {
            Client::Tntc
        } else if self.clients.others.contains(&client_id) {
            Client::Other
        } else {
            return Err(TokenError::Client);
        };
        Ok(Caller::Person(Person {
            id: PersonId { issuer: self.issuer.clone(), subject },
            name: claims.name.or(claims.preferred_username),
            slack: match (claims.slack_team_id, claims.slack_user_id) {
                (Some(team), Some(user)) if !team.is_empty() && !user.is_empty() => {
                    Some(AccountId { team, user })
                }
                _ => None,
            },
            verified_email: claims.email.filter(|email| claims.email_verified && !email.is_empty()),
            client,
            client_id,
        }))
    }
}

/// Keycloak says the type in a claim, RFC 9068 in the header; where the claim is there, it decides.
fn is_access_token(header: Option<&str>, claim: Option<&str>) -> bool {
    match claim {
        Some(claim) => claim == "Bearer",
        None => header.is_some_and(|typ| typ.eq_ignore_ascii_case("at+jwt")),
    }
}

fn named(kind: &jsonwebtoken::errors::ErrorKind) -> TokenError {
    use jsonwebtoken::errors::ErrorKind;
    match kind {
        ErrorKind::ExpiredSignature => TokenError::Expired,
        ErrorKind::ImmatureSignature => TokenError::NotYet,
        ErrorKind::InvalidIssuer => TokenError::Issuer,
        ErrorKind::InvalidAudience => TokenError::Audience,
        ErrorKind::InvalidSignature => TokenError::Signature,
        ErrorKind::InvalidAlgorithm | ErrorKind::InvalidAlgorithmName => TokenError::Algorithm,
        ErrorKind::MissingRequiredClaim(_) | ErrorKind::InvalidClaimFormat(_) | ErrorKind::Json(_) => {
            TokenError::Claims
        }
        _ => TokenError::Malformed,
    }
}
