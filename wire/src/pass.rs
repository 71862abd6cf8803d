//! The pass: what the server says a sandbox may reach, signed, for the egress gateway to read.
//!
//! A compact Ed25519 JWS (RFC 7515, RFC 8037) that only the sandbox's engine holds. It carries the whole of what the
//! gateway needs to decide, so that the gateway keeps nothing and asks nobody. It does not expire: it is good for what one
//! version of one tentacle may reach, and for nothing else.

use crate::signing::SigningKey;
use ipnet::IpNet;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeSet, HashSet};
use workflow::{ContentHash, Sandbox};

pub use workflow::{Destination, Egress, Speaks};

/// The JWS header's `typ`, so that no other token of the same key can be taken for one.
pub const TYPE: &str = "tentacular-pass+jwt";

/// The first word of the line with which a connection to the gateway begins: `PASS <jws>`, carriage return, line feed.
pub const PREFACE: &str = "PASS";

/// The most bytes of that line.
pub const MOST_BYTES: usize = 64 * 1024;

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pass {
    /// Whose it is: `enclave/tentacle`.
    pub tentacle: String,
    /// Which version's.
    pub version: ContentHash,
    /// What it may reach.
    pub allow: BTreeSet<Egress>,
    /// Private ranges in which that may lie, by the operator's configuration.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub private: Vec<IpNet>,
    /// Whether what the contract lacks is to be told apart from what may never be: a test run that collects it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub observe: bool,
    /// When it was made, in seconds since 1970.
    pub iat: i64,
}

/// Why a pass is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PassError {
    /// It is not a JWS of this kind.
    #[error("it is not a pass")]
    Malformed,
    /// No key is known under its `kid`.
    #[error("it is signed with a key that is not known here")]
    UnknownKey,
    /// Its signature does not hold.
    #[error("its signature does not hold")]
    Invalid,
    /// It could not be signed.
    #[error("it could not be signed")]
    Unsigned,
    /// It allows more than fits.
    #[error("it allows more than fits into {MOST_BYTES} bytes")]
    TooLarge,
}

impl Pass {
    /// The pass of a sandbox, with the private ranges that are open to its enclave.
    #[must_use]
    pub fn of(sandbox: &Sandbox, private: Vec<IpNet>) -> Self {
        Self {
            tentacle: sandbox.tentacle.to_string(),
            version: sandbox.version,
            allow: sandbox.egress.clone(),
            private,
            observe: false,
            iat: Timestamp::now().as_second(),
        }
    }
}

/// Signs a pass.
///
/// # Errors
/// When it is too large, or the key is no Ed25519 key.
pub fn sign(pass: &Pass, key: &SigningKey) -> Result<String, PassError> {
    let mut header = Header::new(Algorithm::EdDSA);
    header.typ = Some(TYPE.to_owned());
    header.kid = Some(key.id().to_owned());
    let jws = jsonwebtoken::encode(&header, pass, key.private()).map_err(|_| PassError::Unsigned)?;
    if jws.len() + PREFACE.len() + 3 > MOST_BYTES {
        return Err(PassError::TooLarge);
    }
    Ok(jws)
}

/// Reads `jws`, believing nothing before its signature, by the key that `key_of` knows under its `kid`.
///
/// # Errors
/// Says which check failed; never what the text contained.
pub fn verify<'k>(
    jws: &str,
    key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
) -> Result<Pass, PassError> {
    let header = jsonwebtoken::decode_header(jws).map_err(|_| PassError::Malformed)?;
    if header.alg != Algorithm::EdDSA || header.typ.as_deref() != Some(TYPE) || header.crit.is_some() {
        return Err(PassError::Malformed);
    }
    let kid = header.kid.ok_or(PassError::UnknownKey)?;
    let key = key_of(&kid).ok_or(PassError::UnknownKey)?;
    let mut validation = Validation::new(Algorithm::EdDSA);
    // It is for the gateway by its type, and good for as long as the version is.
    validation.validate_aud = false;
    validation.validate_exp = false;
    validation.required_spec_claims = HashSet::new();
    let decoded = jsonwebtoken::decode::<Pass>(jws, key, &validation);
    Ok(decoded.map_err(|_| PassError::Invalid)?.claims)
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;

    fn key(folder: &tempfile::TempDir, seed: u8) -> SigningKey {
        let path = folder.path().join(seed.to_string());
        let key = ed25519_dalek::SigningKey::from_bytes(&[seed; 32]);
        std::fs::write(&path, key.to_pkcs8_pem(LineEnding::LF).unwrap().as_bytes()).unwrap();
        SigningKey::read(&path).unwrap()
    }

    fn pass() -> Pass {
        let allow =
            Egress { to: Destination::Host("shop.example".to_owned()), port: Some(443), speaks: Speaks::Tls };
        Pass {
            tentacle: "price-watch/hello".to_owned(),
            version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
            allow: BTreeSet::from([allow]),
            private: vec!["10.1.0.0/16".parse().unwrap()],
            observe: false,
            iat: 1,
        }
    }

    #[test]
    fn a_pass_is_read_by_its_own_key_alone() {
        let folder = tempfile::tempdir().unwrap();
        let (key, other) = (key(&folder, 1), self::key(&folder, 2));
        let jws = sign(&pass(), &key).unwrap();
        assert_eq!(verify(&jws, |kid| (kid == key.id()).then(|| key.public())), Ok(pass()));
        assert_eq!(verify(&jws, |_| Some(other.public())), Err(PassError::Invalid));
        assert_eq!(verify(&jws, |_| None), Err(PassError::UnknownKey));
    }

    #[test]
    fn what_was_altered_or_is_of_another_kind_is_no_pass() {
        let folder = tempfile::tempdir().unwrap();
        let key = key(&folder, 1);
        let jws = sign(&pass(), &key).unwrap();
        let parts: Vec<&str> = jws.split('.').collect();
        let mut wider = pass();
        wider.private = vec!["0.0.0.0/0".parse().unwrap()];
        let body = URL_SAFE_NO_PAD.encode(serde_json::to_vec(&wider).unwrap());
        let forged = format!("{}.{body}.{}", parts[0], parts[2]);
        assert_eq!(verify(&forged, |_| Some(key.public())), Err(PassError::Invalid));
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some(key.id().to_owned());
        header.typ = Some(crate::assertion::TYPE.to_owned());
        let assertion = jsonwebtoken::encode(&header, &pass(), key.private()).unwrap();
        assert_eq!(verify(&assertion, |_| Some(key.public())), Err(PassError::Malformed));
        let error = crate::assertion::verify(&jws, "tentacular", |_| Some(key.public())).unwrap_err();
        assert_eq!(error.to_string(), "it is not a channel assertion");
    }

    #[test]
    fn the_claims_are_those_of_the_page_and_no_others() {
        let claims = serde_json::to_value(pass()).unwrap();
        assert_eq!(
            claims,
            serde_json::json!({
                "tentacle": "price-watch/hello",
                "version": format!("sha256:{}", "0".repeat(64)),
                "allow": [{"to": {"host": "shop.example"}, "port": 443, "speaks": "tls"}],
                "private": ["10.1.0.0/16"],
                "iat": 1,
            })
        );
        let folder = tempfile::tempdir().unwrap();
        let key = key(&folder, 1);
        let mut more = claims;
        more["exp"] = 1.into();
        let mut header = Header::new(Algorithm::EdDSA);
        (header.typ, header.kid) = (Some(TYPE.to_owned()), Some(key.id().to_owned()));
        let expired = jsonwebtoken::encode(&header, &more, key.private()).unwrap();
        assert_eq!(verify(&expired, |_| Some(key.public())), Err(PassError::Invalid));
    }

    #[test]
    fn one_that_would_not_fit_is_not_signed() {
        let folder = tempfile::tempdir().unwrap();
        let mut pass = pass();
        pass.private = vec!["10.1.0.0/16".parse().unwrap(); 10_000];
        assert_eq!(sign(&pass, &key(&folder, 1)), Err(PassError::TooLarge));
    }
}
