//! Pages of results: a cursor names the last one of the page before, so that nothing is left out or given twice when
//! something is added in between.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::args::Args;
use crate::workspace::fault::Fault;

/// One page, and what the client adds to ask for the next.
pub(crate) struct Page<T> {
    pub(crate) items: Vec<T>,
    next: Option<String>,
}

impl<T> Page<T> {
    /// Whether there is more.
    pub(crate) fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// `response_metadata`.
    pub(crate) fn metadata(&self) -> Value {
        json!({ "next_cursor": self.next.as_deref().unwrap_or_default() })
    }
}

/// Cuts the page that the arguments ask for out of `all`, whose order is by `key`.
pub(crate) fn page<T>(
    args: &Args,
    usual: usize,
    all: impl Iterator<Item = T>,
    key: impl Fn(&T) -> String,
) -> Result<Page<T>, Fault> {
    let limit = args.limit(usual)?;
    let after = match args.text("cursor").filter(|text| !text.is_empty()) {
        Some(cursor) => Some(decode(&cursor)?),
        None => None,
    };
    let mut rest = all.peekable();
    if let Some(after) = after {
        let found = rest.by_ref().any(|item| key(&item) == after);
        if !found {
            return Err(Fault::InvalidCursor);
        }
    }
    let items: Vec<T> = rest.by_ref().take(limit).collect();
    let next = rest.peek().and_then(|_| items.last()).map(|last| encode(&key(last)));
    Ok(Page { items, next })
}

fn encode(key: &str) -> String {
    STANDARD.encode(format!("next:{key}"))
}

fn decode(cursor: &str) -> Result<String, Fault> {
    let bytes = STANDARD.decode(cursor).map_err(|_| Fault::InvalidCursor)?;
    let text = String::from_utf8(bytes).map_err(|_| Fault::InvalidCursor)?;
    text.strip_prefix("next:").map(str::to_owned).ok_or(Fault::InvalidCursor)
}
