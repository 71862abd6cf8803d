//! How somebody looks at a page: what its address says, and whether it is the page's own script that looks again.

use std::sync::Arc;

use axum::extract::{FromRequestParts, OriginalUri, Query};
use http::request::Parts;
use http::{StatusCode, Uri};
use serde::Deserialize;
use url::form_urlencoded;

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
    /// The address to come back to: without what is said only once.
    pub(super) address: String,
    /// Nobody came anew: the script looks whether something changed.
    pub(super) again: bool,
    /// A program looks.
    pub(super) wants_json: bool,
}

fn lasting(uri: &Uri) -> String {
    let pairs = form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes());
    let kept: Vec<_> = pairs.filter(|(name, _)| name != "problem").collect();
    if kept.is_empty() {
        return uri.path().to_owned();
    }
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(kept).finish();
    format!("{}?{query}", uri.path())
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
            address: lasting(&uri),
            again: parts.headers.contains_key("x-again"),
            wants_json: wants_json(&parts.headers),
        })
    }
}
