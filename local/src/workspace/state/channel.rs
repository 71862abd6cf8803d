//! A channel or direct conversation, and what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::Message;
use crate::workspace::id::{ChannelId, UserId};
use crate::workspace::ts::Ts;

/// What kind of conversation it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "type")]
pub(crate) enum Kind {
    /// Everybody but guests can find and join it.
    Public {
        /// Unique among channels.
        name: String,
    },
    /// Only its members know of it.
    Private {
        /// Unique among channels.
        name: String,
    },
    /// Between two.
    Direct,
}

impl Kind {
    /// The name, which a direct conversation has not.
    pub(crate) fn name(&self) -> Option<&str> {
        match self {
            Self::Public { name } | Self::Private { name } => Some(name),
            Self::Direct => None,
        }
    }

    /// The word in events about messages.
    pub(crate) fn channel_type(&self) -> &'static str {
        match self {
            Self::Public { .. } => "channel",
            Self::Private { .. } => "group",
            Self::Direct => "im",
        }
    }
}

/// A text about the channel, and who set it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Topic {
    pub(crate) value: String,
    pub(crate) creator: Option<UserId>,
    pub(crate) last_set: u64,
}

/// A channel or direct conversation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    pub(crate) kind: Kind,
    pub(crate) creator: UserId,
    pub(crate) created: Timestamp,
    /// Nobody can leave it or archive it.
    pub(crate) is_general: bool,
    pub(crate) is_archived: bool,
    /// In the order in which they came.
    pub(crate) members: Vec<UserId>,
    /// Who was in a private channel when it was archived: they are back when it is unarchived.
    pub(crate) members_before_archive: Vec<UserId>,
    pub(crate) topic: Topic,
    pub(crate) previous_names: Vec<String>,
    /// What everybody in it sees.
    pub(crate) messages: BTreeMap<Ts, Arc<Message>>,
    /// What one person sees.
    pub(crate) whispers: BTreeMap<Ts, Arc<Message>>,
    /// The replies of each thread.
    pub(crate) threads: BTreeMap<Ts, BTreeSet<Ts>>,
    /// Up to where each person has read.
    pub(crate) read: BTreeMap<UserId, Ts>,
    /// What the app says that it is doing, by thread.
    #[serde(default)]
    pub(crate) statuses: BTreeMap<Ts, Status>,
}

/// For how long a status is shown when no message follows it
/// (<https://docs.slack.dev/reference/methods/assistant.threads.setStatus>).
const STATUS_LASTS: SignedDuration = SignedDuration::from_mins(2);

/// What the app says that it is doing in a thread.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Status {
    /// What follows its name: `is on it…`.
    pub(crate) text: String,
    pub(crate) at: Timestamp,
}

impl Channel {
    /// One with nothing in it.
    pub(crate) fn new(id: ChannelId, kind: Kind, creator: UserId, created: Timestamp) -> Self {
        Self {
            id,
            kind,
            creator,
            created,
            is_general: false,
            is_archived: false,
            members: Vec::new(),
            members_before_archive: Vec::new(),
            topic: Topic::default(),
            previous_names: Vec::new(),
            messages: BTreeMap::new(),
            whispers: BTreeMap::new(),
            threads: BTreeMap::new(),
            read: BTreeMap::new(),
            statuses: BTreeMap::new(),
        }
    }

    /// Whether `user` is in it.
    pub(crate) fn has(&self, user: &UserId) -> bool {
        self.members.contains(user)
    }

    /// Whether `user` may know of it.
    pub(crate) fn is_visible_to(&self, user: &UserId, is_guest: bool) -> bool {
        let former = self.is_archived && self.members_before_archive.contains(user);
        self.has(user) || former || (matches!(self.kind, Kind::Public { .. }) && !is_guest)
    }

    /// The other one of a direct conversation.
    pub(crate) fn other(&self, user: &UserId) -> Option<&UserId> {
        self.members.iter().find(|member| *member != user)
    }

    /// The messages of the channel's own line: without replies that stay in their thread.
    pub(crate) fn top_level(&self) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.messages.values().filter(|message| message.is_top_level())
    }

    /// What the app is doing in a thread now, as it says.
    pub(crate) fn status(&self, thread: Ts) -> Option<&str> {
        let status = self.statuses.get(&thread)?;
        (Timestamp::now().duration_since(status.at) < STATUS_LASTS).then_some(status.text.as_str())
    }

    /// The replies of a thread, in order.
    pub(crate) fn replies(&self, parent: Ts) -> impl DoubleEndedIterator<Item = &Arc<Message>> {
        self.threads.get(&parent).into_iter().flatten().filter_map(|ts| self.messages.get(ts))
    }
}
