//! Changing channels and their members.

use serde_json::{Value, json};

use super::{Call, Fault, named};
use crate::workspace::act::{channel, membership};
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::shape;
use crate::workspace::shape::with;
use crate::workspace::state::State;
use crate::workspace::turn::Turn;

fn shown(state: &State, id: &ChannelId) -> Result<Value, Fault> {
    let viewer = Call::caller(state);
    let channel = state.channels.get(id).ok_or(Fault::ChannelNotFound)?;
    Ok(json!({ "channel": shape::channel::channel(state, channel, &viewer) }))
}

/// <https://docs.slack.dev/reference/methods/conversations.open>
pub(in crate::workspace::methods) fn open(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, already) = match call.args.text("channel").filter(|id| !id.is_empty()) {
        Some(id) => (turn.channel_for(&Call::caller(turn), &ChannelId::from(id.as_str()))?.id.clone(), true),
        None => match call.args.list("users").as_slice() {
            [] => return Err(Fault::UsersListNotSupplied),
            [user] => channel::open_direct(turn, &Call::caller(turn), &UserId::from(user.as_str()))?,
            // Conversations between more than two are not to be had here.
            [_, _, ..] => return Err(Fault::TooManyUsers),
        },
    };
    let noted = already.then_some([("no_op", json!(true)), ("already_open", json!(true))]);
    let answer =
        if call.args.flag("return_im") { shown(turn, &id)? } else { json!({ "channel": { "id": id } }) };
    Ok(with(answer, noted.into_iter().flatten()))
}

/// <https://docs.slack.dev/reference/methods/conversations.create>
pub(in crate::workspace::methods) fn create(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let name = call.args.text("name").unwrap_or_default();
    let id = channel::create(turn, &Call::caller(turn), &name, call.args.flag("is_private"))?;
    shown(turn, &id)
}

/// <https://docs.slack.dev/reference/methods/conversations.invite>
pub(in crate::workspace::methods) fn invite(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let id = named(call)?;
    let users: Vec<UserId> = call.args.list("users").iter().map(|id| UserId::from(id.as_str())).collect();
    membership::invite(turn, &Call::caller(turn), &id, &users)?;
    shown(turn, &id)
}

/// <https://docs.slack.dev/reference/methods/conversations.kick>
pub(in crate::workspace::methods) fn kick(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let user = UserId::from(call.args.required("user")?.as_str());
    membership::kick(turn, &Call::caller(turn), &named(call)?, &user)?;
    Ok(json!({}))
}

/// <https://docs.slack.dev/reference/methods/conversations.join>
pub(in crate::workspace::methods) fn join(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let id = named(call)?;
    let is_new = membership::join(turn, &Call::caller(turn), &id)?;
    let warning = (!is_new).then(|| {
        [
            ("warning", json!("already_in_channel")),
            ("response_metadata", json!({ "warnings": ["already_in_channel"] })),
        ]
    });
    Ok(with(shown(turn, &id)?, warning.into_iter().flatten()))
}

/// <https://docs.slack.dev/reference/methods/conversations.leave>
pub(in crate::workspace::methods) fn leave(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let was_in = membership::leave(turn, &Call::caller(turn), &named(call)?)?;
    Ok(if was_in { json!({}) } else { json!({ "not_in_channel": true }) })
}

/// <https://docs.slack.dev/reference/methods/conversations.rename>
pub(in crate::workspace::methods) fn rename(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, name) = (named(call)?, call.args.text("name").unwrap_or_default());
    channel::rename(turn, &Call::caller(turn), &id, &name)?;
    shown(turn, &id)
}

/// <https://docs.slack.dev/reference/methods/conversations.archive>
pub(in crate::workspace::methods) fn archive(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    channel::archive(turn, &Call::caller(turn), &named(call)?)?;
    Ok(json!({}))
}

/// <https://docs.slack.dev/reference/methods/conversations.unarchive>
pub(in crate::workspace::methods) fn unarchive(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    channel::unarchive(turn, &Call::caller(turn), &named(call)?)?;
    Ok(json!({}))
}

/// <https://docs.slack.dev/reference/methods/conversations.setTopic>
pub(in crate::workspace::methods) fn set_topic(turn: &mut Turn<'_>, call: &Call<'_>) -> Result<Value, Fault> {
    let (id, topic) = (named(call)?, call.args.text("topic").unwrap_or_default());
    channel::set_topic(turn, &Call::caller(turn), &id, &topic)?;
    shown(turn, &id)
}
