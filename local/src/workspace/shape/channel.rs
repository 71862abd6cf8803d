//! A conversation object. <https://docs.slack.dev/reference/objects/conversation-object>

use serde_json::{Value, json};

use super::with;
use crate::workspace::id::UserId;
use crate::workspace::state::channel::Topic;
use crate::workspace::state::{Channel, Kind, State};

/// The object as `viewer` sees it.
pub(crate) fn channel(state: &State, channel: &Channel, viewer: &UserId) -> Value {
    let common = json!({
        "id": channel.id,
        "created": channel.created.as_second(),
        "creator": channel.creator,
        "is_archived": channel.is_archived,
        "is_org_shared": false,
        "updated": channel.created.as_millisecond(),
        "context_team_id": state.team.id,
    });
    match &channel.kind {
        Kind::Direct => with(
            common,
            [
                ("is_im", json!(true)),
                ("user", json!(channel.other(viewer))),
                ("is_user_deleted", json!(false)),
                ("is_open", json!(true)),
                ("priority", json!(0)),
            ],
        ),
        Kind::Public { name } => with(common, named(state, channel, viewer, name, false)),
        Kind::Private { name } => with(common, named(state, channel, viewer, name, true)),
    }
}

fn named(
    state: &State,
    channel: &Channel,
    viewer: &UserId,
    name: &str,
    is_private: bool,
) -> Vec<(&'static str, Value)> {
    vec![
        ("name", json!(name)),
        ("name_normalized", json!(name)),
        ("is_channel", json!(!is_private)),
        ("is_group", json!(is_private)),
        ("is_im", json!(false)),
        ("is_mpim", json!(false)),
        ("is_private", json!(is_private)),
        ("is_general", json!(channel.is_general)),
        ("unlinked", json!(0)),
        ("is_shared", json!(false)),
        ("is_ext_shared", json!(false)),
        ("is_pending_ext_shared", json!(false)),
        ("pending_shared", json!([])),
        ("pending_connected_team_ids", json!([])),
        ("parent_conversation", Value::Null),
        ("shared_team_ids", json!([state.team.id])),
        ("is_member", json!(channel.has(viewer))),
        ("topic", topic(&channel.topic)),
        ("purpose", topic(&Topic::default())),
        ("previous_names", json!(channel.previous_names)),
    ]
}

fn topic(topic: &Topic) -> Value {
    json!({
        "value": topic.value,
        "creator": topic.creator.as_ref().map_or("", AsRef::as_ref),
        "last_set": topic.last_set,
    })
}
