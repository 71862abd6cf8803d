//! `openid.connect.token` and `openid.connect.userInfo`.
//! <https://docs.slack.dev/reference/methods/openid.connect.token>,
//! <https://docs.slack.dev/reference/methods/openid.connect.userInfo>

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State as Shared};
use http::{HeaderMap, header};
use jiff::Timestamp;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{CODE, Scoped, TOKEN, held};
use crate::door::same;
use crate::issuer::{at_hash, basic};
use crate::serve::Served;
use crate::workspace::api::args::Args;
use crate::workspace::shape::with;
use crate::workspace::state::{State, User};

/// How long an ID token is good for, in seconds.
const ID_TOKEN: i64 = 300;

/// Gives tokens for a code, once. As with every method a refusal is answered with 200 and `ok` false.
pub(super) async fn exchange(Shared(served): Shared<Arc<Served>>, request: Request) -> Json<Value> {
    Json(given(&served, request).await.unwrap_or_else(refused))
}

async fn given(served: &Served, request: Request) -> Result<Value, &'static str> {
    let by_header = client_in(request.headers());
    let args = Args::read(request).await.map_err(|_| "invalid_arguments")?;
    let (id, secret) = match by_header {
        Some(client) => client,
        None => (args.text("client_id").unwrap_or_default(), args.text("client_secret").unwrap_or_default()),
    };
    if id != served.credentials.client_id {
        return Err("invalid_client_id");
    }
    if !same(&secret, served.credentials.client_secret.expose_secret()) {
        return Err("bad_client_secret");
    }
    if args.text("grant_type").is_some_and(|grant| grant != "authorization_code") {
        return Err("invalid_grant_type");
    }
    let code = args.text("code").ok_or("invalid_code")?;
    let code = held(&served.workspace.sign_ins.codes).take(&code, CODE).ok_or("invalid_code")?;
    if args.text("redirect_uri").as_deref() != Some(code.redirect.as_str()) {
        return Err("bad_redirect_uri");
    }
    let state = served.workspace.now();
    let user = state.users.get(&code.of.user).filter(|user| !user.deleted).ok_or("user_not_found")?;
    let access_token = held(&served.workspace.sign_ins.tokens).put("xoxp-", code.of.clone());
    let now = Timestamp::now().as_second();
    let own = [
        ("iss", json!(served.addresses.base())),
        ("aud", json!(id)),
        ("exp", json!(now.saturating_add(ID_TOKEN))),
        ("iat", json!(now)),
        ("auth_time", json!(now)),
        ("at_hash", json!(at_hash(&access_token))),
    ];
    let nonce = code.nonce.iter().map(|nonce| ("nonce", json!(nonce)));
    let claims = with(facts(&state, user, &code.of), own.into_iter().chain(nonce));
    let id_token = served.issuer.keys().sign(&claims).map_err(|error| {
        tracing::error!(%error, "an ID token could not be signed");
        "internal_error"
    })?;
    Ok(json!({"ok": true, "access_token": access_token, "token_type": "Bearer", "id_token": id_token}))
}

/// Name and secret of the application in the header.
fn client_in(headers: &HeaderMap) -> Option<(String, String)> {
    let value = headers.get(header::AUTHORIZATION)?;
    basic(value.to_str().ok())
}

/// Whose the token is.
pub(super) async fn about(Shared(served): Shared<Arc<Served>>, request: Request) -> Json<Value> {
    Json(told(&served, request).await.unwrap_or_else(refused))
}

async fn told(served: &Served, request: Request) -> Result<Value, &'static str> {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let args = Args::read(request).await.map_err(|_| "invalid_arguments")?;
    let token = bearer.or_else(|| args.text("token")).ok_or("not_authed")?;
    let of = held(&served.workspace.sign_ins.tokens).get(&token, TOKEN).ok_or("invalid_auth")?;
    let state = served.workspace.now();
    let user = state.users.get(&of.user).filter(|user| !user.deleted).ok_or("account_inactive")?;
    Ok(with(facts(&state, user, &of), [("ok", json!(true))]))
}

/// What is told of somebody, by the scopes that they agreed to.
fn facts(state: &State, user: &User, of: &Scoped) -> Value {
    let has = |scope: &str| of.scopes.iter().any(|one| one == scope);
    let mut facts = json!({
        "sub": user.id,
        "https://slack.com/user_id": user.id,
        "https://slack.com/team_id": state.team.id,
    });
    if has("email") {
        let verified = user.updated.as_second();
        let email = [
            ("email", json!(user.email)),
            ("email_verified", json!(user.email.is_some())),
            ("date_email_verified", json!(verified)),
        ];
        facts = with(facts, email);
    }
    if has("profile") {
        let profile = [
            ("name", json!(user.full_name())),
            ("given_name", json!(user.given)),
            ("family_name", json!(user.family)),
            ("locale", json!("en-US")),
            ("https://slack.com/team_name", json!(state.team.name)),
            ("https://slack.com/team_domain", json!(state.team.domain)),
        ];
        facts = with(facts, profile);
    }
    facts
}

fn refused(error: &'static str) -> Value {
    json!({"ok": false, "error": error})
}
