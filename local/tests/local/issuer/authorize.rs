//! The authorization code flow, by a real client library and by hand.

use std::time::Duration;

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreProviderMetadata, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, CsrfToken, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, TokenResponse,
};
use reqwest::StatusCode;
use serde_json::Value;
use url::Url;

use super::{VERIFIER, challenge, claims, post, token_error, userinfo};
use crate::app::{App, client};
use crate::browser::Browser;

const BACK: &str = "http://127.0.0.1:54321/callback";

/// How `openidconnect` speaks HTTP.
pub(crate) async fn speak(
    request: openidconnect::HttpRequest,
) -> Result<openidconnect::HttpResponse, reqwest::Error> {
    let answer = client().execute(request.try_into()?).await?;
    let mut response = http::Response::new(Vec::new());
    *response.status_mut() = answer.status();
    *response.headers_mut() = answer.headers().clone();
    *response.body_mut() = answer.bytes().await?.to_vec();
    Ok(response)
}

/// The parameters that somebody was sent back with.
pub(crate) fn sent_back(location: &str) -> (Url, std::collections::HashMap<String, String>) {
    let url = Url::parse(location).unwrap();
    let parameters = url.query_pairs().into_owned().collect();
    (url, parameters)
}

#[tokio::test]
async fn a_client_library_signs_somebody_in() {
    let app = App::start().await;
    let issuer = IssuerUrl::new(format!("{}/oidc", app.base)).unwrap();
    let metadata = CoreProviderMetadata::discover_async(issuer, &speak).await.unwrap();
    let library = CoreClient::from_provider_metadata(metadata, ClientId::new("agents".into()), None)
        .set_redirect_uri(RedirectUrl::new(BACK.into()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = library
        .authorize_url(CoreAuthenticationFlow::AuthorizationCode, CsrfToken::new_random, Nonce::new_random)
        .add_scope(Scope::new("email".into()))
        .set_pkce_challenge(challenge)
        .url();

    let browser = Browser::let_in(&app).await;
    let page = browser.get(url.as_str()).await;
    assert_eq!(page.texts(".choice .name"), ["Ana Sousa", "Ben Okafor", "Cy Tanaka", "Gil Moreau"]);
    let chosen = browser.submit(&page.form("/oidc/authorize"), ("person", "ben")).await;
    let (there, parameters) = sent_back(chosen.location.as_deref().unwrap());
    assert!(there.as_str().starts_with(BACK));
    assert_eq!(&parameters["state"], state.secret());
    assert_eq!(parameters["iss"], format!("{}/oidc", app.base));

    let code = AuthorizationCode::new(parameters["code"].clone());
    let verifier = PkceCodeVerifier::new(verifier.secret().clone());
    let tokens =
        library.exchange_code(code).unwrap().set_pkce_verifier(verifier).request_async(&speak).await.unwrap();
    let id_token = tokens.id_token().unwrap();
    let facts = id_token.claims(&library.id_token_verifier(), &nonce).unwrap();
    assert_eq!(facts.email().unwrap().as_str(), "ben@example.com");
    assert_eq!(facts.email_verified(), Some(true));
    let about: CoreUserInfoClaims = library
        .user_info(tokens.access_token().clone(), Some(facts.subject().clone()))
        .unwrap()
        .request_async(&speak)
        .await
        .unwrap();
    assert_eq!(about.preferred_username().unwrap().as_str(), "ben");
    let refresh = tokens.refresh_token().unwrap();
    let again = library.exchange_refresh_token(refresh).unwrap().request_async(&speak).await.unwrap();
    assert_ne!(again.access_token().secret(), tokens.access_token().secret());
}

/// The address of a request; `more` replaces what is usual.
fn request(app: &App, more: &[(&str, &str)]) -> String {
    let usual = challenge();
    let mut all: Vec<(&str, &str)> = vec![
        ("response_type", "code"),
        ("client_id", "agents"),
        ("redirect_uri", BACK),
        ("scope", "openid"),
        ("state", "s"),
        ("code_challenge", &usual),
        ("code_challenge_method", "S256"),
    ];
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    Url::parse_with_params(&format!("{}/oidc/authorize", app.base), all).unwrap().into()
}

/// Chooses somebody; gives the code.
async fn code(browser: &Browser, address: &str, person: &str) -> String {
    let page = browser.get(address).await;
    let chosen = browser.submit(&page.form("/oidc/authorize"), ("person", person)).await;
    sent_back(chosen.location.as_deref().unwrap()).1["code"].clone()
}

fn redeem<'a>(code: &'a str, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut all = vec![
        ("grant_type", "authorization_code"),
        ("client_id", "agents"),
        ("redirect_uri", BACK),
        ("code", code),
        ("code_verifier", VERIFIER),
    ];
    all.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    all.extend(more.iter().filter(|(_, value)| !value.is_empty()));
    all
}

async fn tokens(app: &App, code: &str) -> Value {
    let (status, answer) = post(app, "token", &redeem(code, &[])).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

#[tokio::test]
async fn a_code_is_good_for_exactly_what_it_was_given_for() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let code = code(&browser, &request(&app, &[]), "ana").await;
    let rows = [
        (redeem(&code, &[("code_verifier", "")]), "invalid_grant"),
        (redeem(&code, &[("code_verifier", "x")]), "invalid_grant"),
        (redeem(&code, &[("redirect_uri", "http://127.0.0.1:54321/other")]), "invalid_grant"),
        (redeem(&code, &[("redirect_uri", "")]), "invalid_grant"),
        (redeem(&code, &[("client_id", "tntc")]), "invalid_grant"),
        (redeem(&code, &[("client_id", "kraken")]), "unauthorized_client"),
        (redeem(&code, &[("client_id", "nobody")]), "invalid_client"),
        (redeem(&code, &[("client_id", "")]), "invalid_client"),
        (redeem("made-up", &[]), "invalid_grant"),
        (redeem("", &[]), "invalid_request"),
        (redeem(&code, &[("grant_type", "password")]), "unsupported_grant_type"),
    ];
    for (fields, expected) in rows {
        assert_eq!(token_error(&app, &fields).await, expected, "{fields:?}");
    }
    tokens(&app, &code).await;
}

#[tokio::test]
async fn a_replayed_code_ends_what_it_gave() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let code = code(&browser, &request(&app, &[]), "ana").await;
    let given = tokens(&app, &code).await;
    assert_eq!(userinfo(&app, &given["access_token"]).await.0, StatusCode::OK);
    assert_eq!(token_error(&app, &redeem(&code, &[])).await, "invalid_grant");
    assert_eq!(userinfo(&app, &given["access_token"]).await.0, StatusCode::UNAUTHORIZED);
    let refresh = given["refresh_token"].as_str().unwrap();
    let again = [("grant_type", "refresh_token"), ("client_id", "agents"), ("refresh_token", refresh)];
    assert_eq!(token_error(&app, &again).await, "invalid_grant");
}

#[tokio::test]
async fn a_code_is_over_soon() {
    let app = App::start_with(|config| config.lifetimes.code = Duration::ZERO).await;
    let browser = Browser::let_in(&app).await;
    let code = code(&browser, &request(&app, &[]), "ana").await;
    assert_eq!(token_error(&app, &redeem(&code, &[])).await, "invalid_grant");
}

#[tokio::test]
async fn nobody_is_sent_to_a_wrong_address() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let rows: [&[(&str, &str)]; 7] = [
        &[("redirect_uri", "https://evil.example/cb")],
        &[("redirect_uri", "http://127.0.0.1.evil.example/cb")],
        &[("redirect_uri", "http://127.0.0.1:1/cb#fragment")],
        &[("redirect_uri", "")],
        &[("client_id", "nobody")],
        &[("client_id", "kraken")],
        &[("client_id", "page")],
    ];
    for more in rows {
        let page = browser.get(&request(&app, more)).await;
        assert_eq!((page.status, page.location.as_deref()), (StatusCode::BAD_REQUEST, None), "{more:?}");
    }
}

#[tokio::test]
async fn a_bad_request_goes_back_with_its_error() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let rows: [(&[(&str, &str)], &str); 10] = [
        (&[("response_type", "token")], "unsupported_response_type"),
        (&[("response_type", "")], "invalid_request"),
        (&[("code_challenge", ""), ("code_challenge_method", "")], "invalid_request"),
        (&[("code_challenge_method", "plain")], "invalid_request"),
        (&[("code_challenge", "short")], "invalid_request"),
        (&[("request", "x")], "request_not_supported"),
        (&[("request_uri", "https://x")], "request_uri_not_supported"),
        (&[("prompt", "none")], "login_required"),
        (&[("prompt", "none login")], "invalid_request"),
        (&[("max_age", "soon")], "invalid_request"),
    ];
    for (more, expected) in rows {
        let page = browser.get(&request(&app, more)).await;
        let location = page.location.unwrap_or_else(|| panic!("{more:?} was shown: {}", page.text));
        let (_, parameters) = sent_back(&location);
        assert_eq!((parameters["error"].as_str(), parameters["state"].as_str()), (expected, "s"), "{more:?}");
        assert!(!parameters.contains_key("code"));
    }
}

#[tokio::test]
async fn a_person_who_cancels_is_sent_back() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get(&request(&app, &[])).await;
    let back = browser.submit(&page.form("/oidc/authorize"), ("cancel", "yes")).await;
    assert_eq!(sent_back(back.location.as_deref().unwrap()).1["error"], "access_denied");
    let nobody = browser.submit(&page.form("/oidc/authorize"), ("person", "nobody")).await;
    assert_eq!(sent_back(nobody.location.as_deref().unwrap()).1["error"], "access_denied");
}

#[tokio::test]
async fn a_session_counts_until_a_fresh_sign_in_is_asked_for() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let auth_time = async |address: String| {
        let code = code(&browser, &address, "ana").await;
        claims(&tokens(&app, &code).await["id_token"])["auth_time"].as_i64().unwrap()
    };
    let first = auth_time(request(&app, &[])).await;
    // Wait for another second to begin, so that a new sign-in has another time.
    crate::app::eventually("a second passes", async || jiff::Timestamp::now().as_second() > first).await;
    assert_eq!(auth_time(request(&app, &[])).await, first);
    assert_eq!(auth_time(request(&app, &[("max_age", "3600")])).await, first);

    let silent = browser.get(&request(&app, &[("prompt", "none")])).await;
    let (_, parameters) = sent_back(silent.location.as_deref().unwrap());
    let silent = tokens(&app, &parameters["code"]).await;
    assert_eq!(claims(&silent["id_token"])["auth_time"], first);
    let too_old = browser.get(&request(&app, &[("prompt", "none"), ("max_age", "0")])).await;
    assert_eq!(sent_back(too_old.location.as_deref().unwrap()).1["error"], "login_required");

    assert!(auth_time(request(&app, &[("prompt", "login")])).await > first);
}

#[tokio::test]
async fn signing_out_ends_what_the_browser_signed_in() {
    let app = App::start().await;
    let browser = Browser::let_in(&app).await;
    let code = code(&browser, &request(&app, &[("nonce", "n")]), "ana").await;
    let given = tokens(&app, &code).await;
    assert_eq!(claims(&given["id_token"])["nonce"], "n");
    let hint = given["id_token"].as_str().unwrap();
    let address = format!(
        "/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri=http://127.0.0.1:54321/bye&state=z"
    );
    let page = browser.get(&address).await;
    let left = browser.submit(&page.form("/oidc/logout"), ("x", "")).await;
    assert_eq!(left.location.as_deref(), Some("http://127.0.0.1:54321/bye?state=z"));
    assert_eq!(userinfo(&app, &given["access_token"]).await.0, StatusCode::UNAUTHORIZED);
    let silent = browser.get(&request(&app, &[("prompt", "none")])).await;
    assert_eq!(sent_back(silent.location.as_deref().unwrap()).1["error"], "login_required");
    let evil = format!("/oidc/logout?id_token_hint={hint}&post_logout_redirect_uri=https://evil.example/");
    let page = browser.get(&evil).await;
    assert_eq!(browser.submit(&page.form("/oidc/logout"), ("x", "")).await.location, None);
}

#[tokio::test]
async fn the_servers_page_has_its_configured_address_only() {
    let there = "http://127.0.0.1:9999/approve/callback";
    let app = App::start_with(|config| config.page_redirects = vec![there.parse().unwrap()]).await;
    let browser = Browser::let_in(&app).await;
    let page = browser.get(&request(&app, &[("client_id", "page"), ("redirect_uri", there)])).await;
    let chosen = browser.submit(&page.form("/oidc/authorize"), ("person", "ana")).await;
    assert!(chosen.location.unwrap().starts_with(there));
    let other = request(&app, &[("client_id", "page"), ("redirect_uri", BACK)]);
    assert_eq!(browser.get(&other).await.status, StatusCode::BAD_REQUEST);
}
