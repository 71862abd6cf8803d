//! The page: what each person sees of the workspace, and does in it. Addresses name the person, so that two windows can
//! be two people. Programs with the secret use the same addresses and get JSON.

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

use crate::serve::Served;

mod actor;
mod channel;
mod deeds;
mod directory;
mod elements;
mod entry;
mod frame;
mod home;
mod html;
mod interactions;
mod json;
mod live;
mod look;
mod modal;
mod outcome;
mod row;
mod sent;
mod thread;
mod words;

/// The page's paths.
pub(crate) fn routes() -> Router<Arc<Served>> {
    Router::new()
        .route("/", get(entry::enter))
        .route("/archives/{channel}/{message}", get(entry::permalink))
        .route("/as/{person}", get(channel::first))
        .route("/as/{person}/c/{channel}", get(channel::show))
        .route("/as/{person}/home", get(home::show))
        .route("/as/{person}/channels", get(directory::show))
        .route("/as/{person}/sent", get(sent::show))
        .route("/as/{person}/live", get(live::follow))
        .route("/as/{person}/state", get(json::overview))
        .route("/as/{person}/do/{deed}", post(deeds::carry_out))
        .route("/as/{person}/click", post(interactions::click))
        .route("/as/{person}/shortcut", post(interactions::shortcut))
        .route("/as/{person}/submit", post(interactions::submit))
        .route("/as/{person}/close", post(interactions::close))
        .route("/as/{person}/post", post(interactions::post))
}
