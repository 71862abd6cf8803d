//! The issuer, driven by the `openidconnect` crate and by hand.

pub(crate) mod authorize;
mod device;
mod refresh;
mod tokens;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::app::App;

/// A verifier, and its challenge.
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-characters-01";

fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER.as_bytes()))
}

/// The claims of a token, unchecked.
fn claims(token: &Value) -> Value {
    let body = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(body).unwrap()).unwrap()
}

/// The answer of an endpoint to a form.
async fn post(app: &App, path: &str, fields: &[(&str, &str)]) -> (StatusCode, Value) {
    let answer = app.http.post(format!("{}/oidc/{path}", app.base)).form(fields).send().await.unwrap();
    let (status, text) = (answer.status(), answer.text().await.unwrap());
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The error of the token endpoint.
async fn token_error(app: &App, fields: &[(&str, &str)]) -> String {
    let (status, answer) = post(app, "token", fields).await;
    assert!(status.is_client_error(), "{fields:?}: {answer}");
    answer["error"].as_str().unwrap().to_owned()
}

/// What the local issuer alone gives: a token of anybody.
pub(crate) async fn fresh_token(app: &App, person: &str, client: &str) -> Value {
    let (status, answer) = try_fresh_token(app, person, client).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

async fn try_fresh_token(app: &App, person: &str, client: &str) -> (StatusCode, Value) {
    let wish = json!({ "person": person, "client": client });
    let url = format!("{}/oidc/dev/token", app.base);
    let answer = app.http.post(url).bearer_auth(&app.secret).json(&wish).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}

/// The status and body of the userinfo endpoint.
async fn userinfo(app: &App, token: &Value) -> (StatusCode, Value) {
    let url = format!("{}/oidc/userinfo", app.base);
    let answer = app.http.get(url).bearer_auth(token.as_str().unwrap()).send().await.unwrap();
    (answer.status(), answer.json().await.unwrap())
}
