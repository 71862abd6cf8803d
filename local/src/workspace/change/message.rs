//! What can happen to the messages of a channel.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::workspace::id::UserId;
use crate::workspace::state::channel::Status;
use crate::workspace::state::message::{Content, Reaction, Subtype};
use crate::workspace::state::stream::Stream;
use crate::workspace::state::{Channel, Message};
use crate::workspace::ts::Ts;

/// A change of what is said in a channel.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum MessageChange {
    /// Everybody sees it.
    Posted(Message),
    /// One person sees it.
    Whispered(Message),
    Edited {
        ts: Ts,
        content: Content,
        edited: Option<(UserId, Ts)>,
    },
    /// It has grown; without a stream it grows no more.
    Streamed {
        ts: Ts,
        content: Content,
        stream: Option<Stream>,
    },
    Deleted {
        ts: Ts,
    },
    Reacted {
        ts: Ts,
        name: String,
        user: UserId,
    },
    Unreacted {
        ts: Ts,
        name: String,
        user: UserId,
    },
    ReadUpTo {
        ts: Ts,
        user: UserId,
    },
    /// The app says what it is doing in a thread, or that it is done.
    StatusSet {
        thread: Ts,
        status: Option<Status>,
    },
}

impl MessageChange {
    /// The time stamp that this one gave out, if any.
    pub(super) fn newest_ts(&self) -> Ts {
        match self {
            Self::Posted(message) | Self::Whispered(message) => message.ts,
            Self::Edited { edited, .. } => edited.as_ref().map_or(Ts::default(), |(_, ts)| *ts),
            Self::Streamed { .. }
            | Self::Deleted { .. }
            | Self::Reacted { .. }
            | Self::Unreacted { .. }
            | Self::ReadUpTo { .. }
            | Self::StatusSet { .. } => Ts::default(),
        }
    }

    pub(super) fn apply(&self, channel: &mut Channel) {
        match self {
            Self::Posted(message) => {
                if let Some(thread) = message.thread {
                    channel.threads.entry(thread).or_default().insert(message.ts);
                }
                channel.read.insert(message.author.clone(), message.ts);
                channel.messages.insert(message.ts, Arc::new(message.clone()));
            }
            Self::Whispered(message) => {
                channel.whispers.insert(message.ts, Arc::new(message.clone()));
            }
            Self::Edited { ts, content, edited } => at(channel, *ts, |message| {
                message.content = content.clone();
                message.edited.clone_from(edited);
            }),
            Self::Streamed { ts, content, stream } => at(channel, *ts, |message| {
                message.content = content.clone();
                message.stream.clone_from(stream);
            }),
            Self::Deleted { ts } => delete(channel, *ts),
            Self::Reacted { ts, name, user } => at(channel, *ts, |message| react(message, name, user)),
            Self::Unreacted { ts, name, user } => at(channel, *ts, |message| {
                for reaction in message.reactions.iter_mut().filter(|reaction| reaction.name == *name) {
                    reaction.users.retain(|other| other != user);
                }
                message.reactions.retain(|reaction| !reaction.users.is_empty());
            }),
            Self::ReadUpTo { ts, user } => {
                channel.read.insert(user.clone(), *ts);
            }
            Self::StatusSet { thread, status: Some(status) } => {
                channel.statuses.insert(*thread, status.clone());
            }
            Self::StatusSet { thread, status: None } => {
                channel.statuses.remove(thread);
            }
        }
    }
}

fn at(channel: &mut Channel, ts: Ts, change: impl FnOnce(&mut Message)) {
    let message = channel.messages.get_mut(&ts).or_else(|| channel.whispers.get_mut(&ts));
    if let Some(message) = message {
        change(Arc::make_mut(message));
    }
}

fn react(message: &mut Message, name: &str, user: &UserId) {
    match message.reactions.iter_mut().find(|reaction| reaction.name == name) {
        Some(reaction) => reaction.users.push(user.clone()),
        None => message.reactions.push(Reaction { name: name.to_owned(), users: vec![user.clone()] }),
    }
}

/// Takes a message away; where it has replies, a trace stays that they hang on.
fn delete(channel: &mut Channel, ts: Ts) {
    channel.whispers.remove(&ts);
    if channel.threads.get(&ts).is_some_and(|replies| !replies.is_empty()) {
        at(channel, ts, |message| {
            message.subtype = Some(Subtype::Tombstone);
            message.content = Content::plain("This message was deleted.");
            message.reactions.clear();
        });
        return;
    }
    if let Some(thread) = channel.messages.remove(&ts).and_then(|message| message.thread)
        && let Some(replies) = channel.threads.get_mut(&thread)
    {
        replies.remove(&ts);
    }
}
