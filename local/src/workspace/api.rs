//! The Web API: `/api/<method>`, by GET or POST, answered with 200 and `ok` as Slack does.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use secrecy::ExposeSecret;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fault::Fault;
use super::methods::{self, Call, Method, Run, Token};
use super::shape::user::Email;
use crate::door::{SOCKET_PATH, same};
use crate::serve::Served;

pub(crate) mod args;
pub(crate) mod cursor;

use args::Args;

/// Answers one call.
pub(crate) async fn call(
    State(served): State<Arc<Served>>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let (status, fields, wait) = match answer(&served, &name, request).await {
        Ok(mut fields) => {
            fields.insert("ok".to_owned(), json!(true));
            (StatusCode::OK, fields, None)
        }
        Err(Fault::RateLimited(wait)) => {
            (StatusCode::TOO_MANY_REQUESTS, refusal(&Fault::RateLimited(wait)), Some(wait))
        }
        Err(fault) => (StatusCode::OK, refusal(&fault), None),
    };
    let mut response = (status, Json(Value::Object(fields))).into_response();
    let headers = response.headers_mut();
    if let Some(seconds) = wait {
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if let Ok(id) = HeaderValue::from_str(&Uuid::new_v4().simple().to_string()) {
        headers.insert("x-slack-req-id", id);
    }
    if let Ok(scopes) = HeaderValue::from_str(&methods::BOT_SCOPES.join(",")) {
        headers.insert("x-oauth-scopes", scopes);
    }
    response
}

fn refusal(fault: &Fault) -> Map<String, Value> {
    let mut fields =
        Map::from_iter([("ok".to_owned(), json!(false)), ("error".to_owned(), json!(fault.to_string()))]);
    if let Fault::MissingScope(needed) = fault {
        fields.insert("needed".to_owned(), json!(needed));
        fields.insert("provided".to_owned(), json!(methods::BOT_SCOPES.join(",")));
    }
    if !fault.messages().is_empty() {
        fields.insert("response_metadata".to_owned(), json!({ "messages": fault.messages() }));
    }
    fields
}

async fn answer(served: &Served, name: &str, request: Request) -> Result<Map<String, Value>, Fault> {
    let method =
        methods::find(name).filter(|_| !served.workspace.limits.lacks(name)).ok_or(Fault::UnknownMethod)?;
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| value.strip_prefix("Bearer ")).map(str::to_owned);
    let mut args = Args::read(request).await?;
    let token = bearer.or_else(|| args.take_text("token"));
    check_token(served, method, token.as_deref())?;
    served.workspace.limits.pass(name)?;
    served.workspace.tiers.pass(name, Instant::now())?;
    if let Some(scope) = served.workspace.limits.withdrawn(method.scopes) {
        return Err(Fault::MissingScope(scope));
    }
    run(served, method, &args).await
}

fn check_token(served: &Served, method: &Method, token: Option<&str>) -> Result<(), Fault> {
    if method.token == Token::None {
        return Ok(());
    }
    let token = token.filter(|token| !token.is_empty()).ok_or(Fault::NotAuthed)?;
    let is_bot = same(token, served.credentials.bot_token.expose_secret());
    let is_app = same(token, served.credentials.app_token.expose_secret());
    match (method.token, is_bot, is_app) {
        (_, false, false) => Err(Fault::InvalidAuth),
        (Token::Bot, true, _) | (Token::App, _, true) | (Token::None, _, _) => Ok(()),
        (Token::Bot, false, _) | (Token::App, _, false) => Err(Fault::NotAllowedTokenType),
    }
}

async fn run(served: &Served, method: &Method, args: &Args) -> Result<Map<String, Value>, Fault> {
    let workspace = &served.workspace;
    let email =
        if workspace.limits.withdrawn(methods::EMAIL).is_some() { Email::Hidden } else { Email::Shown };
    let call = Call { args, addresses: &served.addresses, email };
    let value = match method.run {
        Run::Read(read) => read(&workspace.now(), &call)?,
        Run::Write(write) => workspace.turn(|turn| write(turn, &call)).await?,
        Run::Connect => {
            let ticket = workspace.tickets.issue();
            let app = &workspace.now().app.id;
            let base = served.addresses.base().replacen("http", "ws", 1);
            json!({ "url": format!("{base}{SOCKET_PATH}?ticket={ticket}&app_id={app}") })
        }
    };
    match value {
        Value::Object(fields) => Ok(fields),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Ok(Map::new())
        }
    }
}
