//! An issuer on loopback: discovery, keys, and tokens with whatever header and claims a test wants.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Map, Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// A key pair for tests.
#[derive(Clone)]
pub(crate) struct TestKey {
    pub(crate) kid: String,
    pub(crate) algorithm: Algorithm,
    pub(crate) private: EncodingKey,
    pub(crate) jwk: Value,
    /// The private half of an Ed25519 key as a file holds it.
    pub(crate) pem: String,
}

impl TestKey {
    /// A new Ed25519 key.
    pub(crate) fn new(kid: &str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        Self {
            kid: kid.to_owned(),
            algorithm: Algorithm::EdDSA,
            private: EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes()),
            pem: key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA"}),
        }
    }

    /// The header of a token that is signed with this key.
    pub(crate) fn header(&self) -> Value {
        json!({"typ": "JWT", "alg": format!("{:?}", self.algorithm), "kid": self.kid})
    }

    /// A token with exactly this header and payload.
    pub(crate) fn jws(&self, header: &Value, payload: &str) -> String {
        let message =
            [header.to_string().as_str(), payload].map(|part| URL_SAFE_NO_PAD.encode(part)).join(".");
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &self.private, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

/// The issuer.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) key: TestKey,
    pub(crate) served: Arc<Served>,
}

/// What it serves, and how often it was asked.
#[derive(Default)]
pub(crate) struct Served {
    pub(crate) keys: Mutex<Vec<Value>>,
    pub(crate) described: AtomicU32,
    pub(crate) asked: AtomicU32,
    /// Nobody can reach it.
    pub(crate) down: AtomicBool,
    /// What it says of itself besides.
    pub(crate) besides: Mutex<Map<String, Value>>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let issuer = Self { url, key: TestKey::new("issuer-1"), served: Arc::default() };
        issuer.served.keys.lock().unwrap().push(issuer.key.jwk.clone());
        let (described, publishing) = (issuer.clone(), issuer.clone());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || described.describe()))
            .route("/keys", get(async move || publishing.publish()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    fn describe(&self) -> Response {
        self.served.described.fetch_add(1, Ordering::SeqCst);
        if self.served.down.load(Ordering::SeqCst) {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        let mut told = json!({"issuer": self.url, "jwks_uri": format!("{}/keys", self.url)});
        let besides = self.served.besides.lock().unwrap().clone();
        told.as_object_mut().unwrap().extend(besides);
        Json(told).into_response()
    }

    fn publish(&self) -> Response {
        self.served.asked.fetch_add(1, Ordering::SeqCst);
        Json(json!({"keys": *self.served.keys.lock().unwrap()})).into_response()
    }

    /// The claims of a good access token.
    pub(crate) fn claims(&self, subject: &str, client: &str) -> Value {
        let now = Timestamp::now().as_second();
        json!({
            "iss": self.url, "sub": subject, "aud": ["tentacular", "account"], "azp": client, "typ": "Bearer",
            "iat": now, "exp": now + 300, "name": subject, "email": format!("{subject}@example.com"),
            "email_verified": true,
        })
    }

    pub(crate) fn token(&self, subject: &str, client: &str) -> String {
        self.sign(&self.claims(subject, client))
    }

    pub(crate) fn sign(&self, claims: &Value) -> String {
        sign(claims, &self.key)
    }
}

pub(crate) fn sign(claims: &Value, key: &TestKey) -> String {
    key.jws(&key.header(), &claims.to_string())
}
