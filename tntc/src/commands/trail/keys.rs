//! The public keys that heads are signed with.

use super::TrailError;
use jsonwebtoken::DecodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, JwkSet};
use std::collections::HashMap;

/// Keys by their ids.
pub(super) struct Keys(HashMap<String, DecodingKey>);

impl Keys {
    /// Reads a JWK set that was found at `place`. A set with anything else in it is not guessed about.
    pub(super) fn read(set: JwkSet, place: &str) -> Result<Self, TrailError> {
        let wrong = |detail: String| TrailError::Keys { place: place.to_owned(), detail };
        let mut keys = HashMap::new();
        for jwk in set.keys {
            let ed25519 = matches!(
                &jwk.algorithm,
                AlgorithmParameters::OctetKeyPair(pair) if pair.curve == EllipticCurve::Ed25519
            );
            let kid = jwk.common.key_id.clone().filter(|_| ed25519);
            let kid = kid.ok_or_else(|| wrong("a key is not Ed25519 or has no `kid`".to_owned()))?;
            let key = DecodingKey::from_jwk(&jwk).map_err(|error| wrong(error.to_string()))?;
            keys.insert(kid, key);
        }
        if keys.is_empty() { Err(wrong("there is no key in it".to_owned())) } else { Ok(Self(keys)) }
    }

    /// The key with this id.
    pub(super) fn get(&self, kid: &str) -> Option<&DecodingKey> {
        self.0.get(kid)
    }
}
