//! A view object: a modal or a Home tab. <https://docs.slack.dev/reference/views>

use serde_json::{Value, json};

use super::with;
use crate::workspace::state::State;
use crate::workspace::state::view::{Surface, View};

/// The object.
pub(crate) fn view(state: &State, view: &View) -> Value {
    let text_of = |key| view.body.get(key).cloned().unwrap_or(Value::Null);
    let common = json!({
        "id": view.id,
        "team_id": state.team.id,
        "type": view.surface.word(),
        "blocks": view.blocks(),
        "private_metadata": view.text("private_metadata"),
        "callback_id": view.text("callback_id"),
        "external_id": view.text("external_id"),
        "state": { "values": view.values },
        "hash": view.hash,
        "root_view_id": view.root,
        "previous_view_id": view.previous,
        "app_id": state.app.id,
        "app_installed_team_id": state.team.id,
        "bot_id": state.app.bot,
        "clear_on_close": view.flag("clear_on_close"),
        "notify_on_close": view.flag("notify_on_close"),
    });
    match view.surface {
        Surface::Home => common,
        Surface::Modal => with(
            common,
            [
                ("title", text_of("title")),
                ("close", text_of("close")),
                ("submit", text_of("submit")),
                ("submit_disabled", json!(view.flag("submit_disabled"))),
            ],
        ),
    }
}
