//! The topmost modal of a person.

use serde_json::Value;

use super::elements::{Block, Maker};
use super::html::{Writer, with_emoji};
use crate::workspace::id::UserId;
use crate::workspace::state::State;

/// A modal, ready to be shown.
pub(super) struct Modal {
    pub(super) id: String,
    /// Another one after each change.
    pub(super) hash: String,
    pub(super) title: String,
    pub(super) submit: Option<String>,
    pub(super) close: String,
    pub(super) blocks: Vec<Block>,
    /// What is wrong as a whole.
    pub(super) problem: Option<String>,
    /// It lies on top of another.
    pub(super) is_stacked: bool,
}

/// The one that `user` sees.
pub(super) fn of(state: &State, user: &UserId) -> Option<Modal> {
    let stack = state.modals.get(user)?;
    let view = state.views.get(stack.last()?)?;
    let text = |key: &str| view.body.get(key).and_then(|text| text.pointer("/text")).and_then(Value::as_str);
    let maker = Maker { writer: Writer { state, reader: user }, values: &view.values, errors: &view.errors };
    Some(Modal {
        id: view.id.to_string(),
        hash: view.hash.clone(),
        title: with_emoji(text("title").unwrap_or_default()),
        submit: text("submit").map(with_emoji),
        close: text("close").map_or_else(|| "Cancel".to_owned(), with_emoji),
        blocks: maker.blocks(view.blocks()),
        problem: view.errors.get("").and_then(Value::as_str).map(str::to_owned),
        is_stacked: stack.len() > 1,
    })
}
