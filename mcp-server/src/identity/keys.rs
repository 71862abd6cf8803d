//! The issuer's public keys: fetched, kept for a while, and never believed when they are old.

use crate::pace::KeyPace;
use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};
use tokio::sync::Mutex;
use url::Url;

const FETCH_TIMEOUT: Duration = Duration::from_secs(5);

/// The largest answer that is read, in bytes.
const MAX_ANSWER: usize = 256 * 1024;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The issuer cannot be reached or answers nonsense.
    #[error("cannot fetch `{url}`: {detail}")]
    Fetch {
        /// What was fetched.
        url: String,
        /// What went wrong.
        detail: String,
    },
    /// The issuer's own description names another issuer.
    #[error(
        "`{expected}` describes itself as `{found}`: set --oidc-issuer to exactly what the issuer calls itself"
    )]
    OtherIssuer {
        /// The configured one.
        expected: String,
        /// What the description says.
        found: String,
    },
    /// The keys would travel in clear over a network.
    #[error("the issuer's keys at `{0}` are not behind https")]
    Insecure(String),
}

/// What is read of the issuer's description (OpenID Connect Discovery 1.0, section 3).
#[derive(Debug, Clone, Deserialize)]
pub struct Discovery {
    /// What the issuer calls itself.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Url,
}

/// One usable key.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) decoding: DecodingKey,
    /// The only algorithm that the issuer uses it with, where it says so.
    pub(super) algorithm: Option<Algorithm>,
    /// Tells it from another key that is published under the same `kid`.
    pub(super) print: Arc<str>,
}

#[derive(Default)]
struct KeySet {
    keys: HashMap<String, Key>,
    fetched: Option<Instant>,
}

/// The issuer's keys.
pub struct Keys {
    issuer: String,
    http: reqwest::Client,
    pace: KeyPace,
    set: RwLock<Arc<KeySet>>,
    /// Held while fetching, so that there is one fetch at a time; says when the last one began.
    fetching: Mutex<Option<Instant>>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Keys {
    /// The keys of `issuer`; none yet.
    #[must_use]
    pub fn new(issuer: String, http: reqwest::Client, pace: KeyPace) -> Self {
        Self { issuer, http, pace, set: RwLock::default(), fetching: Mutex::default() }
    }

    /// Whether the keys are young enough to be believed.
    #[must_use]
    pub fn fresh(&self) -> bool {
        self.is_fresh(&self.current())
    }

    /// Whether exactly this key is still published as `kid`, and the keys are fresh.
    pub(super) fn holds(&self, kid: &str, print: &str) -> bool {
        let set = self.current();
        self.is_fresh(&set) && set.keys.get(kid).is_some_and(|key| *key.print == *print)
    }

    fn is_fresh(&self, set: &KeySet) -> bool {
        set.fetched.is_some_and(|fetched| self.pace.since(fetched) < self.pace.max_age)
    }

    /// The key named `kid`; asks the issuer once when it is not known, at a bounded rate.
    pub(super) async fn get(&self, kid: &str) -> Option<Key> {
        if let Some(key) = self.current().keys.get(kid) {
            return self.fresh().then(|| key.clone());
        }
        let mut began = self.fetching.lock().await;
        // Somebody else may have fetched while we waited.
        let known = self.current().keys.get(kid).cloned();
        let lately = |began: Instant| self.pace.since(began) < self.pace.refetch_at_most_every;
        if known.is_some() || began.is_some_and(lately) {
            return known.filter(|_| self.fresh());
        }
        *began = Some((self.pace.now)());
        if let Err(error) = self.fetch().await {
            tracing::warn!(%error, "the issuer's keys could not be fetched");
        }
        self.current().keys.get(kid).cloned().filter(|_| self.fresh())
    }

    /// Fetches the keys now and then, for ever.
    pub async fn keep_fresh(&self) {
        let mut wait = Duration::ZERO;
        loop {
            tokio::time::sleep(wait).await;
            let mut began = self.fetching.lock().await;
            *began = Some((self.pace.now)());
            wait = match self.fetch().await {
                Ok(()) => self.pace.refresh_every,
                Err(error) => {
                    tracing::warn!(%error, "the issuer's keys could not be fetched; trying again");
                    self.pace.refetch_at_most_every
                }
            };
        }
    }

    fn current(&self) -> Arc<KeySet> {
        self.set.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn fetch(&self) -> Result<(), KeyError> {
        let address = format!("{}/.well-known/openid-configuration", self.issuer.trim_end_matches('/'));
        let discovery: Discovery = self.get_json(&address).await?;
        if discovery.issuer != self.issuer {
            return Err(KeyError::OtherIssuer { expected: self.issuer.clone(), found: discovery.issuer });
        }
        let as_issuer = self.issuer.starts_with("http://") && discovery.jwks_uri.scheme() == "http";
        if discovery.jwks_uri.scheme() != "https" && !as_issuer {
            return Err(KeyError::Insecure(discovery.jwks_uri.into()));
        }
        let answer: RawKeys = self.get_json(discovery.jwks_uri.as_str()).await?;
        let keys = answer.keys.into_iter().filter_map(usable).collect();
        let set = Arc::new(KeySet { keys, fetched: Some((self.pace.now)()) });
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = set;
        Ok(())
    }

    async fn get_json<T: for<'de> Deserialize<'de>>(&self, url: &str) -> Result<T, KeyError> {
        let failed = |detail: String| KeyError::Fetch { url: url.to_owned(), detail };
        let request = self.http.get(url).timeout(FETCH_TIMEOUT).send();
        let mut answer = request
            .await
            .and_then(reqwest::Response::error_for_status)
            .map_err(|error| failed(error.without_url().to_string()))?;
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| failed(error.to_string()))? {
            if body.len() + chunk.len() > MAX_ANSWER {
                return Err(failed(format!("the answer is longer than {MAX_ANSWER} bytes")));
            }
            body.extend_from_slice(&chunk);
        }
        serde_json::from_slice(&body).map_err(|error| failed(error.to_string()))
    }
}

/// The keys as they come: one that we cannot read must not keep us from the others.
#[derive(Deserialize)]
struct RawKeys {
    keys: Vec<serde_json::Value>,
}

/// A key that can be used for signatures, with its id; `None` for encryption keys and for kinds not known here.
fn usable(raw: serde_json::Value) -> Option<(String, Key)> {
    let print = wire::canonical::sha256(&raw).ok()?.into();
    let jwk: Jwk = serde_json::from_value(raw).ok()?;
    if !matches!(jwk.common.public_key_use, None | Some(PublicKeyUse::Signature)) {
        return None;
    }
    let kid = jwk.common.key_id.clone()?;
    let algorithm = match jwk.common.key_algorithm {
        None => None,
        Some(named) => Some(named.to_string().parse().ok()?),
    };
    let decoding = DecodingKey::from_jwk(&jwk).ok()?;
    Some((kid, Key { decoding, algorithm, print }))
}
