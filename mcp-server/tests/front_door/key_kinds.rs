//! Keys of every kind that an issuer may publish, and what a test does to the issuer itself.

use crate::issuer::{Issuer, TestKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use rsa::pkcs1::EncodeRsaPrivateKey;
use rsa::rand_core::OsRng;
use rsa::traits::PublicKeyParts;
use serde_json::json;
use std::sync::LazyLock;
use std::sync::atomic::Ordering;

/// The P-256 key that every issuer publishes beside its own.
pub(crate) static P256: LazyLock<TestKey> = LazyLock::new(|| TestKey::p256("p256"));

/// A key that every issuer publishes for encryption alone.
pub(crate) static ENCRYPTION: LazyLock<TestKey> = LazyLock::new(|| {
    let mut key = TestKey::p256("encryption");
    key.jwk["use"] = json!("enc");
    key
});

/// One RSA key for all tests, which does not say with which algorithm it is used: to make one takes a while.
pub(crate) static RSA: LazyLock<TestKey> = LazyLock::new(|| {
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

    /// The same key for another algorithm of its kind.
    pub(crate) fn with(&self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self.clone() }
    }
}

impl Issuer {
    /// Publishes a key of every kind.
    pub(crate) fn publish_every_kind(&self) {
        self.publish_only(&[&self.key, &P256, &RSA, &ENCRYPTION]);
    }

    /// Publishes exactly these keys from now on.
    pub(crate) fn publish_only(&self, keys: &[&TestKey]) {
        *self.served.keys.lock().unwrap() = keys.iter().map(|key| key.jwk.clone()).collect();
    }

    /// How often it was asked at all.
    pub(crate) fn described(&self) -> u32 {
        self.served.described.load(Ordering::SeqCst)
    }

    /// How often the keys were asked for.
    pub(crate) fn asked(&self) -> u32 {
        self.served.asked.load(Ordering::SeqCst)
    }

    /// Makes it unreachable, or reachable again.
    pub(crate) fn set_down(&self, down: bool) {
        self.served.down.store(down, Ordering::SeqCst);
    }
}
