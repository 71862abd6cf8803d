//! `POST /git/webhook`: the place where git is kept says that something was pushed, as GitHub does, signed with a secret that
//! both know. It makes the server look for itself; nothing of what is said is believed.

use super::signature::Signed;
use super::{MOST, NotTaken, PATIENCE};
use crate::server::Server;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use std::sync::Arc;
use workflow::Scheme;

/// Where it is called.
pub(super) const PATH: &str = "/git/webhook";

pub(super) async fn pushed(
    State(server): State<Arc<Server>>,
    request: Request,
) -> Result<StatusCode, NotTaken> {
    let Some(state) = &server.state else { return Err(NotTaken::Unknown) };
    let Some(secret) = state.webhook() else { return Err(NotTaken::Unknown) };
    let _room = server.hooks.listening.try_acquire().map_err(|_| NotTaken::TooOften(1))?;
    let (parts, body) = request.into_parts();
    let body = tokio::time::timeout(PATIENCE, to_bytes(body, MOST)).await;
    let body = body.map_err(|_| NotTaken::TooSlow)?.map_err(|_| NotTaken::TooLarge)?;
    let signed = Signed { headers: &parts.headers, body: &body, now: server.now() };
    signed.fits(Scheme::Github, secret.expose_secret().as_bytes())?;
    state.was_pushed();
    Ok(StatusCode::ACCEPTED)
}
