//! The events that Slack would send for a change, and nothing else.
//!
//! They are derived in this one place, so that no request can forget one. What the app may see decides: channels that
//! the bot is in, and the public facts about public channels and people.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::change::{Change, ChannelChange, MessageChange};
use super::id::{ChannelId, EventId, UserId};
use super::shape::user::Email;
use super::shape::{self, with};
use super::state::{Channel, Kind, Message, State};
use super::ts::Ts;

mod channel;
mod message;

/// What the app is told about `change`, which turned `before` into `after`.
pub(crate) fn caused_by(before: &State, change: &Change, after: &State, ts: Ts) -> Vec<Value> {
    match change {
        Change::UserSaved(user) => {
            let kind = if before.users.contains_key(&user.id) { "user_change" } else { "team_join" };
            let user = shape::user::user(after, user, Email::Shown);
            vec![json!({ "type": kind, "user": user, "cache_ts": ts.seconds(), "event_ts": ts })]
        }
        Change::ChannelCreated { id, .. } => {
            after.channels.get(id).and_then(|made| channel::created(after, made, ts)).into_iter().collect()
        }
        Change::Channel { id, what } => match (before.channels.get(id), after.channels.get(id)) {
            (Some(old), Some(new)) => channel::changed(after, old, what, new, ts).into_iter().collect(),
            (None, _) | (_, None) => Vec::new(),
        },
        Change::Message { channel, what } => {
            match (before.channels.get(channel), after.channels.get(channel)) {
                (Some(old), Some(new)) if after.bot_is_in(new) => message::changed(after, old, what, new, ts),
                (Some(_) | None, _) => Vec::new(),
            }
        }
        Change::Founded { .. }
        | Change::View(_)
        | Change::Interaction(_)
        | Change::Queued(_)
        | Change::Settled { .. } => Vec::new(),
    }
}

/// Somebody looks at the app's own page.
pub(crate) fn app_home_opened(state: &State, user: &UserId, direct: &ChannelId, tab: Tab, ts: Ts) -> Value {
    let event = json!({
        "type": "app_home_opened",
        "user": user,
        "channel": direct,
        "tab": tab.word(),
        "event_ts": ts,
    });
    let view = state.homes.get(user).and_then(|id| state.views.get(id));
    match (view, tab) {
        (Some(view), Tab::Home) => with(event, [("view", shape::view::view(state, view))]),
        (None, _) | (_, Tab::Messages) => event,
    }
}

/// Which part of the app's own page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tab {
    /// What the app published.
    Home,
    /// The direct conversation.
    Messages,
}

impl Tab {
    const fn word(self) -> &'static str {
        match self {
            Self::Home => "home",
            Self::Messages => "messages",
        }
    }
}

/// The outer part of every event. <https://docs.slack.dev/apis/events-api>
pub(crate) fn callback(
    state: &State,
    id: &EventId,
    event: Value,
    verification: &str,
    now: Timestamp,
) -> Value {
    json!({
        "token": verification,
        "team_id": state.team.id,
        "context_team_id": state.team.id,
        "context_enterprise_id": null,
        "api_app_id": state.app.id,
        "event": event,
        "type": "event_callback",
        "event_id": id,
        "event_time": now.as_second(),
        "authorizations": [{
            "enterprise_id": null,
            "team_id": state.team.id,
            "user_id": state.app.user,
            "is_bot": true,
            "is_enterprise_install": false,
        }],
        "is_ext_shared_channel": false,
        "event_context": format!("4-{id}"),
    })
}
