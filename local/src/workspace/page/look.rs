//! How somebody looks at a page: what its address says, and whether it is the page's own script that looks again.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri, Query};
use http::StatusCode;
use http::request::Parts;
use serde::Deserialize;

use super::outcome::wants_json;
use crate::serve::Served;
use crate::workspace::ts::Ts;

/// What the address says beside its path.
#[derive(Debug, Default, Deserialize)]
struct Said {
    thread: Option<String>,
    edit: Option<String>,
    problem: Option<String>,
    last: Option<usize>,
}

/// So many messages of a channel are shown, unless more are asked for.
pub(super) const USUAL: usize = 200;

/// A look at a page.
#[derive(Debug)]
pub(super) struct Look {
    /// The thread that is open.
    pub(super) thread: Option<Ts>,
    /// The message that is being changed.
    pub(super) edit: Option<Ts>,
    /// How many of the channel's messages are shown.
    pub(super) last: usize,
    /// What went wrong just now.
    pub(super) problem: Option<String>,
    /// The path, and what follows it.
    pub(super) address: String,
    /// Nobody came anew: the script looks whether something changed.
    pub(super) again: bool,
    /// A program looks.
    pub(super) wants_json: bool,
}

impl FromRequestParts<Arc<Served>> for Look {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, served: &Arc<Served>) -> Result<Self, StatusCode> {
        let bad = |_| StatusCode::BAD_REQUEST;
        let Ok(OriginalUri(uri)) = OriginalUri::from_request_parts(parts, served).await;
        let Query(said) = Query::<Said>::from_request_parts(parts, served).await.map_err(bad)?;
        let ts = |text: Option<String>| text.and_then(|text| text.parse().ok());
        Ok(Self {
            thread: ts(said.thread),
            edit: ts(said.edit),
            last: said.last.unwrap_or(USUAL),
            problem: said.problem,
            address: uri.to_string(),
            again: parts.headers.contains_key("x-again"),
            wants_json: wants_json(&parts.headers),
        })
    }
}
