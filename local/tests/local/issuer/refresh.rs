//! Refresh tokens: replaced at each use, ended by reuse, revocation and a disabled account.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{claims, fresh_token, post, token_error, userinfo};
use crate::app::App;

fn refresh<'a>(tokens: &'a Value, client: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", tokens["refresh_token"].as_str().unwrap()),
    ]
}

async fn next(app: &App, tokens: &Value) -> Value {
    let (status, answer) = post(app, "token", &refresh(tokens, "agents")).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test]
async fn each_refresh_token_is_good_once_and_reuse_ends_all() {
    let app = App::start().await;
    let first = fresh_token(&app, "ana", "agents").await;
    let second = next(&app, &first).await;
    let third = next(&app, &second).await;
    assert_ne!(second["refresh_token"], third["refresh_token"]);
    let (one, other) = (claims(&first["access_token"]), claims(&third["access_token"]));
    assert_eq!(
        (&one["sub"], &one["sid"], &one["auth_time"]),
        (&other["sub"], &other["sid"], &other["auth_time"])
    );
    assert_ne!(one["jti"], other["jti"]);

    assert_eq!(token_error(&app, &refresh(&first, "agents")).await, "invalid_grant");
    assert_eq!(
        token_error(&app, &refresh(&third, "agents")).await,
        "invalid_grant",
        "the whole family ended"
    );
    assert_eq!(userinfo(&app, &third["access_token"]).await.0, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_refresh_token_belongs_to_its_client() {
    let app = App::start().await;
    let tokens = fresh_token(&app, "ana", "agents").await;
    assert_eq!(token_error(&app, &refresh(&tokens, "tntc")).await, "invalid_grant");
    let broken = json!({ "refresh_token": "no-dot" });
    assert_eq!(token_error(&app, &refresh(&broken, "agents")).await, "invalid_grant");
    next(&app, &tokens).await;
}

#[tokio::test]
async fn a_refresh_token_survives_a_restart() {
    let app = App::start().await;
    let tokens = fresh_token(&app, "ana", "agents").await;
    let app = app.restart().await;
    let again = next(&app, &tokens).await;
    assert_eq!(claims(&again["access_token"])["sub"], claims(&tokens["access_token"])["sub"]);
    assert_eq!(userinfo(&app, &tokens["access_token"]).await.0, StatusCode::OK, "the key is the same");
}

#[tokio::test]
async fn revoked_tokens_are_over() {
    let app = App::start().await;
    let revoke = async |token: &Value, client: &str| {
        post(&app, "revoke", &[("client_id", client), ("token", token.as_str().unwrap())]).await.0
    };
    let tokens = fresh_token(&app, "ana", "agents").await;
    assert_eq!(revoke(&tokens["access_token"], "tntc").await, StatusCode::BAD_REQUEST, "another client's");
    assert_eq!(revoke(&tokens["refresh_token"], "tntc").await, StatusCode::BAD_REQUEST);
    assert_eq!(revoke(&tokens["access_token"], "agents").await, StatusCode::OK);
    assert_eq!(userinfo(&app, &tokens["access_token"]).await.0, StatusCode::UNAUTHORIZED);
    let again = next(&app, &tokens).await;
    assert_eq!(revoke(&again["refresh_token"], "agents").await, StatusCode::OK);
    assert_eq!(token_error(&app, &refresh(&again, "agents")).await, "invalid_grant");
    assert_eq!(revoke(&json!("never was one"), "agents").await, StatusCode::OK);
    assert_eq!(revoke(&json!("x"), "nobody").await, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn a_disabled_account_gets_nothing_more() {
    let app = App::start().await;
    let tokens = fresh_token(&app, "ben", "agents").await;
    app.control(Method::PATCH, "identities/ben", json!({ "disabled": true })).await;
    assert_eq!(token_error(&app, &refresh(&tokens, "agents")).await, "invalid_grant");
    assert_eq!(userinfo(&app, &tokens["access_token"]).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(super::try_fresh_token(&app, "ben", "agents").await.0, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_changed_address_shows_in_the_next_token_of_the_same_subject() {
    let app = App::start().await;
    let before = fresh_token(&app, "ben", "agents").await;
    let new = json!({ "email": "benny@example.com", "email_verified": false });
    app.control(Method::PATCH, "identities/ben", new).await;
    let (before, after) =
        (claims(&before["access_token"]), claims(&next(&app, &before).await["access_token"]));
    assert_eq!(before["sub"], after["sub"]);
    assert_eq!((&after["email"], &after["email_verified"]), (&json!("benny@example.com"), &json!(false)));
}

#[tokio::test]
async fn what_was_given_out_is_told_to_a_test_that_asked_before() {
    let app = App::start().await;
    let given = async || -> Value {
        let sent = app.http.get(format!("{}/control/issued", app.base)).bearer_auth(&app.secret).send();
        sent.await.unwrap().json().await.unwrap()
    };
    let before = fresh_token(&app, "ana", "agents").await;
    next(&app, &before).await;
    assert_eq!(given().await, json!({"device_codes": [], "codes": [], "refresh_tokens": []}));
    app.control(Method::POST, "issued", json!({})).await;
    let (_, device) = post(&app, "device", &[("client_id", "kraken")]).await;
    let first = fresh_token(&app, "ben", "agents").await;
    let second = next(&app, &first).await;
    let given = given().await;
    assert_eq!(given["device_codes"], json!([device["device_code"]]));
    let secret =
        |tokens: &Value| tokens["refresh_token"].as_str().unwrap().split_once('.').unwrap().1.to_owned();
    assert_eq!(given["refresh_tokens"], json!([secret(&first), secret(&second)]));
}
