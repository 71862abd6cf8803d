//! Shortcuts of the app: one that is used anywhere, and one that is used on a message. Each gives the payload that the app
//! gets. <https://docs.slack.dev/interactivity/implementing-shortcuts>

use serde_json::{Value, json};

use super::interact::{common, response_url, seen_message, trigger};
use crate::workspace::fault::Fault;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::shape::{self, with};
use crate::workspace::state::Response;
use crate::workspace::ts::Ts;
use crate::workspace::turn::Turn;

/// A shortcut that is used anywhere: it says nothing of where.
pub(crate) fn anywhere(turn: &mut Turn<'_>, user: &UserId, callback: &str) -> Result<Value, Fault> {
    let action_ts = turn.ts();
    let trigger_id = trigger(turn, user, None);
    Ok(with(
        common(turn, "shortcut", user)?,
        [
            ("callback_id", json!(callback)),
            ("trigger_id", json!(trigger_id)),
            ("action_ts", json!(action_ts)),
        ],
    ))
}

/// A shortcut that is used on a message that everybody sees.
pub(crate) fn on_message(
    turn: &mut Turn<'_>,
    user: &UserId,
    callback: &str,
    (id, ts): (&ChannelId, Ts),
) -> Result<Value, Fault> {
    let (message, is_ephemeral) = seen_message(turn, user, id, ts)?;
    if is_ephemeral {
        return Err(Fault::MessageNotFound);
    }
    let action_ts = turn.ts();
    let trigger_id = trigger(turn, user, None);
    let response = Response {
        channel: id.clone(),
        user: user.clone(),
        origin: None,
        thread: message.thread,
        at: turn.now(),
        used: 0,
    };
    let response_url = response_url(turn, response);
    let channel = turn.channel_for(user, id)?;
    Ok(with(
        common(turn, "message_action", user)?,
        [
            ("callback_id", json!(callback)),
            ("trigger_id", json!(trigger_id)),
            ("action_ts", json!(action_ts)),
            ("response_url", json!(response_url)),
            ("message_ts", json!(ts)),
            ("channel", json!({ "id": id, "name": channel.kind.name().unwrap_or("directmessage") })),
            ("message", shape::message::message(turn, channel, &message)),
        ],
    ))
}
