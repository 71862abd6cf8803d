//! Events about messages in a channel that the bot is in.

use super::{Channel, Kind, Message, MessageChange, State, Ts, Value, json, shape, with};

pub(super) fn changed(
    state: &State,
    old: &Channel,
    what: &MessageChange,
    new: &Channel,
    ts: Ts,
) -> Vec<Value> {
    match what {
        MessageChange::Posted(message) => posted(state, new, message),
        MessageChange::Edited { ts: edited, .. } => {
            match (old.messages.get(edited), new.messages.get(edited)) {
                (Some(before), Some(after)) => edit(state, (old, before), (new, after), ts),
                // Only one person sees it, and the app is not told what happens to it.
                (None, _) | (_, None) => Vec::new(),
            }
        }
        MessageChange::Deleted { ts: deleted } => {
            let Some(before) = old.messages.get(deleted) else { return Vec::new() };
            match new.messages.get(deleted) {
                Some(tombstone) => vec![message_changed(state, (old, before), (new, tombstone), ts)],
                None => vec![message_deleted(state, old, before, ts)],
            }
        }
        MessageChange::Reacted { ts: at, name, user } => {
            reaction("reaction_added", new, *at, (name, user), ts)
        }
        MessageChange::Unreacted { ts: at, name, user } => {
            reaction("reaction_removed", new, *at, (name, user), ts)
        }
        MessageChange::Whispered(_)
        | MessageChange::Streamed { .. }
        | MessageChange::ReadUpTo { .. }
        | MessageChange::StatusSet { .. } => Vec::new(),
    }
}

fn posted(state: &State, channel: &Channel, message: &Message) -> Vec<Value> {
    let plain = with(
        shape::message::message(state, channel, message),
        [
            ("channel", json!(channel.id)),
            ("event_ts", json!(message.ts)),
            ("channel_type", json!(channel.kind.channel_type())),
        ],
    );
    let mention =
        is_mention(state, channel, message).then(|| app_mention(state, channel, message, message.ts));
    std::iter::once(plain).chain(mention).collect()
}

/// Whether it speaks to the bot. In a direct conversation every message does, so there Slack does not say it.
fn is_mention(state: &State, channel: &Channel, message: &Message) -> bool {
    let is_notice = message.subtype.as_ref().is_some_and(|subtype| subtype.is_notice());
    let text = &message.content.text;
    let bot = &state.app.user;
    !matches!(channel.kind, Kind::Direct)
        && message.author != *bot
        && !is_notice
        && (text.contains(&format!("<@{bot}>")) || text.contains(&format!("<@{bot}|")))
}

fn app_mention(state: &State, channel: &Channel, message: &Message, ts: Ts) -> Value {
    with(
        shape::message::message(state, channel, message),
        [("type", json!("app_mention")), ("channel", json!(channel.id)), ("event_ts", json!(ts))],
    )
}

fn edit(state: &State, old: (&Channel, &Message), new: (&Channel, &Message), ts: Ts) -> Vec<Value> {
    let changed = message_changed(state, old, new, ts);
    let (channel, message) = new;
    let mention = is_mention(state, channel, message).then(|| app_mention(state, channel, message, ts));
    std::iter::once(changed).chain(mention).collect()
}

fn message_changed(state: &State, old: (&Channel, &Message), new: (&Channel, &Message), ts: Ts) -> Value {
    json!({
        "type": "message",
        "subtype": "message_changed",
        "hidden": true,
        "message": shape::message::message(state, new.0, new.1),
        "previous_message": shape::message::message(state, old.0, old.1),
        "channel": new.0.id,
        "ts": ts,
        "event_ts": ts,
        "channel_type": new.0.kind.channel_type(),
    })
}

fn message_deleted(state: &State, channel: &Channel, message: &Message, ts: Ts) -> Value {
    json!({
        "type": "message",
        "subtype": "message_deleted",
        "hidden": true,
        "deleted_ts": message.ts,
        "previous_message": shape::message::message(state, channel, message),
        "channel": channel.id,
        "ts": ts,
        "event_ts": ts,
        "channel_type": channel.kind.channel_type(),
    })
}

fn reaction(
    kind: &str,
    channel: &Channel,
    at: Ts,
    (name, user): (&String, &crate::workspace::id::UserId),
    ts: Ts,
) -> Vec<Value> {
    let author = channel.messages.get(&at).map(|message| &message.author);
    vec![json!({
        "type": kind,
        "user": user,
        "reaction": name,
        "item": { "type": "message", "channel": channel.id, "ts": at },
        "item_user": author,
        "event_ts": ts,
    })]
}
