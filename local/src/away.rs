//! What is away for a while: the Web API or the issuer answers everything with 503, as whatever stands before a service does
//! when the service is gone, or answers nothing until it is back. Tests and benchmarks turn it.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use tokio::sync::watch;

use crate::door::Program;
use crate::serve::Served;

/// Which of the two are away.
#[derive(Debug, Default)]
pub(crate) struct Away(watch::Sender<Wish>);

/// The path under `/control`.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new().route("/away", post(turn))
}

#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Wish {
    api: bool,
    issuer: bool,
    /// Whether whoever asks hears nothing until it is back, rather than that it is away.
    silent: bool,
}

async fn turn(State(served): State<Arc<Served>>, _: Program, Json(wish): Json<Wish>) -> StatusCode {
    served.away.0.send_replace(wish);
    StatusCode::NO_CONTENT
}

/// Lets nothing through to the Web API while it is away.
pub(crate) async fn api(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    pass(&served.away, |wish| wish.api, request, next).await
}

/// The same for the issuer.
pub(crate) async fn issuer(State(served): State<Arc<Served>>, request: Request, next: Next) -> Response {
    pass(&served.away, |wish| wish.issuer, request, next).await
}

async fn pass(away: &Away, is_away: impl Fn(&Wish) -> bool, request: Request, next: Next) -> Response {
    let wish = *away.0.borrow();
    if is_away(&wish) && !wish.silent {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    // Whoever turns it is never gone before those who ask.
    let _ = away.0.subscribe().wait_for(|wish| !is_away(wish)).await;
    next.run(request).await
}
