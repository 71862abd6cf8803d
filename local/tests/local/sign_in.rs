//! Sign in with Slack: the workspace as an OpenID provider, by a real client library and by hand.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthType, AuthorizationCode, ClientId, ClientSecret, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse,
    RedirectUrl, Scope, TokenResponse,
};
use reqwest::{Method, StatusCode};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use url::Url;

use crate::app::App;
use crate::browser::Browser;
use crate::issuer::authorize::{sent_back, speak};

const BACK: &str = "http://127.0.0.1:54321/broker/slack/endpoint";

async fn started() -> App {
    App::start_with(|config| config.sign_in_redirects.push(Url::parse(BACK).unwrap())).await
}

/// The address of a request; `more` replaces what is usual.
fn request(app: &App, more: &[(&str, &str)]) -> String {
    let mut all: Vec<(&str, &str)> = vec![
        ("response_type", "code"),
        ("client_id", &app.credentials.client_id),
        ("redirect_uri", BACK),
        ("scope", "openid profile email"),
        ("state", "s"),
        ("nonce", "n"),
    ];
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    Url::parse_with_params(&format!("{}/openid/connect/authorize", app.base), all).unwrap().into()
}

/// Presses the button of the person with this name; where that leads.
async fn choose(browser: &Browser, address: &str, name: &str) -> String {
    let page = browser.get(address).await;
    let place = page.texts(".choice .name").iter().position(|shown| shown == name).unwrap();
    let id = page.attributes(".choice", "value")[place].clone();
    let chosen = browser.submit(&page.form("/openid/connect/authorize"), ("person", &id)).await;
    chosen.location.unwrap()
}

async fn code(app: &App, browser: &Browser, more: &[(&str, &str)]) -> String {
    sent_back(&choose(browser, &request(app, more), "Gil Moreau").await).1["code"].clone()
}

/// The answer of a method to a form.
async fn method(app: &App, name: &str, fields: &[(&str, &str)]) -> Value {
    let answer = app.http.post(format!("{}/api/openid.connect.{name}", app.base)).form(fields).send().await;
    let answer = answer.unwrap();
    assert_eq!(answer.status(), StatusCode::OK, "as with every method");
    answer.json().await.unwrap()
}

async fn redeemed(app: &App, code: &str, more: &[(&str, &str)]) -> Value {
    let secret = app.credentials.client_secret.expose_secret();
    let mut all = vec![
        ("client_id", app.credentials.client_id.as_str()),
        ("client_secret", secret),
        ("grant_type", "authorization_code"),
        ("redirect_uri", BACK),
        ("code", code),
    ];
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    method(app, "token", &all).await
}

#[tokio::test]
async fn a_client_library_signs_somebody_in_with_their_account() {
    let app = started().await;
    let issuer = IssuerUrl::new(app.base.clone()).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &speak).await.unwrap();
    let secret = ClientSecret::new(app.credentials.client_secret.expose_secret().to_owned());
    for auth in [AuthType::BasicAuth, AuthType::RequestBody] {
        let id = ClientId::new(app.credentials.client_id.clone());
        let library = CoreClient::from_provider_metadata(metadata.clone(), id, Some(secret.clone()))
            .set_redirect_uri(RedirectUrl::new(BACK.into()).unwrap())
            .set_auth_type(auth);
        let flow = CoreAuthenticationFlow::AuthorizationCode;
        let (url, state, nonce) = library
            .authorize_url(flow, CsrfToken::new_random, Nonce::new_random)
            .add_scope(Scope::new("email".into()))
            .add_scope(Scope::new("profile".into()))
            .url();
        let browser = Browser::let_in(&app).await;
        let (there, parameters) = sent_back(&choose(&browser, url.as_str(), "Ben Okafor").await);
        assert!(there.as_str().starts_with(BACK));
        assert_eq!(&parameters["state"], state.secret());
        let code = AuthorizationCode::new(parameters["code"].clone());
        let tokens = library.exchange_code(code).unwrap().request_async(&speak).await.unwrap();
        let facts = tokens.id_token().unwrap().claims(&library.id_token_verifier(), &nonce).unwrap();
        assert_eq!(facts.email().unwrap().as_str(), "ben@example.com");
        assert_eq!(facts.email_verified(), Some(true));
        let about: CoreUserInfoClaims = library
            .user_info(tokens.access_token().clone(), Some(facts.subject().clone()))
            .unwrap()
            .request_async(&speak)
            .await
            .unwrap();
        assert_eq!(about.name().unwrap().get(None).unwrap().as_str(), "Ben Okafor");
    }
}

#[tokio::test]
async fn what_is_told_of_somebody_is_what_they_agreed_to() {
    let app = started().await;
    let browser = Browser::let_in(&app).await;
    let whole = redeemed(&app, &code(&app, &browser, &[]).await, &[]).await;
    assert_eq!((&whole["ok"], &whole["token_type"]), (&json!(true), &json!("Bearer")), "{whole}");
    let token = whole["access_token"].as_str().unwrap().to_owned();
    let about = method(&app, "userInfo", &[("token", &token)]).await;
    let users = app.api("users.lookupByEmail", json!({"email": "gil@example.com"})).await;
    let team = app.api("team.info", json!({})).await;
    assert_eq!(about["https://slack.com/user_id"], users["user"]["id"]);
    assert_eq!(about["https://slack.com/team_id"], team["team"]["id"]);
    assert_eq!((&about["sub"], &about["email"]), (&users["user"]["id"], &json!("gil@example.com")));
    let bare = redeemed(&app, &code(&app, &browser, &[("scope", "openid")]).await, &[]).await;
    let token = bare["access_token"].as_str().unwrap().to_owned();
    let about = method(&app, "userInfo", &[("token", &token)]).await;
    assert_eq!((&about["email"], &about["name"]), (&Value::Null, &Value::Null), "{about}");
    for token in ["xoxp-made-up", app.credentials.bot_token.expose_secret()] {
        assert_eq!(method(&app, "userInfo", &[("token", token)]).await["error"], "invalid_auth");
    }
    assert_eq!(method(&app, "userInfo", &[]).await["error"], "not_authed");
    // Whoever is not there any more is told of no more.
    app.control(Method::PATCH, "people/gil", json!({"deleted": true})).await;
    assert_eq!(method(&app, "userInfo", &[("token", &token)]).await["error"], "account_inactive");
    let page = browser.get(&request(&app, &[])).await;
    assert_eq!(page.texts(".choice .name"), ["Ana Sousa", "Ben Okafor", "Cy Tanaka"]);
}

#[tokio::test]
async fn a_code_is_good_once_for_the_app_that_it_was_given_for() {
    let app = started().await;
    let browser = Browser::let_in(&app).await;
    for (more, error) in [
        (("client_id", "1.2"), "invalid_client_id"),
        (("client_secret", ""), "bad_client_secret"),
        (("client_secret", "0123456789abcdef0123456789abcdef"), "bad_client_secret"),
        (("grant_type", "password"), "invalid_grant_type"),
        (("code", "made-up"), "invalid_code"),
        (("code", ""), "invalid_code"),
        (("redirect_uri", "http://127.0.0.1:54321/other"), "bad_redirect_uri"),
        (("redirect_uri", ""), "bad_redirect_uri"),
    ] {
        let code = code(&app, &browser, &[]).await;
        let refused = redeemed(&app, &code, &[more]).await;
        assert_eq!(
            (&refused["ok"], &refused["error"]),
            (&json!(false), &json!(error)),
            "{more:?}: {refused}"
        );
    }
    let code = code(&app, &browser, &[]).await;
    assert_eq!(redeemed(&app, &code, &[]).await["ok"], true);
    assert_eq!(redeemed(&app, &code, &[]).await["error"], "invalid_code");
}

#[tokio::test]
async fn nobody_is_sent_anywhere_else_and_nobody_signs_in_unseen() {
    let app = started().await;
    let browser = Browser::let_in(&app).await;
    for more in [
        ("client_id", "1.2"),
        ("redirect_uri", "https://evil.example/broker/slack/endpoint"),
        ("redirect_uri", "http://127.0.0.1:54321/broker/slack/endpoint/"),
        ("redirect_uri", ""),
        ("response_type", "token"),
        ("scope", "openid chat:write"),
        ("scope", "email"),
    ] {
        let page = browser.get(&request(&app, &[more])).await;
        assert_eq!((page.status, page.location), (StatusCode::BAD_REQUEST, None), "{more:?}");
    }
    // A browser that does not hold this workspace's secret sees nothing, and a form without the page's token does nothing.
    assert_eq!(Browser::stranger(&app).get(&request(&app, &[])).await.status, StatusCode::FORBIDDEN);
    let page = browser.get(&request(&app, &[])).await;
    let mut form = page.form("/openid/connect/authorize");
    let cancelled = browser.submit(&form, ("cancel", "yes")).await;
    assert_eq!(sent_back(cancelled.location.as_deref().unwrap()).1["error"], "access_denied");
    form.fields.retain(|(name, _)| name != "form_token");
    let forged = browser.submit(&form, ("person", &page.attributes(".choice", "value")[0])).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
}
