//! Tokens: the good ones are taken, and of the bad ones there are many kinds.

mod claims;
mod headers;
mod shapes;

use crate::app::{App, OPERATOR};
use crate::door::Door;
use crate::issuer::sign;
use crate::key_kinds::{P256, RSA};
use crate::rpc::{Answer, finish};
use jsonwebtoken::Algorithm;
use reqwest::Method;
use serde_json::json;

/// One kind of bad token: its name, and the `Authorization` headers that are sent.
pub(crate) type Kind = (String, Vec<Vec<u8>>);

/// The header with a token.
fn bearer(token: impl AsRef<[u8]>) -> Vec<Vec<u8>> {
    vec![[b"Bearer ", token.as_ref()].concat()]
}

/// Asks for the list of tools with exactly these `Authorization` headers.
async fn knock(door: &Door, headers: &[Vec<u8>]) -> Answer {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}});
    let mut request = door.request(Method::POST).body(message.to_string());
    for header in headers {
        request = request.header("authorization", header.as_slice());
    }
    finish(request).await
}

#[tokio::test]
async fn every_kind_of_bad_token_is_refused_with_the_way_to_a_good_one() {
    let app = App::start().await;
    let kinds =
        [claims::kinds(&app.issuer), headers::kinds(&app.issuer, &app.kraken), shapes::kinds(&app.issuer)];
    let kinds: Vec<Kind> = kinds.concat();
    assert!(kinds.len() >= 120, "{}", kinds.len());
    let metadata = format!("Bearer resource_metadata=\"{}/.well-known/oauth-protected-resource\"", app.url);
    let mut taken = Vec::new();
    for (name, headers) in kinds {
        let answer = knock(&app, &headers).await;
        if answer.status != 401 {
            taken.push((name, answer.status));
            continue;
        }
        assert_eq!(answer.header("www-authenticate"), metadata, "{name}");
        let told =
            answer.body.len() < 120 && !answer.body.contains("tentacular") && !answer.body.contains("eyJ");
        assert!(told, "{name} is told too much: {}", answer.body);
    }
    assert_eq!(taken, []);
    assert_eq!(knock(&app, &bearer(app.agent("ana"))).await.status, 200, "a good one is still taken");
}

#[tokio::test]
async fn every_open_page_says_where_to_sign_in_and_nothing_more() {
    let app = App::start().await;
    let page =
        app.http.get(format!("{}/.well-known/oauth-protected-resource", app.url)).send().await.unwrap();
    let page: serde_json::Value = page.json().await.unwrap();
    assert_eq!(page["authorization_servers"], json!([app.issuer.url]));
    assert_eq!(page["resource"], format!("{}/mcp", app.url));
    for path in ["/healthz", "/readyz", "/metrics", "/.well-known/jwks.json"] {
        assert_eq!(app.status_of(path).await, Some(200), "{path}");
    }
}

#[tokio::test]
async fn a_token_in_the_address_or_in_a_cookie_is_no_token() {
    let app = App::start().await;
    let token = app.agent("ana");
    let by_address = app.http.post(format!("{}/mcp?access_token={token}", app.url)).send().await.unwrap();
    assert_eq!(by_address.status(), 401);
    let by_cookie = finish(app.request(Method::POST).header("cookie", format!("token={token}")).body("{}"));
    assert_eq!(by_cookie.await.status, 401);
}

#[tokio::test]
async fn good_tokens_of_every_algorithm_are_taken() {
    let app = App::start().await;
    let mut claims = app.issuer.claims("ana", "agents");
    for key in [&app.issuer.key, &P256, &RSA, &RSA.with(Algorithm::PS256)] {
        claims["aud"] = json!("tentacular");
        assert_eq!(knock(&app, &bearer(sign(&claims, key))).await.status, 200, "{:?}", key.algorithm);
    }
    // RFC 9068 says the type in the header, and schemes are not case-sensitive (RFC 9110)
    claims.as_object_mut().unwrap().remove("typ");
    let mut header = app.issuer.key.header();
    header["typ"] = json!("at+jwt");
    let token = app.issuer.key.jws(&header, &claims.to_string());
    assert_eq!(knock(&app, &[format!("bEARER {token}").into_bytes()]).await.status, 200);
}

#[tokio::test]
async fn no_claim_makes_more_of_anybody_than_a_person() {
    let app = App::start().await;
    let plain = app.tools(&app.agent("ana")).await;
    let mut claims = app.issuer.claims("ana", "agents");
    let tricks = json!({
        "identity_provider": "bearer-token", "provider": "bearer-token", "groups": ["/admin", "operators"],
        "realm_access": {"roles": ["admin", "operator"]}, "scope": "openid admin", "operator": "olga",
        "scopes": ["read", "freeze"], "kind": "operator", "client_id": "kraken-relay", "act": {"sub": "olga"},
        "resource_access": {"tentacular": {"roles": ["owner"]}}, "tentacular.io/enclave": "price-watch",
        "preferred_username": "service-account-kraken-relay", "amr": ["break-glass"], "acr": "operator",
    });
    claims.as_object_mut().unwrap().extend(tricks.as_object().unwrap().clone());
    let token = app.issuer.sign(&claims);
    let who = app.call(&token, "whoami", json!({})).await.unwrap();
    assert_eq!(
        (&who["kind"], &who["subject"], &who["client"]),
        (&json!("person"), &json!("ana"), &json!("agents"))
    );
    assert_eq!(app.tools(&token).await, plain);
}

#[tokio::test]
async fn an_operators_token_is_compared_whole_and_ends_with_its_entry() {
    let app = App::start().await;
    assert_eq!(knock(&app, &bearer(OPERATOR)).await.status, 200);
    let with_dots = format!("an.operators.{OPERATOR}");
    app.break_glass(&[(&with_dots, &policy::Scope::ALL), ("short", &policy::Scope::ALL)]);
    // what looks like a JWT is never compared, what is short is no secret, and the first entry is gone
    for token in [with_dots.as_str(), "short", OPERATOR] {
        assert_eq!(knock(&app, &bearer(token)).await.status, 401, "{token}");
    }
    let file = std::fs::read_to_string(app.file("glass.json")).unwrap();
    app.break_glass(&[(OPERATOR, &policy::Scope::ALL)]);
    assert_eq!(knock(&app, &bearer(OPERATOR)).await.status, 200);
    let ended = file.replace("2100-01-01", "2001-01-01");
    for broken in [ended.as_str(), "{", r#"{"entries": [], "more": 1}"#] {
        std::fs::write(app.file("glass.json"), broken).unwrap();
        assert_eq!(knock(&app, &bearer(OPERATOR)).await.status, 401, "{broken}");
    }
}
