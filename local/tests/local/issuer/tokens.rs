//! What stands in the tokens, and who gets which.

use std::time::Duration;

use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use reqwest::StatusCode;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{claims, fresh_token, post, try_fresh_token, userinfo};
use crate::app::App;

async fn keys(app: &App) -> JwkSet {
    app.http.get(format!("{}/oidc/jwks", app.base)).send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn an_access_token_has_the_claims_of_keycloaks() {
    let app = App::start().await;
    let tokens = fresh_token(&app, "ana", "agents").await;
    assert_eq!((&tokens["token_type"], &tokens["expires_in"]), (&json!("Bearer"), &json!(300)));
    let access = claims(&tokens["access_token"]);
    assert_eq!(access["iss"], format!("{}/oidc", app.base));
    assert_eq!(access["aud"], json!(["tentacular"]));
    assert_eq!((&access["azp"], &access["typ"]), (&json!("agents"), &json!("Bearer")));
    assert_eq!(access["exp"].as_i64().unwrap() - access["iat"].as_i64().unwrap(), 300);
    assert_eq!(access["scope"], "openid profile email");
    assert_eq!((&access["email"], &access["email_verified"]), (&json!("ana@example.com"), &json!(true)));
    assert_eq!((&access["name"], &access["preferred_username"]), (&json!("Ana Sousa"), &json!("ana")));
    for claim in ["jti", "sid", "sub"] {
        uuid::Uuid::parse_str(access[claim].as_str().unwrap()).unwrap();
    }
    let id = claims(&tokens["id_token"]);
    assert_eq!((&id["typ"], &id["aud"], &id["sub"]), (&json!("ID"), &json!("agents"), &access["sub"]));
}

#[tokio::test]
async fn tokens_are_signed_by_the_published_key() {
    let app = App::start().await;
    let set = keys(&app).await;
    let token = fresh_token(&app, "ana", "agents").await["access_token"].as_str().unwrap().to_owned();
    let header = jsonwebtoken::decode_header(&token).unwrap();
    assert_eq!(header.alg, Algorithm::RS256);
    let key = DecodingKey::from_jwk(set.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut rules = Validation::new(Algorithm::RS256);
    rules.set_audience(&["tentacular"]);
    rules.set_issuer(&[format!("{}/oidc", app.base)]);
    jsonwebtoken::decode::<Value>(&token, &key, &rules).unwrap();
    let json: Value =
        app.http.get(format!("{}/oidc/jwks", app.base)).send().await.unwrap().json().await.unwrap();
    assert_eq!((&json["keys"][0]["use"], &json["keys"][0]["kty"]), (&json!("sig"), &json!("RSA")));
    assert!(json["keys"][0].get("d").is_none(), "the private half stays here");
    let again = app.restart().await;
    assert_eq!(keys(&again).await, set);
}

#[tokio::test]
async fn a_key_is_made_where_there_is_none() {
    use std::os::unix::fs::PermissionsExt;
    let app = App::start().await;
    let before = keys(&app).await;
    std::fs::remove_file(app.kept("issuer-key.pem")).unwrap();
    let app = app.restart().await;
    assert_ne!(keys(&app).await, before);
    let mode = std::fs::metadata(app.kept("issuer-key.pem")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn each_person_is_somebody_else_for_ever() {
    let app = App::start().await;
    let subject = async |app: &App, person: &str| {
        claims(&fresh_token(app, person, "agents").await["access_token"])["sub"].clone()
    };
    let mut before = Vec::new();
    for person in ["ana", "ben", "cy", "gil"] {
        let sub = subject(&app, person).await;
        assert!(!before.contains(&sub));
        before.push(sub);
    }
    let app = app.restart().await;
    assert_eq!(subject(&app, "ana").await, before[0]);
}

#[tokio::test]
async fn the_relay_has_its_own_identity_by_its_secret() {
    let app = App::start().await;
    let secret = app.credentials.relay_secret.expose_secret();
    let in_form =
        [("grant_type", "client_credentials"), ("client_id", "kraken-relay"), ("client_secret", secret)];
    let (status, answer) = post(&app, "token", &in_form).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    assert!(answer.get("refresh_token").is_none() && answer.get("id_token").is_none());
    let access = claims(&answer["access_token"]);
    assert_eq!((&access["azp"], &access["aud"]), (&json!("kraken-relay"), &json!(["tentacular"])));
    assert_eq!((&access["email_verified"], access.get("email")), (&json!(false), None));
    assert_eq!(userinfo(&app, &answer["access_token"]).await.0, StatusCode::UNAUTHORIZED);

    let url = format!("{}/oidc/token", app.base);
    let basic = async |id: &str, secret: &str, fields: &[(&str, &str)]| {
        let sent = app.http.post(&url).basic_auth(id, Some(secret)).form(fields).send().await.unwrap();
        (sent.status(), sent.json::<Value>().await.unwrap())
    };
    let grant = [("grant_type", "client_credentials")];
    let (status, again) = basic("kraken-relay", secret, &grant).await;
    assert_eq!(status, StatusCode::OK, "{again}");
    assert_eq!(claims(&again["access_token"])["sub"], access["sub"]);
    assert_eq!(basic("kraken-relay", "wrong", &grant).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(basic("kraken-relay", secret, &in_form).await.1["error"], "invalid_request");
    let rows: [(&[(&str, &str)], &str); 4] = [
        (&[grant[0], ("client_id", "kraken-relay")], "invalid_client"),
        (&[grant[0], ("client_id", "kraken-relay"), ("client_secret", "x")], "invalid_client"),
        (&[grant[0], ("client_id", "agents")], "unauthorized_client"),
        (&[grant[0]], "invalid_client"),
    ];
    for (fields, expected) in rows {
        assert_eq!(super::token_error(&app, fields).await, expected, "{fields:?}");
    }
}

#[tokio::test]
async fn a_fresh_token_is_for_people_and_their_clients() {
    let app = App::start().await;
    for client in ["agents", "tntc", "kraken"] {
        assert_eq!(claims(&fresh_token(&app, "cy", client).await["access_token"])["azp"], client);
    }
    for (person, client) in
        [("nobody", "agents"), ("ana", "nobody"), ("ana", "kraken-relay"), ("kraken", "agents")]
    {
        assert!(try_fresh_token(&app, person, client).await.0.is_client_error(), "{person} {client}");
    }
}

#[tokio::test]
async fn what_is_no_access_token_tells_nothing() {
    let app = App::start().await;
    let tokens = fresh_token(&app, "ana", "agents").await;
    assert_eq!(userinfo(&app, &tokens["access_token"]).await.1["email"], "ana@example.com");
    let altered = tokens["access_token"].as_str().unwrap().replace('.', ".A");
    for bad in [&tokens["id_token"], &tokens["refresh_token"], &json!("x"), &json!(altered)] {
        assert_eq!(userinfo(&app, bad).await.0, StatusCode::UNAUTHORIZED);
    }
    let bare = app.http.get(format!("{}/oidc/userinfo", app.base)).send().await.unwrap();
    assert!(bare.headers()["www-authenticate"].to_str().unwrap().starts_with("Bearer"));
}

#[tokio::test]
async fn a_token_is_over_when_it_says() {
    let app = App::start_with(|config| config.lifetimes.access_token = Duration::ZERO).await;
    let tokens = fresh_token(&app, "ana", "agents").await;
    assert_eq!(tokens["expires_in"], 0);
    crate::app::eventually("it is over", async || {
        userinfo(&app, &tokens["access_token"]).await.0 == StatusCode::UNAUTHORIZED
    })
    .await;
}
