//! Signed heads: where each chain ended, kept outside the store so that a tail that was cut off shows.

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};

const TYPE: &str = "tentacular-trail-head+jwt";

/// The end of one writer's chain at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Whose chain.
    pub writer: String,
    /// The newest record's number.
    pub seq: u64,
    /// The newest record's hash.
    pub hash: String,
    /// When it was signed.
    pub at: Timestamp,
}

/// Why a head is not believed, or could not be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// It is not a signed head.
    #[error("it is not a signed head of a trail")]
    Malformed,
    /// No key is known under its `kid`, or the signature does not hold.
    #[error("its signature does not hold")]
    Signature,
    /// The key is not an Ed25519 key.
    #[error("the head could not be signed")]
    Unsigned,
}

/// Signs a head as compact JWS.
///
/// # Errors
/// [`HeadError::Unsigned`] when `key` is not an Ed25519 key.
pub fn sign_head(head: &Head, key: &EncodingKey, kid: &str) -> Result<String, HeadError> {
    sign(TYPE, head, key, kid)
}

/// Signs what is kept outside the store as compact JWS of this type.
pub(super) fn sign(
    kind: &str,
    claims: &impl Serialize,
    key: &EncodingKey,
    kid: &str,
) -> Result<String, HeadError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(kind.to_owned());
    header.kid = Some(kid.to_owned());
    jsonwebtoken::encode(&header, claims, key).map_err(|_| HeadError::Unsigned)
}

/// Reads a signed head, by the key that `key_of` knows under its `kid`.
///
/// # Errors
/// When it is malformed or its signature does not hold.
pub fn read_head<'k>(
    jws: &str,
    key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
) -> Result<Head, HeadError> {
    read(TYPE, jws, key_of)
}

/// Reads what [`sign`] made, of this type and no other.
pub(super) fn read<'k, T: serde::de::DeserializeOwned>(
    kind: &str,
    jws: &str,
    key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
) -> Result<T, HeadError> {
    let header = jsonwebtoken::decode_header(jws).map_err(|_| HeadError::Malformed)?;
    if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(kind) || header.crit.is_some() {
        return Err(HeadError::Malformed);
    }
    let key = header.kid.as_deref().and_then(key_of).ok_or(HeadError::Signature)?;
    // A head states what was so; it does not expire and is for everybody.
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    let decoded = jsonwebtoken::decode::<T>(jws, key, &validation);
    Ok(decoded.map_err(|_| HeadError::Signature)?.claims)
}
