//! What a person sees, for programs: the same facts as on the page, ephemeral messages and modals among them.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use serde_json::{Map, Value, json};

use super::actor::Actor;
use super::row::merged;
use crate::serve::Served;
use crate::workspace::id::UserId;
use crate::workspace::shape::{self, with};
use crate::workspace::state::{Channel, State as Workspace};

/// A channel with everything in it that `reader` sees, threads included, in order.
pub(super) fn channel(state: &Workspace, reader: &UserId, channel: &Channel) -> Json<Value> {
    let own = channel.whispers.values().filter(|whisper| whisper.only_for.as_ref() == Some(reader));
    let messages: Vec<Value> = merged(channel.messages.values(), own)
        .into_iter()
        .map(|message| {
            let shape = shape::message::message(state, channel, message);
            with(shape, [("only_for_you", json!(message.only_for.is_some()))])
        })
        .collect();
    let doing = channel.statuses.keys().filter_map(|ts| Some((ts.to_string(), json!(channel.status(*ts)?))));
    Json(json!({
        "ok": true,
        "doing": doing.collect::<Map<String, Value>>(),
        "channel": shape::channel::channel(state, channel, reader),
        "members": channel.members,
        "messages": messages,
    }))
}

/// Everything beside channels' messages.
pub(super) async fn overview(State(served): State<Arc<Served>>, actor: Actor) -> Json<Value> {
    let state = served.workspace.now();
    let user = state.users.get(&actor.id);
    let is_guest = user.is_some_and(|user| user.is_restricted);
    let channels: Vec<Value> = state
        .channels
        .values()
        .filter(|channel| channel.is_visible_to(&actor.id, is_guest))
        .map(|channel| shape::channel::channel(&state, channel, &actor.id))
        .collect();
    let view = |id| state.views.get(id).map(|view| shape::view::view(&state, view));
    let top = state.modals.get(&actor.id).and_then(|stack| stack.last());
    Json(json!({
        "ok": true,
        "user": user.map(|user| shape::user::user(&state, user, shape::user::Email::Shown)),
        "app": { "user": state.app.user, "connections": served.workspace.exchange.connected() },
        "channels": channels,
        "modal": top.and_then(view),
        "modal_errors": top.and_then(|id| state.views.get(id)).map(|view| &view.errors),
        "home": state.homes.get(&actor.id).and_then(view),
    }))
}
