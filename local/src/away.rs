//! What is away for a while: the Web API or the issuer answers everything with 503, as whatever stands before a service does
//! when the service is gone. Tests turn it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;

use crate::door::Program;
use crate::serve::Served;

/// Which of the two are away.
#[derive(Debug, Default)]
pub(crate) struct Away {
    api: AtomicBool,
    issuer: AtomicBool,
}

/// The path under `/control`.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new().route("/away", post(turn))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    #[serde(default)]
    api: bool,
    #[serde(default)]
    issuer: bool,
}

async fn turn(State(served): State<Arc<Served>>, _: Program, Json(wish): Json<Wish>) -> StatusCode {
    served.away.api.store(wish.api, Ordering::Relaxed);
    served.away.issuer.store(wish.issuer, Ordering::Relaxed);
    StatusCode::NO_CONTENT
}

/// Lets nothing through to the Web API while it is away.
pub(crate) async fn api(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    pass(&served.away.api, request, next).await
}

/// The same for the issuer.
pub(crate) async fn issuer(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    pass(&served.away.issuer, request, next).await
}

async fn pass(is_away: &AtomicBool, request: Request, next: Next) -> Response {
    if is_away.load(Ordering::Relaxed) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    next.run(request).await
}
