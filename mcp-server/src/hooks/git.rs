//! `POST /git/webhook`: the place where git is kept says that something was pushed, as GitHub does, signed with a secret that
//! both know. It makes the server look for itself; nothing of what is said is believed.

use super::NotTaken;
use super::signature::Signed;
use crate::server::Server;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::StatusCode;
use secrecy::ExposeSecret;
use std::net::SocketAddr;
use std::sync::Arc;
use workflow::Scheme;

/// Where it is called.
pub(super) const PATH: &str = "/git/webhook";

pub(super) async fn pushed(
    State(server): State<Arc<Server>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request,
) -> Result<StatusCode, NotTaken> {
    let Some(state) = &server.state else { return Err(NotTaken::Unknown) };
    let Some(secret) = state.webhook() else { return Err(NotTaken::Unknown) };
    let (parts, body) = request.into_parts();
    let (_place, body) = server.hooks.pushes.read(peer, body).await?;
    let signed = Signed { headers: &parts.headers, body: &body, now: server.now() };
    signed.fits(Scheme::Github, secret.expose_secret().as_bytes())?;
    state.was_pushed();
    Ok(StatusCode::ACCEPTED)
}
