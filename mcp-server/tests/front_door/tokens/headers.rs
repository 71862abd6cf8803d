//! Tokens with good claims, whose header or key is not what it should be.

use super::{Kind, bearer};
use crate::issuer::{Issuer, TestKey};
use crate::key_kinds::{ENCRYPTION, RSA};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

pub(super) fn kinds(issuer: &Issuer, kraken: &TestKey) -> Vec<Kind> {
    let token = |(name, token): (&str, String)| (name.to_owned(), bearer(token));
    let mut kinds: Vec<Kind> = unsigned(issuer).into_iter().map(token).collect();
    kinds.extend(shared_secrets(issuer).into_iter().map(token));
    kinds.extend(wrong_keys(issuer, kraken).into_iter().map(token));
    kinds.extend(brought_along(issuer));
    kinds.extend(odd_headers(issuer));
    kinds
}

fn payload(issuer: &Issuer) -> String {
    issuer.claims("ana", "agents").to_string()
}

fn unsigned(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let make = |alg: &str, signature: &str| {
        let header = json!({"alg": alg, "typ": "JWT", "kid": issuer.key.kid});
        let [header, payload] =
            [header.to_string(), payload(issuer)].map(|part| URL_SAFE_NO_PAD.encode(part));
        format!("{header}.{payload}.{signature}")
    };
    vec![
        ("alg none", make("none", "")),
        ("alg None", make("None", "")),
        ("alg NONE with a signature", make("NONE", "AAAA")),
        ("alg EdDSA without a signature", make("EdDSA", "")),
        ("an empty alg", make("", "")),
        ("an unknown alg", make("XYZ1", "AAAA")),
    ]
}

/// The public key as the secret of a shared one: the oldest trick.
fn shared_secrets(issuer: &Issuer) -> Vec<(&'static str, String)> {
    let make = |algorithm, secret: &[u8]| {
        let key = TestKey { algorithm, private: EncodingKey::from_secret(secret), ..issuer.key.clone() };
        key.jws(&key.header(), &payload(issuer))
    };
    let x = issuer.key.jwk["x"].as_str().unwrap();
    vec![
        ("HS256 with the public key", make(Algorithm::HS256, &URL_SAFE_NO_PAD.decode(x).unwrap())),
        ("HS256 with the public key's text", make(Algorithm::HS256, x.as_bytes())),
        ("HS512 with the public JWK", make(Algorithm::HS512, issuer.key.jwk.to_string().as_bytes())),
        ("HS256 with an empty secret", make(Algorithm::HS256, b"")),
    ]
}

fn wrong_keys(issuer: &Issuer, kraken: &TestKey) -> Vec<(&'static str, String)> {
    let make = |key: &TestKey, kid: &str, alg: &str| {
        key.jws(&json!({"typ": "JWT", "alg": alg, "kid": kid}), &payload(issuer))
    };
    let (other, own, rsa) = (TestKey::new("other-realm"), issuer.key.kid.as_str(), &*RSA);
    vec![
        ("another realm's key", make(&other, "other-realm", "EdDSA")),
        ("another realm's key under our kid", make(&other, own, "EdDSA")),
        ("the Kraken's key", make(kraken, &kraken.kid, "EdDSA")),
        ("another P-256 key under a known kid", make(&TestKey::p256("p256"), "p256", "ES256")),
        ("an encryption key", make(&ENCRYPTION, "encryption", "ES256")),
        ("the kid of a key of another kind", make(&issuer.key, "rsa", "EdDSA")),
        ("another kind of algorithm than the key's", make(rsa, own, "RS256")),
        ("an algorithm that its key does not say", make(rsa, "p256", "RS256")),
        ("RS512", make(&rsa.with(Algorithm::RS512), "rsa", "RS512")),
        ("PS384", make(&rsa.with(Algorithm::PS384), "rsa", "PS384")),
        ("one algorithm said, another used", make(&rsa.with(Algorithm::PS256), "rsa", "RS256")),
    ]
}

/// A key that the token brings along, or says where to fetch.
fn brought_along(issuer: &Issuer) -> Vec<Kind> {
    let thief = TestKey::new("thief");
    let elsewhere = format!("{}/keys", issuer.url);
    let brought = [
        json!({"jwk": thief.jwk}),
        json!({"jku": "https://evil.example/keys"}),
        json!({"jku": elsewhere}),
        json!({"x5u": "https://evil.example/certificate"}),
        json!({"x5c": ["MIIB"], "x5t": "AAAA", "x5t#S256": "AAAA"}),
    ];
    let mut kinds = Vec::new();
    for extra in brought {
        for kid in [Some(issuer.key.kid.as_str()), Some("thief"), None] {
            let mut header = json!({"typ": "JWT", "alg": "EdDSA"});
            header.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            if let Some(kid) = kid {
                header["kid"] = json!(kid);
            }
            kinds.push((format!("header {header}"), bearer(thief.jws(&header, &payload(issuer)))));
        }
    }
    kinds
}

/// Signed by the right key, with a header that cannot be right.
fn odd_headers(issuer: &Issuer) -> Vec<Kind> {
    let odd = [
        json!({"kid": null}),
        json!({"kid": ""}),
        json!({"kid": "no-such-key"}),
        json!({"kid": "../../keys"}),
        json!({"kid": "' OR 1=1 --"}),
        json!({"kid": 1}),
        json!({"kid": [issuer.key.kid]}),
        json!({"kid": issuer.key.kid.to_uppercase()}),
        json!({"crit": ["exp"]}),
        json!({"crit": ["b64"], "b64": false}),
        json!({"crit": ["https://example.com/must-understand"], "https://example.com/must-understand": true}),
        json!({"crit": []}),
        json!({"alg": null}),
        json!({"alg": "eddsa"}),
        json!({"alg": ["EdDSA"]}),
        json!({"typ": ["JWT"]}),
        json!({"typ": "at+jwt", "claims": {"typ": "ID"}}),
        json!({"typ": "at+jwt", "claims": {"typ": "Refresh"}}),
        json!({"typ": "tentacular-assertion+jwt", "claims": {"typ": null}}),
    ];
    odd.iter().map(|odd| odd_header(issuer, odd)).collect()
}

/// `odd` is laid over a good header; its `claims` over good claims.
fn odd_header(issuer: &Issuer, odd: &Value) -> Kind {
    let (mut header, mut claims) = (issuer.key.header(), issuer.claims("ana", "agents"));
    for (field, value) in odd.as_object().unwrap() {
        match field.as_str() {
            "claims" => claims.as_object_mut().unwrap().extend(value.as_object().unwrap().clone()),
            _ => header[field] = value.clone(),
        }
    }
    (format!("header with {odd}"), bearer(issuer.key.jws(&header, &claims.to_string())))
}
