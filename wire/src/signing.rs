//! An Ed25519 key pair from a file: the Kraken signs channel assertions with one, the server the heads of its trail with
//! another.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use jsonwebtoken::{DecodingKey, EncodingKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
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
}

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

    /// The public half as a JWK set (RFC 7517).
    #[must_use]
    pub fn jwks(&self) -> Value {
        json!({"keys": [{
            "kty": "OKP", "crv": "Ed25519", "x": self.x, "kid": self.id, "use": "sig", "alg": "EdDSA"
        }]})
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}
