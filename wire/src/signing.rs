//! An Ed25519 key pair from a file: the Kraken signs channel assertions with one, the server the heads of its trail with
//! another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, crypto};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::fmt;
use std::path::Path;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningError {
    /// The file cannot be read.
    #[error("cannot read the signing key `{path}`: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It holds no Ed25519 key.
    #[error(
        "the signing key `{path}` is not an Ed25519 key in PKCS#8 PEM: {detail}; make one with `openssl genpkey -algorithm ed25519`"
    )]
    Key {
        /// The file.
        path: String,
        /// Why.
        detail: String,
    },
}

/// An Ed25519 key pair with its id: the RFC 7638 thumbprint of the public half.
pub struct SigningKey {
    id: String,
    x: String,
    private: EncodingKey,
    public: DecodingKey,
    /// Keyed with the private half, for what is derived from it.
    derive: Hmac<Sha256>,
}

/// What the key that derives is made for, so that nothing else that is made with the private half is like it.
const DERIVE: &[u8] = b"tentacular: tokens derived from a signing key, 1";

impl SigningKey {
    /// Reads a PKCS#8 PEM file.
    ///
    /// # Errors
    /// When it cannot be read or holds no Ed25519 key.
    pub fn read(path: &Path) -> Result<Self, SigningError> {
        let shown = || path.display().to_string();
        let pem =
            std::fs::read_to_string(path).map_err(|error| SigningError::Read { path: shown(), error })?;
        let key = ed25519_dalek::SigningKey::from_pkcs8_pem(&pem)
            .map_err(|error| SigningError::Key { path: shown(), detail: error.to_string() })?;
        Self::new(&key).map_err(|error| SigningError::Key { path: shown(), detail: error.to_string() })
    }

    /// The pair of `key`.
    fn new(key: &ed25519_dalek::SigningKey) -> Result<Self, ed25519_dalek::pkcs8::Error> {
        let der = key.to_pkcs8_der()?;
        let verifying = key.verifying_key();
        let x = URL_SAFE_NO_PAD.encode(verifying.as_bytes());
        // RFC 7638, section 3: the required members, in order, without spaces.
        let thumbprint = Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#));
        Ok(Self {
            id: URL_SAFE_NO_PAD.encode(thumbprint),
            private: EncodingKey::from_ed_der(der.as_bytes()),
            public: DecodingKey::from_ed_der(verifying.as_bytes()),
            derive: hmac(&hmac(key.as_bytes()).chain_update(DERIVE).finalize().into_bytes().into()),
            x,
        })
    }

    /// The key's id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Signs.
    #[must_use]
    pub fn private(&self) -> &EncodingKey {
        &self.private
    }

    /// Checks.
    #[must_use]
    pub fn public(&self) -> &DecodingKey {
        &self.public
    }

    /// The Ed25519 signature over these bytes, in base64url. Whatever is signed must say in itself what it is, so that one thing is
    /// never taken for another.
    #[must_use]
    pub fn signature(&self, message: &[u8]) -> Option<String> {
        crypto::sign(message, &self.private, Algorithm::EdDSA).ok()
    }

    /// A token that only who has the key can make, and always the same for the same words: 64 hexadecimal digits
    /// (HMAC-SHA-256, RFC 2104). The first word says what it is for.
    #[must_use]
    pub fn derived(&self, words: &[&str]) -> String {
        // The length before each word keeps words apart that together read alike.
        let length = |word: &str| u64::try_from(word.len()).unwrap_or(u64::MAX).to_be_bytes();
        let mac = words
            .iter()
            .fold(self.derive.clone(), |mac, word| mac.chain_update(length(word)).chain_update(word));
        mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The public half as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.id, "use": "sig", "alg": "EdDSA"
        }]})
    }
}

/// Whether a signature that [`SigningKey::signature`] made over these bytes holds.
#[must_use]
pub fn holds(message: &[u8], signature: &str, key: &DecodingKey) -> bool {
    crypto::verify(signature, message, key, Algorithm::EdDSA).unwrap_or(false)
}

/// HMAC with a key of 32 bytes, which zeros make as long as a block (RFC 2104, section 2).
fn hmac(key: &[u8; 32]) -> Hmac<Sha256> {
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(to, from)| *to = *from);
    Hmac::new(&block.into())
}

/// Why public keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PublicKeysError {
    /// The file cannot be read.
    #[error("cannot read the public keys `{path}`: {error}")]
    Read {
        /// The file.
        path: String,
        /// Why.
        error: std::io::Error,
    },
    /// It is not a set of Ed25519 public keys.
    #[error("the public keys `{path}` are not a JWK set of Ed25519 keys, each with a `kid`: {detail}")]
    Malformed {
        /// The file.
        path: String,
        /// What is wrong.
        detail: String,
    },
}

/// Ed25519 public keys by their ids, from a JWK set (RFC 7517).
#[derive(Clone, Default)]
pub struct PublicKeys(HashMap<String, DecodingKey>);

impl PublicKeys {
    /// Reads a file.
    ///
    /// # Errors
    /// When it cannot be read or holds anything but Ed25519 keys with ids.
    pub fn read(path: &Path) -> Result<Self, PublicKeysError> {
        let shown = || path.display().to_string();
        let malformed = |detail: String| PublicKeysError::Malformed { path: shown(), detail };
        let text = std::fs::read(path).map_err(|error| PublicKeysError::Read { path: shown(), error })?;
        let set: JwkSet = serde_json::from_slice(&text).map_err(|error| malformed(error.to_string()))?;
        let mut keys = HashMap::new();
        for jwk in &set.keys {
            let ed25519 = matches!(
                &jwk.algorithm,
                AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519
            );
            let kid = jwk.common.key_id.clone().filter(|_| ed25519);
            let kid = kid.ok_or_else(|| malformed("a key is not Ed25519 or has no `kid`".to_owned()))?;
            keys.insert(kid, DecodingKey::from_jwk(jwk).map_err(|error| malformed(error.to_string()))?);
        }
        Ok(Self(keys))
    }

    /// The key of this id.
    #[must_use]
    pub fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}

impl fmt::Debug for PublicKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKeys").field("kids", &self.0.keys()).finish_non_exhaustive()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}
