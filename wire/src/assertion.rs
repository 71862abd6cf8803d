//! The channel assertion: what the Kraken states about one call, signed with a key that only it has.
//!
//! An Ed25519 JWS (RFC 7515, RFC 8037) that is valid for one call of one tool with exactly these arguments, within a
//! minute. The server takes the channel, and with it the enclave, from here and from nowhere else.

use crate::tools::channel::AccountClass;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The JWS header's `typ`, so that no other token of the same key can be taken for one.
pub const TYPE: &str = "tentacular-assertion+jwt";

/// The longest life, in seconds.
pub const MAX_LIFE_SECONDS: i64 = 60;

/// How far the two clocks may be apart, in seconds.
const LEEWAY_SECONDS: u64 = 5;

/// What the Kraken states.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assertion {
    /// The server it is for.
    pub aud: String,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
    /// Until when it holds, in seconds since 1970.
    pub exp: i64,
    /// Its own id: it is taken once.
    pub jti: Uuid,
    /// Where the request came from.
    pub kind: Kind,
    /// The Slack workspace.
    pub team: String,
    /// The channel: always in a message, a command, a click and a model's call, and never in a direct message, at home
    /// and at sign-in. A click on a card names the channel of the card's enclave, wherever the card stands; one that confirms
    /// `account_unlink`, which is about the person alone, in a direct message names none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<Channel>,
    /// The Slack user who asked.
    pub user: User,
    /// The id of the event that carried the request; with the tool and the arguments it names the request.
    pub event: String,
    /// The issuer of the token that goes with it.
    pub person_issuer: String,
    /// The subject of the token that goes with it.
    pub person_subject: String,
    /// The tool that is called.
    pub tool: String,
    /// The SHA-256 of the canonical arguments, in hexadecimal.
    pub arguments_sha256: String,
}

/// Where a request came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A message that mentions the Kraken.
    Message,
    /// A button or a form.
    Click,
    /// A slash command.
    Command,
    /// A direct message.
    Dm,
    /// The Kraken's home tab.
    Home,
    /// A call that a model chose: it never widens a right and never destroys.
    Agent,
    /// The end of a sign-in: only for `account_bind`.
    SignIn,
}

impl Kind {
    /// The name, as it travels.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Click => "click",
            Self::Command => "command",
            Self::Dm => "dm",
            Self::Home => "home",
            Self::Agent => "agent",
            Self::SignIn => "sign-in",
        }
    }
}

/// The channel of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// Its id.
    pub id: String,
    /// Its name, to show and as the first name of its enclave.
    pub name: String,
    /// The Slack user who made it.
    pub creator: String,
}

/// The Slack user who asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The id.
    pub id: String,
    /// What kind of account it is.
    pub class: AccountClass,
    /// The name to show.
    pub name: String,
    /// At sign-in: the e-mail address that Slack's API gives for the account.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// Why an assertion is not believed.
#[derive(Debug, thiserror::Error)]
pub enum AssertionError {
    /// It is not a JWS of this kind.
    #[error("it is not a channel assertion")]
    Malformed,
    /// No key is known under its `kid`.
    #[error("it is signed with a key that is not known here")]
    UnknownKey,
    /// Signature, audience or time do not hold.
    #[error("its signature, audience or time does not hold")]
    Invalid,
    /// It claims to hold for longer than a minute.
    #[error("it claims to hold for longer than {MAX_LIFE_SECONDS} s")]
    TooLong,
    /// It could not be signed.
    #[error("it could not be signed")]
    Unsigned,
}

/// Signs `assertion` with the Kraken's private key `key`, whose public half the server knows as `kid`.
///
/// # Errors
/// [`AssertionError::Unsigned`] when the key is not an Ed25519 key.
pub fn sign(assertion: &Assertion, key: &EncodingKey, kid: &str) -> Result<String, AssertionError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, assertion, key).map_err(|_| AssertionError::Unsigned)
}

/// Reads `jws`, believing nothing before its signature: by the key that `key_of` knows under its `kid`, for
/// `audience`, at this time.
///
/// That it is used once, and that it fits the token, the tool and the arguments, is for the caller to check.
///
/// # Errors
/// Says which check failed; never what the text contained.
pub fn verify<'k>(
    jws: &str,
    audience: &str,
    key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
) -> Result<Assertion, AssertionError> {
    let header = jsonwebtoken::decode_header(jws).map_err(|_| AssertionError::Malformed)?;
    if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
        return Err(AssertionError::Malformed);
    }
    let kid = header.kid.ok_or(AssertionError::UnknownKey)?;
    let key = key_of(&kid).ok_or(AssertionError::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[audience]);
    validation.set_required_spec_claims(&["aud", "exp"]);
    validation.leeway = LEEWAY_SECONDS;
    let decoded = jsonwebtoken::decode::<Assertion>(jws, key, &validation);
    let assertion = decoded.map_err(|_| AssertionError::Invalid)?.claims;
    let life = assertion.exp.checked_sub(assertion.iat).ok_or(AssertionError::Invalid)?;
    if life > MAX_LIFE_SECONDS {
        return Err(AssertionError::TooLong);
    }
    let ahead = assertion.iat.saturating_sub(Timestamp::now().as_second());
    if life <= 0 || ahead > LEEWAY_SECONDS.cast_signed() {
        return Err(AssertionError::Invalid);
    }
    Ok(assertion)
}

#[cfg(test)]
mod tests;
