//! A message.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::stream::Stream;
use crate::workspace::id::UserId;
use crate::workspace::ts::Ts;

/// What a message says, as a client sends it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Content {
    /// The text, in Slack's markup.
    pub(crate) text: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) blocks: Vec<Value>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) attachments: Vec<Value>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) metadata: Option<Value>,
}

impl Content {
    /// A text and nothing else.
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }
}

/// A message that tells of something, or is no ordinary one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "subtype")]
pub(crate) enum Subtype {
    /// Somebody came.
    ChannelJoin {
        /// Who brought them.
        inviter: Option<UserId>,
    },
    /// Somebody went.
    ChannelLeave,
    /// The channel was archived.
    ChannelArchive,
    /// And opened again.
    ChannelUnarchive,
    /// It has another name.
    ChannelName {
        /// The former one.
        old_name: String,
        /// The new one.
        name: String,
    },
    /// It has another topic.
    ChannelTopic {
        /// The new one.
        topic: String,
    },
    /// A reply that the channel sees as well.
    ThreadBroadcast,
    /// What is left of a deleted message that had replies.
    Tombstone,
}

impl Subtype {
    /// Slack's word.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::ChannelJoin { .. } => "channel_join",
            Self::ChannelLeave => "channel_leave",
            Self::ChannelArchive => "channel_archive",
            Self::ChannelUnarchive => "channel_unarchive",
            Self::ChannelName { .. } => "channel_name",
            Self::ChannelTopic { .. } => "channel_topic",
            Self::ThreadBroadcast => "thread_broadcast",
            Self::Tombstone => "tombstone",
        }
    }

    /// Whether the workspace wrote it, not the author.
    pub(crate) const fn is_notice(&self) -> bool {
        !matches!(self, Self::ThreadBroadcast)
    }
}

/// One kind of reaction, and who left it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reaction {
    pub(crate) name: String,
    pub(crate) users: Vec<UserId>,
}

/// A message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Message {
    pub(crate) ts: Ts,
    pub(crate) author: UserId,
    pub(crate) content: Content,
    /// The first message of its thread, which may be itself only in what clients are told, not here.
    pub(crate) thread: Option<Ts>,
    pub(crate) subtype: Option<Subtype>,
    pub(crate) edited: Option<(UserId, Ts)>,
    /// The sending client's own name for it; only what a person wrote has one.
    pub(crate) client_msg_id: Option<Uuid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) reactions: Vec<Reaction>,
    /// The one person who sees it.
    pub(crate) only_for: Option<UserId>,
    /// What it is made of so far, while it grows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) stream: Option<Stream>,
}

impl Message {
    /// A message of `author`'s.
    pub(crate) fn new(ts: Ts, author: UserId, content: Content) -> Self {
        Self {
            ts,
            author,
            content,
            thread: None,
            subtype: None,
            edited: None,
            client_msg_id: None,
            reactions: Vec::new(),
            only_for: None,
            stream: None,
        }
    }

    /// Whether it stands in the channel's own line.
    pub(crate) fn is_top_level(&self) -> bool {
        self.thread.is_none() || matches!(self.subtype, Some(Subtype::ThreadBroadcast))
    }
}
