//! The Events API over HTTP, in place of Socket Mode: every request is proven to be Slack's, written into the inbox, and only
//! then answered. <https://docs.slack.dev/apis/events-api/using-http-request-urls>

use super::heard::{self, Heard};
use super::signature::{NotSlack, Signatures};
use crate::inbox::Inbox;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use http::{HeaderMap, StatusCode, header};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tower_http::timeout::RequestBodyTimeoutLayer;

/// The largest request. Slack's are some kilobytes; what a modal holds can be more.
const LARGEST: usize = 1024 * 1024;

/// How long a request may pause while it is being sent.
const PAUSE: Duration = Duration::from_secs(5);

/// What a request is taken with.
struct Door {
    inbox: Inbox,
    me: String,
    signatures: Signatures,
}

/// Listens for ever.
///
/// # Errors
/// When the address cannot be listened at.
pub(crate) async fn listen(
    at: SocketAddr,
    secret: SecretString,
    inbox: Inbox,
    me: String,
) -> std::io::Result<()> {
    let door = Arc::new(Door { inbox, me, signatures: Signatures::new(secret) });
    let router = Router::new()
        .route("/slack/events", post(take))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(RequestBodyTimeoutLayer::new(PAUSE))
        .route("/healthz", get(|| async { "ok" }))
        .with_state(door);
    let listener = TcpListener::bind(at).await?;
    tracing::info!(%at, "slack is listened to over HTTP");
    axum::serve(listener, router).await
}

/// A request that was proven to be Slack's. There is no other way to a body, so that no route can forget to ask.
struct Proven {
    headers: HeaderMap,
    body: Bytes,
}

impl FromRequest<Arc<Door>> for Proven {
    type Rejection = Response;

    async fn from_request(request: Request, door: &Arc<Door>) -> Result<Self, Response> {
        let headers = request.headers().clone();
        let body = Bytes::from_request(request, door).await.map_err(IntoResponse::into_response)?;
        match door.signatures.take(&headers, &body, Timestamp::now().as_second()) {
            Ok(()) => Ok(Self { headers, body }),
            Err(why) => {
                tracing::warn!(%why, "a request that is not taken as Slack's");
                let code = match why {
                    NotSlack::TooMany => StatusCode::TOO_MANY_REQUESTS,
                    _ => StatusCode::UNAUTHORIZED,
                };
                Err(code.into_response())
            }
        }
    }
}

/// Events come as JSON, buttons and forms as a form whose one field is JSON, slash commands as a form.
async fn take(State(door): State<Arc<Door>>, Proven { headers, body }: Proven) -> Response {
    let Some(told) = told(&headers, &body) else { return StatusCode::BAD_REQUEST.into_response() };
    let heard = match &told {
        // Slack asks once, when the address is entered.
        Told::Event(event) if event.get("type").is_some_and(|kind| kind == "url_verification") => {
            return Json(json!({"challenge": event.get("challenge")})).into_response();
        }
        Told::Event(event) => Heard::event(event, &door.me),
        Told::Interaction(payload) => Heard::interaction(payload, &door.me),
        Told::Command(fields) => Heard::command(fields),
    };
    match heard::take(&door.inbox, &heard).await {
        Ok(None) => StatusCode::OK.into_response(),
        Ok(Some(answer)) => Json(answer).into_response(),
        Err(error) => {
            // Slack sends it again.
            tracing::error!(%error, "what Slack sent could not be written down");
            door.signatures.forget(&headers);
            StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}

/// What a request holds.
enum Told {
    Event(Value),
    Interaction(Value),
    Command(Value),
}

fn told(headers: &HeaderMap, body: &[u8]) -> Option<Told> {
    let kind = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    match kind.split(';').next().unwrap_or_default().trim() {
        "application/json" => serde_json::from_slice(body).ok().map(Told::Event),
        "application/x-www-form-urlencoded" => {
            let fields: serde_json::Map<String, Value> = url::form_urlencoded::parse(body)
                .map(|(name, value)| (name.into_owned(), Value::String(value.into_owned())))
                .collect();
            match fields.get("payload").and_then(Value::as_str) {
                Some(payload) => serde_json::from_str(payload).ok().map(Told::Interaction),
                None => fields.contains_key("command").then_some(Told::Command(Value::Object(fields))),
            }
        }
        _ => None,
    }
}
