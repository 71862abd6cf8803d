//! The device flow (RFC 8628).

use std::time::Duration;

use serde_json::Value;

use super::{VERIFIER, challenge, claims, post, token_error};
use crate::app::App;
use crate::browser::Browser;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// An issuer that may be polled at once.
async fn patient() -> App {
    App::start_with(|config| config.lifetimes.poll_interval = Duration::ZERO).await
}

async fn start(app: &App, more: &[(&str, &str)]) -> Value {
    let mut fields = vec![("client_id", "kraken"), ("scope", "openid email offline_access")];
    fields.extend(more);
    let (status, answer) = post(app, "device", &fields).await;
    assert!(status.is_success(), "{answer}");
    answer
}

fn poll<'a>(code: &'a Value, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![
        ("grant_type", GRANT),
        ("client_id", "kraken"),
        ("device_code", code["device_code"].as_str().unwrap()),
    ];
    fields.extend(more);
    fields
}

/// Somebody opens the link and presses a button.
async fn answer(app: &App, started: &Value, button: (&str, &str)) -> String {
    let browser = Browser::let_in(app).await;
    let page = browser.get(started["verification_uri_complete"].as_str().unwrap()).await;
    assert_eq!(page.texts(".user-code .code"), [started["user_code"].as_str().unwrap()]);
    assert_eq!(page.texts(".lead strong"), ["The Kraken"]);
    browser.submit(&page.form("/oidc/verify"), button).await.text
}

#[tokio::test]
async fn a_person_signs_a_device_in() {
    let app = patient().await;
    let started = start(&app, &[("code_challenge", &challenge()), ("code_challenge_method", "S256")]).await;
    assert_eq!(started["verification_uri"], format!("{}/oidc/verify", app.base));
    assert_eq!(started["expires_in"], 600);
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "authorization_pending");

    let done = answer(&app, &started, ("person", "ana")).await;
    assert!(done.contains("Signed in as Ana Sousa") && done.contains("go back to Slack"), "{done}");
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "invalid_grant", "without the verifier");
    let wrong = VERIFIER.replace('a', "b");
    assert_eq!(token_error(&app, &poll(&started, &[("code_verifier", &wrong)])).await, "invalid_grant");

    let (status, tokens) = post(&app, "token", &poll(&started, &[("code_verifier", VERIFIER)])).await;
    assert!(status.is_success(), "{tokens}");
    let access = claims(&tokens["access_token"]);
    assert_eq!((&access["azp"], &access["preferred_username"]), (&"kraken".into(), &"ana".into()));
    assert!(tokens["refresh_token"].is_string() && tokens["id_token"].is_string());
    assert_eq!(token_error(&app, &poll(&started, &[("code_verifier", VERIFIER)])).await, "invalid_grant");
}

#[tokio::test]
async fn a_verifier_out_of_nowhere_is_refused() {
    let app = patient().await;
    let started = start(&app, &[]).await;
    answer(&app, &started, ("person", "ana")).await;
    assert_eq!(token_error(&app, &poll(&started, &[("code_verifier", VERIFIER)])).await, "invalid_grant");
    assert!(post(&app, "token", &poll(&started, &[])).await.0.is_success());
}

#[tokio::test]
async fn a_person_cancels() {
    let app = patient().await;
    let started = start(&app, &[]).await;
    assert!(answer(&app, &started, ("cancel", "yes")).await.contains("Cancelled"));
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "access_denied");
    let browser = Browser::let_in(&app).await;
    let again = browser.get(started["verification_uri_complete"].as_str().unwrap()).await;
    assert!(again.text.contains("answered before"), "an answer is final");
}

#[tokio::test]
async fn a_hasty_device_is_slowed_down() {
    let app = App::start().await;
    let started = start(&app, &[]).await;
    assert_eq!(started["interval"], 5);
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "authorization_pending");
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "slow_down");
    answer(&app, &started, ("person", "ana")).await;
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "slow_down", "even after the yes");
}

#[tokio::test]
async fn a_code_that_nobody_answered_is_over() {
    let app = App::start_with(|config| config.lifetimes.device_code = Duration::ZERO).await;
    let started = start(&app, &[]).await;
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "expired_token");
    let browser = Browser::let_in(&app).await;
    let page = browser.get(started["verification_uri_complete"].as_str().unwrap()).await;
    assert_eq!(page.texts("[role=alert]").len(), 1, "{}", page.text);
}

#[tokio::test]
async fn a_code_belongs_to_its_client() {
    let app = patient().await;
    let started = start(&app, &[]).await;
    answer(&app, &started, ("person", "ana")).await;
    let code = started["device_code"].as_str().unwrap();
    let other = [("grant_type", GRANT), ("client_id", "tntc"), ("device_code", code)];
    assert_eq!(token_error(&app, &other).await, "invalid_grant");
    let page = [("grant_type", GRANT), ("client_id", "page"), ("device_code", code)];
    assert_eq!(token_error(&app, &page).await, "unauthorized_client");
    let made_up = [("grant_type", GRANT), ("client_id", "kraken"), ("device_code", "made up")];
    assert_eq!(token_error(&app, &made_up).await, "invalid_grant");
}

#[tokio::test]
async fn what_cannot_be_started_says_why() {
    let app = patient().await;
    let rows: [(&[(&str, &str)], &str); 6] = [
        (&[], "invalid_client"),
        (&[("client_id", "nobody")], "invalid_client"),
        (&[("client_id", "page")], "unauthorized_client"),
        (
            &[("client_id", "kraken"), ("code_challenge", "x"), ("code_challenge_method", "plain")],
            "invalid_request",
        ),
        (&[("client_id", "kraken"), ("code_challenge_method", "S256")], "invalid_request"),
        (&[("client_id", "kraken"), ("client_id", "kraken")], "invalid_request"),
    ];
    for (fields, expected) in rows {
        let (status, answer) = post(&app, "device", fields).await;
        assert!(status.is_client_error());
        assert_eq!(answer["error"], expected, "{fields:?}");
    }
}

#[tokio::test]
async fn a_device_waits_over_a_restart() {
    let app = patient().await;
    let started = start(&app, &[]).await;
    let app = app.restart_with(|config| config.lifetimes.poll_interval = Duration::ZERO).await;
    assert_eq!(token_error(&app, &poll(&started, &[])).await, "authorization_pending");
    answer(&app, &started, ("person", "ben")).await;
    let (_, tokens) = post(&app, "token", &poll(&started, &[])).await;
    assert_eq!(claims(&tokens["access_token"])["preferred_username"], "ben");
}

#[tokio::test]
async fn a_code_may_be_typed_in_small_letters() {
    let app = patient().await;
    let started = start(&app, &[]).await;
    let typed = started["user_code"].as_str().unwrap().to_lowercase().replace('-', "");
    let browser = Browser::let_in(&app).await;
    let page = browser.get(&format!("/oidc/verify?user_code={typed}")).await;
    assert_eq!(page.texts("h1"), ["Who are you?"]);
    let page = browser.get("/oidc/verify?user_code=ZZZZ-ZZZZ").await;
    assert_eq!(page.texts("h1"), ["Enter the code"]);
}
