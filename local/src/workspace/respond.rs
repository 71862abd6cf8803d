//! The addresses that the app may answer an interaction at. Who knows one may use it, as at Slack.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::act;
use super::fault::Fault;
use crate::serve::Served;

/// Takes an answer.
pub(crate) async fn answer(
    State(served): State<Arc<Served>>,
    Path(id): Path<Uuid>,
    body: String,
) -> Response {
    let body: Value = match serde_json::from_str(&body) {
        Ok(body) => body,
        Err(_) => return refused(&Fault::InvalidJson),
    };
    match served.workspace.turn(|turn| act::respond::at(turn, id, &body)).await {
        Ok(()) => "ok".into_response(),
        Err(fault) => refused(&fault),
    }
}

fn refused(fault: &Fault) -> Response {
    let status = match fault {
        Fault::ExpiredUrl | Fault::UsedUrl => StatusCode::NOT_FOUND,
        _ => StatusCode::BAD_REQUEST,
    };
    (status, axum::Json(json!({ "ok": false, "error": fault.to_string() }))).into_response()
}
