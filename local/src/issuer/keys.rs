//! The signing key: RSA, made at the first start and kept. One key, because nothing here needs a second.

use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::{Jwk, PublicKeyUse, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, LineEnding};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// The key's file in the state folder.
pub(super) const FILE: &str = "issuer-key.pem";
const BITS: usize = 2048;

/// Why the key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    /// The file holds no RSA key.
    #[error("`{path}` holds no usable key: {source}; move it away to make a new one")]
    Unusable {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        source: jsonwebtoken::errors::Error,
    },
}

/// Makes a key, as PEM.
pub(super) fn make() -> Result<String, rsa::pkcs8::Error> {
    let key =
        RsaPrivateKey::new(&mut rsa::rand_core::OsRng, BITS).map_err(|_| rsa::pkcs8::Error::KeyMalformed)?;
    Ok(key.to_pkcs8_pem(LineEnding::LF)?.to_string())
}

/// The key, ready to sign and to check.
pub(crate) struct Keys {
    signing: EncodingKey,
    checking: DecodingKey,
    id: String,
    public: Jwk,
}

impl Keys {
    pub(super) fn read(path: &Path, pem: &str) -> Result<Self, KeyError> {
        let unusable = |source| KeyError::Unusable { path: path.to_owned(), source };
        let signing = EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(unusable)?;
        let mut public = Jwk::from_encoding_key(&signing, Algorithm::RS256).map_err(unusable)?;
        let id = public.thumbprint(ThumbprintHash::SHA256).map_err(unusable)?;
        public.common.key_id = Some(id.clone());
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        let checking = DecodingKey::from_jwk(&public).map_err(unusable)?;
        Ok(Self { signing, checking, id, public })
    }

    /// The public half, as a key set.
    pub(crate) fn set(&self) -> Value {
        json!({ "keys": [self.public] })
    }

    /// A signed token.
    pub(crate) fn sign(&self, claims: &impl Serialize) -> Result<String, jsonwebtoken::errors::Error> {
        let header = Header { kid: Some(self.id.clone()), ..Header::new(Algorithm::RS256) };
        jsonwebtoken::encode(&header, claims, &self.signing)
    }

    /// The claims of a token of our own, for `audience` where one is named.
    pub(super) fn check<C: DeserializeOwned + Clone>(
        &self,
        token: &str,
        issuer: &str,
        audience: Option<&str>,
    ) -> Result<C, jsonwebtoken::errors::Error> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.leeway = 0;
        rules.set_issuer(&[issuer]);
        match audience {
            Some(audience) => rules.set_audience(&[audience]),
            None => rules.validate_aud = false,
        }
        rules.set_required_spec_claims(&["exp", "iss", "sub"]);
        Ok(jsonwebtoken::decode(token, &self.checking, &rules)?.claims)
    }

    /// The claims of an ID token of our own, which may be over: it only says who is to be signed out.
    pub(super) fn check_hint<C: DeserializeOwned + Clone>(
        &self,
        token: &str,
        issuer: &str,
    ) -> Result<C, jsonwebtoken::errors::Error> {
        let mut rules = Validation::new(Algorithm::RS256);
        rules.validate_exp = false;
        rules.validate_aud = false;
        rules.set_issuer(&[issuer]);
        Ok(jsonwebtoken::decode(token, &self.checking, &rules)?.claims)
    }
}
