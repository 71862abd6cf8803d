//! Everything that can happen in the workspace, and what each does to the state.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::id::{ChannelId, UserId};
use super::state::{App, Channel, Kind, Queued, State, Team, User};
use crate::journal::Replay;

pub(crate) mod channel;
pub(crate) mod interaction;
pub(crate) mod message;
pub(crate) mod view;

pub(crate) use channel::ChannelChange;
pub(crate) use interaction::InteractionChange;
pub(crate) use message::MessageChange;
pub(crate) use view::ViewChange;

/// One thing that happened. Written to the journal, so a variant that was once released keeps its meaning.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Change {
    /// The first start.
    Founded { team: Team, app: App },
    /// Somebody is new, or not as before.
    UserSaved(User),
    /// A channel or direct conversation is new.
    ChannelCreated { id: ChannelId, kind: Kind, creator: UserId, at: Timestamp, is_general: bool },
    /// Its people, name or state changed.
    Channel { id: ChannelId, what: ChannelChange },
    /// What is said in it changed.
    Message { channel: ChannelId, what: MessageChange },
    /// A modal or a Home tab changed.
    View(ViewChange),
    /// The app may answer something that a person did, or has.
    Interaction(InteractionChange),
    /// The app is to be told.
    Queued(Queued),
    /// It was, or never will be.
    Settled { numbers: Vec<u64> },
}

impl Replay for State {
    type Change = Change;

    fn apply(&mut self, change: &Change) {
        self.revision += u64::from(Self::is_visible(change));
        match change {
            Change::Founded { team, app } => {
                self.team = team.clone();
                self.app = app.clone();
            }
            Change::UserSaved(user) => {
                self.users.insert(user.id.clone(), Arc::new(user.clone()));
            }
            Change::ChannelCreated { id, kind, creator, at, is_general } => {
                let mut channel = Channel::new(id.clone(), kind.clone(), creator.clone(), *at);
                channel.is_general = *is_general;
                self.channels.insert(id.clone(), Arc::new(channel));
            }
            Change::Channel { id, what } => {
                if let Some(channel) = self.channels.get_mut(id) {
                    what.apply(Arc::make_mut(channel));
                }
            }
            Change::Message { channel, what } => {
                self.last_ts = self.last_ts.max(what.newest_ts());
                if let Some(channel) = self.channels.get_mut(channel) {
                    what.apply(Arc::make_mut(channel));
                }
            }
            Change::View(what) => what.apply(self),
            Change::Interaction(what) => what.apply(self),
            Change::Queued(queued) => {
                self.outbox.insert(self.next_in_outbox, Arc::new(queued.clone()));
                self.next_in_outbox += 1;
            }
            Change::Settled { numbers } => self.outbox.retain(|number, _| !numbers.contains(number)),
        }
    }

    fn is_visible(change: &Change) -> bool {
        match change {
            Change::Founded { .. }
            | Change::UserSaved(_)
            | Change::ChannelCreated { .. }
            | Change::Channel { .. }
            | Change::Message { .. }
            | Change::View(_) => true,
            Change::Interaction(_) | Change::Queued(_) | Change::Settled { .. } => false,
        }
    }
}
