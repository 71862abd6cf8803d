//! The HTTP side: who may speak to the MCP endpoint at all, and the few open pages for operators and clients.

mod unread;

use crate::mcp::Handler;
use crate::server::Server;
use crate::streams::Streams;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::map_request;
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::{Json, Router};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The largest request, in bytes: a tentacle's source with room for its quoting.
const MAX_BODY: usize = 4 * 1024 * 1024;

/// What the open pages tell.
#[derive(Debug, Clone)]
pub(crate) struct Public {
    /// Where clients reach this server, without a path.
    pub(crate) url: Url,
    /// The issuer whose tokens are taken.
    pub(crate) issuer: String,
}

#[derive(Clone)]
struct Http {
    server: Arc<Server>,
    handler: Handler,
    config: StreamableHttpServerConfig,
    /// What is told of long calls.
    streams: Arc<Streams>,
    public: Arc<Public>,
    /// The header that a 401 carries (RFC 9728, section 5.1).
    challenge: HeaderValue,
}

/// The router of `server`, which is reached at `public` and whose calls wait no longer than `turn_within` for their turn.
/// Streams end when `shutdown` is cancelled.
pub(crate) fn router(
    server: Arc<Server>,
    public: Public,
    turn_within: Duration,
    shutdown: &CancellationToken,
) -> Router {
    let handler = Handler::new(Arc::clone(&server), turn_within);
    let (config, streams) = (config(&public, shutdown), Arc::default());
    let metadata = metadata_url(&public.url);
    let challenge = HeaderValue::from_str(&format!("Bearer resource_metadata=\"{metadata}\""))
        .unwrap_or_else(|_| HeaderValue::from_static("Bearer"));
    let webhooks = crate::hooks::router(Arc::clone(&server));
    let page = crate::page::router(&server);
    let http = Http { server, handler, config, streams, public: Arc::new(public), challenge };
    Router::new()
        .route("/mcp", any(endpoint))
        .route("/", any(endpoint))
        .route("/.well-known/oauth-protected-resource", get(metadata_page))
        .route("/.well-known/oauth-protected-resource/mcp", get(metadata_page))
        .route("/.well-known/jwks.json", get(jwks))
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(readyz))
        .route("/metrics", get(metrics))
        .with_state(http)
        .merge(webhooks)
        .merge(page)
        .layer(map_request(unread::read_out))
}

fn config(public: &Public, shutdown: &CancellationToken) -> StreamableHttpServerConfig {
    let authority = public.url.authority().to_owned();
    let origin = public.url.origin().ascii_serialization();
    let port = public.url.port_or_known_default().unwrap_or(443);
    let host = public.url.host_str().unwrap_or_default();
    StreamableHttpServerConfig::default()
        .with_legacy_session_mode(false)
        .with_json_response(true)
        .with_max_request_body_bytes(MAX_BODY)
        .with_allowed_hosts([authority, format!("{host}:{port}")])
        .with_allowed_origins([with_port(&origin, port)])
        .enforce_origin_validation()
        .with_cancellation_token(shutdown.child_token())
}

/// An origin with its port spelled out: without one the library would let every port pass.
fn with_port(origin: &str, port: u16) -> String {
    let suffix = format!(":{port}");
    if origin.ends_with(&suffix) { origin.to_owned() } else { format!("{origin}{suffix}") }
}

fn metadata_url(base: &Url) -> String {
    format!("{}/.well-known/oauth-protected-resource", base.as_str().trim_end_matches('/'))
}

/// The MCP endpoint: the caller is recognised first, by this request's own token.
async fn endpoint(State(http): State<Http>, mut request: Request) -> Response {
    match http.server.authenticator.authenticate(authorization(request.headers())).await {
        Ok(caller) => {
            // Long answers are read on by whoever asked, and by nobody else.
            let own = http.streams.of(caller.owner());
            let manager = NeverSessionManager::default().with_event_store(Arc::new(own));
            let mcp =
                StreamableHttpService::new(move || Ok(http.handler.clone()), Arc::new(manager), http.config);
            request.extensions_mut().insert(caller);
            mcp.handle(request).await.map(Body::new)
        }
        Err(error) => {
            http.server.metrics.nobody();
            tracing::info!(%error, "a request named nobody");
            let mut response = (StatusCode::UNAUTHORIZED, error.to_string()).into_response();
            response.headers_mut().insert(header::WWW_AUTHENTICATE, http.challenge.clone());
            response
        }
    }
}

/// The `Authorization` header. Where there are several, nobody knows which of them a proxy has checked: then there is none.
fn authorization(headers: &HeaderMap) -> Option<&[u8]> {
    let mut given = headers.get_all(header::AUTHORIZATION).iter();
    given.next().filter(|_| given.next().is_none()).map(HeaderValue::as_bytes)
}

/// RFC 9728: how a client finds out where to sign in.
async fn metadata_page(State(http): State<Http>) -> Response {
    let base = http.public.url.as_str().trim_end_matches('/');
    Json(json!({
        "resource": format!("{base}/mcp"),
        "resource_name": "Tentacular",
        "authorization_servers": [http.public.issuer],
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["openid"],
        "jwks_uri": format!("{base}/.well-known/jwks.json"),
    }))
    .into_response()
}

/// The public key that signs the trail's heads.
async fn jwks(State(http): State<Http>) -> Response {
    Json(http.server.signing.jwks()).into_response()
}

/// Ready when the store answers and the issuer's keys are fresh; says which is not.
async fn readyz(State(http): State<Http>) -> Response {
    let store = http.server.store.ping().await.is_ok();
    let keys = http.server.authenticator.keys().fresh();
    let index = http.server.backend.index_age().is_some();
    let status = if store && keys && index { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let word = |ready: bool, not: &'static str| if ready { "ok" } else { not };
    let told = json!({
        "store": word(store, "does not answer"),
        "issuer_keys": word(keys, "too old or never fetched: every token is refused"),
        "index": word(index, "is being read"),
    });
    (status, Json(told)).into_response()
}

async fn metrics(State(http): State<Http>) -> Response {
    match http.server.metrics.render(http.server.backend.index_age()) {
        Ok(text) => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, kind)], text).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
