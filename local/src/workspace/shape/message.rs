//! A message, as history and events have it. <https://docs.slack.dev/reference/events/message>

use serde_json::{Value, json};

use super::user::bot_profile;
use super::with;
use crate::workspace::id::UserId;
use crate::workspace::state::message::{Message, Subtype};
use crate::workspace::state::{Channel, State};
use crate::workspace::ts::Ts;

/// The message with what its thread adds to it.
pub(crate) fn message(state: &State, channel: &Channel, message: &Message) -> Value {
    let body = alone(state, message);
    match message.thread {
        Some(thread) => {
            let parent = channel.messages.get(&thread).map(|parent| parent.author.clone());
            with(body, [("thread_ts", json!(thread)), ("parent_user_id", json!(parent))])
        }
        None => with(body, thread_summary(channel, message.ts)),
    }
}

/// The message itself.
fn alone(state: &State, message: &Message) -> Value {
    let mut fields = vec![
        ("type", json!("message")),
        ("user", json!(message.author)),
        ("text", json!(message.content.text)),
        ("ts", json!(message.ts)),
        ("team", json!(state.team.id)),
    ];
    let content = &message.content;
    let mut add = |key, value: Option<Value>| fields.extend(value.map(|value| (key, value)));
    add("client_msg_id", message.client_msg_id.map(|id| json!(id)));
    add("blocks", (!content.blocks.is_empty()).then(|| json!(content.blocks)));
    add("attachments", (!content.attachments.is_empty()).then(|| json!(content.attachments)));
    add("metadata", content.metadata.clone());
    add("edited", message.edited.as_ref().map(|(user, ts)| json!({ "user": user, "ts": ts })));
    add("reactions", (!message.reactions.is_empty()).then(|| reactions(message)));
    if message.author == state.app.user {
        add("bot_id", Some(json!(state.app.bot)));
        add("app_id", Some(json!(state.app.id)));
        add("bot_profile", Some(bot_profile(state)));
    }
    for (key, value) in message.subtype.iter().flat_map(subtype) {
        add(key, Some(value));
    }
    with(json!({}), fields)
}

fn reactions(message: &Message) -> Value {
    message
        .reactions
        .iter()
        .map(|kind| json!({ "name": kind.name, "users": kind.users, "count": kind.users.len() }))
        .collect()
}

fn subtype(subtype: &Subtype) -> Vec<(&'static str, Value)> {
    let word = ("subtype", json!(subtype.word()));
    match subtype {
        Subtype::ChannelJoin { inviter: Some(inviter) } => vec![word, ("inviter", json!(inviter))],
        Subtype::ChannelName { old_name, name } => {
            vec![word, ("old_name", json!(old_name)), ("name", json!(name))]
        }
        Subtype::ChannelTopic { topic } => vec![word, ("topic", json!(topic))],
        Subtype::Tombstone => vec![word, ("hidden", json!(true))],
        Subtype::ChannelJoin { inviter: None }
        | Subtype::ChannelLeave
        | Subtype::ChannelArchive
        | Subtype::ChannelUnarchive
        | Subtype::ThreadBroadcast => vec![word],
    }
}

fn thread_summary(channel: &Channel, ts: Ts) -> Vec<(&'static str, Value)> {
    let Some(latest) = channel.replies(ts).next_back() else { return Vec::new() };
    let mut authors: Vec<&UserId> = Vec::new();
    for reply in channel.replies(ts) {
        if !authors.contains(&&reply.author) {
            authors.push(&reply.author);
        }
    }
    vec![
        ("thread_ts", json!(ts)),
        ("reply_count", json!(channel.replies(ts).count())),
        ("reply_users_count", json!(authors.len())),
        ("reply_users", json!(authors)),
        ("latest_reply", json!(latest.ts)),
        ("is_locked", json!(false)),
        ("subscribed", json!(false)),
    ]
}
