//! What can happen to a channel itself.

use serde::{Deserialize, Serialize};

use crate::workspace::id::UserId;
use crate::workspace::state::channel::Topic;
use crate::workspace::state::{Channel, Kind};

/// A change of a channel's people, name or state.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ChannelChange {
    Joined {
        user: UserId,
        inviter: Option<UserId>,
    },
    Left {
        user: UserId,
    },
    Archived {
        by: UserId,
    },
    /// Open again, with the people who are in it from now on.
    Unarchived {
        by: UserId,
        members: Vec<UserId>,
    },
    Renamed {
        name: String,
    },
    TopicSet(Topic),
}

impl ChannelChange {
    pub(super) fn apply(&self, channel: &mut Channel) {
        match self {
            Self::Joined { user, .. } => {
                if !channel.has(user) {
                    channel.members.push(user.clone());
                }
            }
            Self::Left { user } => channel.members.retain(|member| member != user),
            Self::Archived { .. } => {
                channel.is_archived = true;
                channel.members_before_archive = std::mem::take(&mut channel.members);
            }
            Self::Unarchived { members, .. } => {
                channel.is_archived = false;
                channel.members_before_archive.clear();
                channel.members.clone_from(members);
            }
            Self::Renamed { name } => match &mut channel.kind {
                Kind::Public { name: old } | Kind::Private { name: old } => {
                    channel.previous_names.insert(0, std::mem::replace(old, name.clone()));
                }
                Kind::Direct => {}
            },
            Self::TopicSet(topic) => channel.topic = topic.clone(),
        }
    }
}
