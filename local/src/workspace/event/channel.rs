//! Events about channels themselves. Those of private channels have names of their own, and only their members learn
//! of them.

use super::{Channel, ChannelChange, Kind, State, Ts, Value, json, with};

pub(super) fn created(state: &State, channel: &Channel, ts: Ts) -> Option<Value> {
    match &channel.kind {
        Kind::Public { .. } => {
            Some(json!({ "type": "channel_created", "channel": summary(state, channel), "event_ts": ts }))
        }
        Kind::Private { .. } | Kind::Direct => None,
    }
}

fn summary(state: &State, channel: &Channel) -> Value {
    let name = channel.kind.name();
    let is_private = matches!(channel.kind, Kind::Private { .. });
    json!({
        "id": channel.id,
        "name": name,
        "name_normalized": name,
        "is_channel": !is_private,
        "is_group": is_private,
        "is_private": is_private,
        "is_mpim": false,
        "is_archived": channel.is_archived,
        "is_shared": false,
        "is_org_shared": false,
        "created": channel.created.as_second(),
        "creator": channel.creator,
        "context_team_id": state.team.id,
    })
}

pub(super) fn changed(
    state: &State,
    old: &Channel,
    what: &ChannelChange,
    new: &Channel,
    ts: Ts,
) -> Option<Value> {
    let (prefix, letter, app_knows) = match new.kind {
        Kind::Public { .. } => ("channel", "C", true),
        Kind::Private { .. } => ("group", "G", state.bot_is_in(old) || state.bot_is_in(new)),
        Kind::Direct => return None,
    };
    let member = |kind: &str, user| {
        json!({
            "type": kind,
            "user": user,
            "channel": new.id,
            "channel_type": letter,
            "team": state.team.id,
            "event_ts": ts,
        })
    };
    let plain = |kind: &str| json!({ "type": format!("{prefix}_{kind}"), "channel": new.id, "event_ts": ts });
    match what {
        ChannelChange::Joined { user, inviter } => state.bot_is_in(new).then(|| {
            let inviter = inviter.iter().map(|inviter| ("inviter", json!(inviter)));
            with(member("member_joined_channel", user), inviter)
        }),
        // The bot is no longer there to be told of a leaving member when that was itself.
        ChannelChange::Left { user } if *user == state.app.user => Some(plain("left")),
        ChannelChange::Left { user } => state.bot_is_in(new).then(|| member("member_left_channel", user)),
        ChannelChange::Archived { by } => {
            app_knows.then(|| with(plain("archive"), [("user", json!(by)), ("is_moved", json!(0))]))
        }
        ChannelChange::Unarchived { by, .. } => {
            app_knows.then(|| with(plain("unarchive"), [("user", json!(by))]))
        }
        ChannelChange::Renamed { .. } => {
            app_knows.then(|| with(plain("rename"), [("channel", summary(state, new))]))
        }
        // Told by a message.
        ChannelChange::TopicSet(_) => None,
    }
}
