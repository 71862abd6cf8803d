//! Tokens that are signed as they should be, and claim what they should not.

use super::{Kind, bearer};
use crate::issuer::Issuer;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) fn kinds(issuer: &Issuer) -> Vec<Kind> {
    let mut kinds = Vec::new();
    for (claim, value) in values(&issuer.url) {
        let mut claims = issuer.claims("ana", "agents");
        let name = format!("{claim} is {value}");
        set(&mut claims, claim, value);
        kinds.push((name, bearer(issuer.sign(&claims))));
    }
    kinds.extend(
        together(issuer).into_iter().map(|(name, claims)| (name.to_owned(), bearer(issuer.sign(&claims)))),
    );
    kinds.extend(twice(issuer));
    for payload in ["[]", "{}", "null", "\"ana\"", "{\"sub\":\"ana\"", "not json", ""] {
        let token = issuer.key.jws(&issuer.key.header(), payload);
        kinds.push((format!("the payload is `{payload}`"), bearer(token)));
    }
    kinds
}

/// What is told apart from any value.
const MISSING: &str = "(missing)";

fn set(claims: &mut Value, claim: &str, value: Value) {
    match value == MISSING {
        true => claims.as_object_mut().unwrap().remove(claim),
        false => claims.as_object_mut().unwrap().insert(claim.to_owned(), value),
    };
}

/// One claim with a value that it must not have.
fn values(url: &str) -> Vec<(&'static str, Value)> {
    let now = Timestamp::now().as_second();
    let upper = url.replace("http", "HTTP");
    let with = |claim: &'static str, values: Value| -> Vec<(&'static str, Value)> {
        values.as_array().unwrap().iter().map(|value| (claim, value.clone())).collect()
    };
    let late = now + 3600;
    [
        with("exp", json!([now - 6, now - 86_400, 0, -1, MISSING, null, now.to_string(), "never", 1e300, u64::MAX])),
        with("exp", json!([i64::MAX, i64::MIN, now as f64 + 100.5, now + 301, now + 86_400, [now + 100], true])),
        with("iat", json!([now + 60, late, MISSING, null, now.to_string(), i64::MIN, -1, now as f64 + 0.5, u64::MAX])),
        with("nbf", json!([now + 60, late, now.to_string(), -1, u64::MAX, [now], "soon"])),
        with("iss", json!(["https://evil.example/realms/main", MISSING, null, "", format!("{url}/"), format!("{url}/realms/other")])),
        with("iss", json!([upper, [url], [url, "https://evil.example"], format!(" {url}"), {"url": url}])),
        with("aud", json!(["account", MISSING, null, "", [], ["account", "kraken"], "tentacular-other", "TENTACULAR", 7])),
        with("aud", json!(["tentacular ", ["tentacular", 1], {"tentacular": true}, "tentacular,account", [["tentacular"]]])),
        with("azp", json!([MISSING, null, "", "bearer-token", "keycloak", "Agents", "agents ", ["agents"], "*", 1])),
        with("azp", json!(["agents,kraken", "account-console", "security-admin-console"])),
        with("typ", json!([MISSING, null, "ID", "Refresh", "Offline", "Logout", "bearer", "DPoP", ["Bearer"], "Bearer "])),
        with("sub", json!([MISSING, null, "", "ana\u{0000}", "ana\n", 7, ["ana"], {"id": "ana"}, true])),
        with("email_verified", json!(["true", 1, {"value": true}])),
        with("email", json!([["ana@example.com"], 7])),
        with("name", json!([{"given": "ana"}])),
    ]
    .concat()
}

/// Several claims that make a token of another kind.
fn together(issuer: &Issuer) -> Vec<(&'static str, Value)> {
    let good = issuer.claims("ana", "agents");
    let with = |changes: Value| {
        let mut claims = good.clone();
        for (claim, value) in changes.as_object().unwrap() {
            set(&mut claims, claim, value.clone());
        }
        claims
    };
    vec![
        ("an ID token", with(json!({"typ": "ID", "aud": "agents", "nonce": "n", "auth_time": 1}))),
        ("an ID token for our audience", with(json!({"typ": "ID", "aud": "tentacular"}))),
        ("a refresh token", with(json!({"typ": "Refresh", "aud": issuer.url}))),
        ("a lightweight token", with(json!({"sub": MISSING, "aud": MISSING}))),
        ("a lightweight token for us", with(json!({"sub": MISSING, "name": MISSING, "email": MISSING}))),
        ("no azp but a client_id", with(json!({"azp": MISSING, "client_id": "agents"}))),
        (
            "a bearer-token provider",
            with(json!({"azp": "bearer-token", "identity_provider": "bearer-token"})),
        ),
        ("of the relay without a subject", with(json!({"azp": "kraken-relay", "sub": MISSING}))),
    ]
}

/// A claim that is there twice: which of the two counts must never matter.
fn twice(issuer: &Issuer) -> Vec<Kind> {
    let good = issuer.claims("ana", "agents");
    let others = json!({
        "sub": "ben", "exp": 1, "iat": 1, "azp": "kraken", "typ": "ID", "aud": "other", "iss": "https://evil.example",
        "email": "ben@example.com", "email_verified": false,
    });
    let mut kinds = Vec::new();
    for (claim, other) in others.as_object().unwrap() {
        let rest = good.to_string();
        let rest = rest.strip_prefix('{').unwrap();
        let payload = format!("{{\"{claim}\":{other},{rest}");
        kinds.push((
            format!("{claim} is there twice"),
            bearer(issuer.key.jws(&issuer.key.header(), &payload)),
        ));
    }
    kinds
}
