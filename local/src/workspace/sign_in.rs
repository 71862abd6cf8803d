//! Sign in with Slack: the workspace as an OpenID Connect provider, for an identity provider that lets people in through it.
//! Its endpoints, its answers and the claims of its tokens are those of
//! <https://docs.slack.dev/authentication/sign-in-with-slack>; its issuer is this server's address.

mod authorize;
mod token;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::State as Shared;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use url::Url;

use super::id::UserId;
use crate::door::digest;
use crate::random;
use crate::serve::Served;

/// How long a code is good for.
const CODE: Duration = Duration::from_secs(600);

/// How long a token is good for that reads whose it is.
const TOKEN: Duration = Duration::from_secs(300);

/// The scopes there are.
const SCOPES: [&str; 3] = ["openid", "profile", "email"];

/// More than anybody signs in at the same time: the oldest is forgotten.
const MOST: usize = 1000;

/// What has been given out. It is gone with the process, as nobody keeps a sign-in that long.
#[derive(Default)]
pub(crate) struct SignIns {
    codes: Mutex<Kept<Code>>,
    tokens: Mutex<Kept<Scoped>>,
}

/// By what is kept of the secret, in the order of making.
struct Kept<T>(BTreeMap<String, (Instant, T)>);

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

/// Whose data may be read, and which.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Scoped {
    user: UserId,
    scopes: Vec<String>,
}

/// What somebody said yes to.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Code {
    of: Scoped,
    redirect: Url,
    nonce: Option<String>,
}

impl<T: Clone> Kept<T> {
    /// Keeps it under a secret that is made for it.
    fn put(&mut self, prefix: &str, what: T) -> String {
        while self.0.len() >= MOST {
            let oldest = self.0.iter().min_by_key(|(_, (at, _))| *at).map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { break };
            self.0.remove(&oldest);
        }
        let secret = format!("{prefix}{}", random::mixed(43));
        self.0.insert(digest(&secret), (Instant::now(), what));
        secret
    }

    /// Gives it once.
    fn take(&mut self, secret: &str, life: Duration) -> Option<T> {
        let (at, what) = self.0.remove(&digest(secret))?;
        (at.elapsed() < life).then_some(what)
    }

    /// Gives it as often as it is asked for.
    fn get(&self, secret: &str, life: Duration) -> Option<T> {
        let (at, what) = self.0.get(&digest(secret))?;
        (at.elapsed() < life).then(|| what.clone())
    }
}

fn held<T>(kept: &Mutex<Kept<T>>) -> std::sync::MutexGuard<'_, Kept<T>> {
    kept.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The methods, which stand among those of the Web API.
pub(crate) fn methods() -> Router<Arc<Served>> {
    Router::new()
        .route("/api/openid.connect.token", post(token::exchange))
        .route("/api/openid.connect.userInfo", get(token::about).post(token::about))
}

/// What people and their clients open.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/.well-known/openid-configuration", get(configuration))
        .route("/openid/connect/keys", get(keys))
        .route("/openid/connect/authorize", get(authorize::show).post(authorize::decide))
}

/// As <https://slack.com/.well-known/openid-configuration>.
async fn configuration(Shared(served): Shared<Arc<Served>>) -> Json<Value> {
    let base = served.addresses.base();
    Json(json!({
        "issuer": base,
        "authorization_endpoint": format!("{base}/openid/connect/authorize"),
        "token_endpoint": format!("{base}/api/openid.connect.token"),
        "userinfo_endpoint": format!("{base}/api/openid.connect.userInfo"),
        "jwks_uri": format!("{base}/openid/connect/keys"),
        "scopes_supported": SCOPES,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "auth_time", "iss"],
        "claims_parameter_supported": false,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
    }))
}

async fn keys(Shared(served): Shared<Arc<Served>>) -> Json<Value> {
    Json(served.issuer.keys().set())
}
