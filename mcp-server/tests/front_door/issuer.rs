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
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, LazyLock, Mutex};
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

/// One RSA key for all tests: to make one takes a while.
static RSA: LazyLock<TestKey> = LazyLock::new(|| {
    let key = rsa::RsaPrivateKey::new(&mut OsRng, 2048).unwrap();
    let [n, e] = [key.n(), key.e()].map(|number| URL_SAFE_NO_PAD.encode(number.to_bytes_be()));
    TestKey {
        kid: "rsa".to_owned(),
        algorithm: Algorithm::RS256,
        private: EncodingKey::from_rsa_der(key.to_pkcs1_der().unwrap().as_bytes()),
        jwk: json!({"kty": "RSA", "n": n, "e": e, "kid": "rsa", "use": "sig"}),
        pem: String::new(),
    }
});

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

    /// A new P-256 key.
    pub(crate) fn p256(kid: &str) -> Self {
        use p256::elliptic_curve::sec1::ToEncodedPoint;
        use p256::pkcs8::EncodePrivateKey;
        let key = p256::SecretKey::random(&mut OsRng);
        let point = key.public_key().to_encoded_point(false);
        let [x, y] = [point.x(), point.y()].map(|number| URL_SAFE_NO_PAD.encode(number.unwrap()));
        Self {
            kid: kid.to_owned(),
            algorithm: Algorithm::ES256,
            private: EncodingKey::from_ec_der(key.to_pkcs8_der().unwrap().as_bytes()),
            pem: String::new(),
            jwk: json!({"kty": "EC", "crv": "P-256", "x": x, "y": y, "kid": kid, "use": "sig", "alg": "ES256"}),
        }
    }

    /// The RSA key of all tests, which does not say with which algorithm it is used.
    pub(crate) fn rsa() -> Self {
        RSA.clone()
    }

    /// The same key for another algorithm of its kind.
    pub(crate) fn with(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
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
    pub(crate) p256: TestKey,
    /// A key that is published for encryption alone.
    pub(crate) encryption: TestKey,
    keys: Arc<Mutex<Vec<Value>>>,
    described: Arc<AtomicU32>,
    asked: Arc<AtomicU32>,
    down: Arc<AtomicBool>,
}

impl Issuer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = TestKey::new("issuer-1");
        let (p256, mut encryption) = (TestKey::p256("p256"), TestKey::p256("encryption"));
        encryption.jwk["use"] = json!("enc");
        let (keys, described, asked, down) = (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        let issuer = Self { url, key, p256, encryption, keys, described, asked, down };
        issuer.publish_only(&[&issuer.key, &issuer.p256, &TestKey::rsa(), &issuer.encryption]);
        let (described, publishing) = (issuer.clone(), issuer.clone());
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(async move || described.describe()))
            .route("/keys", get(async move || publishing.publish()));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        issuer
    }

    fn describe(&self) -> Response {
        self.described.fetch_add(1, Ordering::SeqCst);
        if self.down.load(Ordering::SeqCst) {
            return StatusCode::BAD_GATEWAY.into_response();
        }
        Json(json!({"issuer": self.url, "jwks_uri": format!("{}/keys", self.url)})).into_response()
    }

    fn publish(&self) -> Response {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Json(json!({"keys": *self.keys.lock().unwrap()})).into_response()
    }

    /// How often it was asked at all.
    pub(crate) fn described(&self) -> u32 {
        self.described.load(Ordering::SeqCst)
    }

    /// How often the keys were asked for.
    pub(crate) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    /// Makes it unreachable, or reachable again.
    pub(crate) fn set_down(&self, down: bool) {
        self.down.store(down, Ordering::SeqCst);
    }

    /// Publishes exactly these keys from now on.
    pub(crate) fn publish_only(&self, keys: &[&TestKey]) {
        *self.keys.lock().unwrap() = keys.iter().map(|key| key.jwk.clone()).collect();
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
