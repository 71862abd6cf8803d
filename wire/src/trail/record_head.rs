//! Signed heads of enclaves' records: which is the newest that the server wrote, kept outside the store and outside git, so that an
//! older one shows.

use super::head::{self, HeadError};
use jiff::Timestamp;
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde::{Deserialize, Serialize};

const TYPE: &str = "tentacular-record-head+jwt";

/// The newest record of one enclave at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordHead {
    /// The enclave.
    pub enclave: String,
    /// The record's generation.
    pub generation: u64,
    /// The SHA-256 of what is signed in it, as 64 hexadecimal digits.
    pub digest: String,
    /// Whether the enclave was removed, and this is the last record that it had.
    pub removed: bool,
    /// When it was signed.
    pub at: Timestamp,
}

/// Signs a head as compact JWS.
///
/// # Errors
/// [`HeadError::Unsigned`] when `key` is not an Ed25519 key.
pub fn sign_record_head(head: &RecordHead, key: &EncodingKey, kid: &str) -> Result<String, HeadError> {
    head::sign(TYPE, head, key, kid)
}

/// Reads a signed head, by the key that `key_of` knows under its `kid`.
///
/// # Errors
/// When it is malformed or its signature does not hold.
pub fn read_record_head<'k>(
    jws: &str,
    key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
) -> Result<RecordHead, HeadError> {
    head::read(TYPE, jws, key_of)
}
