//! An issuer on loopback: discovery, keys, and tokens with whatever claims a test wants.

use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::pkcs8::EncodePrivateKey;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// An Ed25519 key pair for tests.
#[derive(Clone)]
pub(crate) struct TestKey {
    pub(crate) kid: String,
    pub(crate) private: EncodingKey,
    pub(crate) pem: String,
    pub(crate) jwk: Value,
}

impl TestKey {
    pub(crate) fn new(kid: &str) -> Self {
        let key = ed25519_dalek::SigningKey::from_bytes(&rand::random());
        let x = URL_SAFE_NO_PAD.encode(key.verifying_key().as_bytes());
        Self {
            kid: kid.to_owned(),
            private: EncodingKey::from_ed_der(key.to_pkcs8_der().unwrap().as_bytes()),
            pem: key.to_pkcs8_pem(LineEnding::LF).unwrap().to_string(),
            jwk: json!({"kty": "OKP", "crv": "Ed25519", "x": x, "kid": kid, "use": "sig", "alg": "EdDSA"}),
        }
    }
}

/// The issuer.
#[derive(Clone)]
pub(crate) struct Issuer {
    pub(crate) url: String,
    pub(crate) key: TestKey,
    /// What the issuer publishes; a test may change it.
    pub(crate) keys: Arc<Mutex<Vec<Value>>>,
    /// How often the keys were asked for.
    pub(crate) asked: Arc<Mutex<u32>>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = TestKey::new("issuer-1");
        let keys = Arc::new(Mutex::new(vec![key.jwk.clone()]));
        let asked = Arc::new(Mutex::new(0));
        let (described, published, counted) = (url.clone(), Arc::clone(&keys), Arc::clone(&asked));
        let describe = move || async move {
            Json(json!({"issuer": described, "jwks_uri": format!("{described}/keys")}))
        };
        let publish = move || async move {
            *counted.lock().unwrap() += 1;
            Json(json!({"keys": *published.lock().unwrap()}))
        };
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(describe))
            .route("/keys", get(publish));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, key, keys, asked }
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
    let mut header = Header::new(Algorithm::EdDSA);
    header.kid = Some(key.kid.clone());
    jsonwebtoken::encode(&header, claims, &key.private).unwrap()
}
