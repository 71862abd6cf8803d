//! The workspace as it is now: who there is, the channels with their messages, open views, and what the app has yet
//! to be told.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::id::{AppId, BotId, ChannelId, EventId, TeamId, UserId, ViewId};
use super::ts::Ts;

pub(crate) mod channel;
pub(crate) mod message;
pub(crate) mod stream;
pub(crate) mod view;

pub(crate) use channel::{Channel, Kind};
pub(crate) use message::Message;
pub(crate) use view::View;

/// All of it. Cheap to copy, because what is large is shared.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct State {
    /// The workspace's own names; none before the first start is complete.
    pub(crate) team: Team,
    /// The one app that is installed.
    pub(crate) app: App,
    /// Everybody, the bot included.
    pub(crate) users: BTreeMap<UserId, Arc<User>>,
    /// Channels and direct conversations.
    pub(crate) channels: BTreeMap<ChannelId, Arc<Channel>>,
    /// Modals and Home tabs.
    pub(crate) views: BTreeMap<ViewId, Arc<View>>,
    /// Which view is a person's Home tab.
    pub(crate) homes: BTreeMap<UserId, ViewId>,
    /// The modals that a person has open, the topmost last.
    pub(crate) modals: BTreeMap<UserId, Vec<ViewId>>,
    /// Trigger ids that can still be exchanged for a modal, and those that were.
    pub(crate) triggers: BTreeMap<String, Trigger>,
    /// Response addresses that can still be used.
    pub(crate) responses: BTreeMap<Uuid, Response>,
    /// What the app has not acknowledged yet, in order.
    pub(crate) outbox: BTreeMap<u64, Arc<Queued>>,
    /// The number of the next thing in the outbox.
    pub(crate) next_in_outbox: u64,
    /// The newest time stamp that was given.
    pub(crate) last_ts: Ts,
    /// How many changes made it, those that nobody sees left out.
    pub(crate) revision: u64,
}

/// The workspace's names.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: TeamId,
    pub(crate) name: String,
    pub(crate) domain: String,
}

/// The app and its bot.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct App {
    pub(crate) id: AppId,
    pub(crate) name: String,
    pub(crate) bot: BotId,
    /// The account that the bot posts as.
    pub(crate) user: UserId,
    /// Slash commands, with the slash.
    pub(crate) commands: Vec<String>,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    /// The short name, unique: `ana`.
    pub(crate) name: String,
    pub(crate) given: String,
    pub(crate) family: String,
    /// Bots have none.
    pub(crate) email: Option<String>,
    pub(crate) is_bot: bool,
    /// A guest.
    pub(crate) is_restricted: bool,
    /// Deactivated.
    pub(crate) deleted: bool,
    pub(crate) updated: Timestamp,
}

impl User {
    /// First and last name.
    pub(crate) fn full_name(&self) -> String {
        format!("{} {}", self.given, self.family).trim().to_owned()
    }
}

/// What an interaction lets the app do for three seconds: open a modal for this person, once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Trigger {
    pub(crate) user: UserId,
    pub(crate) at: Timestamp,
    pub(crate) exchanged: bool,
    /// The modal that it came from, where a further one may be put on top.
    pub(crate) from: Option<ViewId>,
}

/// Where the app may answer an interaction: at most five times within half an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Response {
    pub(crate) channel: ChannelId,
    pub(crate) user: UserId,
    /// The message that the interaction happened at, and whether only that person sees it.
    pub(crate) origin: Option<(Ts, bool)>,
    /// The thread that an answer belongs to.
    pub(crate) thread: Option<Ts>,
    pub(crate) at: Timestamp,
    pub(crate) used: u8,
}

/// An event on its way to the app.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Queued {
    /// The same for every attempt.
    pub(crate) id: EventId,
    /// The whole `event_callback`.
    pub(crate) payload: Value,
    pub(crate) at: Timestamp,
}

impl State {
    /// The account with this short name.
    pub(crate) fn user_named(&self, name: &str) -> Option<&Arc<User>> {
        self.users.values().find(|user| user.name == name)
    }

    /// The channel with this name.
    pub(crate) fn channel_named(&self, name: &str) -> Option<&Arc<Channel>> {
        self.channels.values().find(|channel| channel.kind.name() == Some(name))
    }

    /// The direct conversation between these two.
    pub(crate) fn direct(&self, one: &UserId, other: &UserId) -> Option<&Arc<Channel>> {
        self.channels.values().find(|channel| {
            matches!(channel.kind, Kind::Direct) && channel.has(one) && channel.has(other) && one != other
        })
    }

    /// Whether the bot is in the channel.
    pub(crate) fn bot_is_in(&self, channel: &Channel) -> bool {
        channel.has(&self.app.user)
    }
}
