//! One request's chance to change the workspace: what it changes is kept as a whole or not at all, and every event
//! that Slack would send for it follows by itself.

use std::ops::Deref;

use jiff::Timestamp;
use serde_json::Value;

use super::change::Change;
use super::event;
use super::fault::Fault;
use super::id::{ChannelId, EventId, UserId};
use super::state::{Channel, Queued, State, User};
use super::ts::Ts;
use crate::journal::Draft;

/// What payloads name that is no part of the state.
#[derive(Debug)]
pub(crate) struct Setting {
    /// What the obsolete `token` of payloads holds.
    pub(crate) verification: String,
    /// The address of everything, without a slash at its end.
    pub(crate) base: String,
}

/// A transaction on the workspace, at one time.
pub(crate) struct Turn<'a> {
    draft: &'a mut Draft<State>,
    setting: &'a Setting,
    now: Timestamp,
    last: Ts,
}

impl Deref for Turn<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.draft
    }
}

impl<'a> Turn<'a> {
    pub(crate) fn new(draft: &'a mut Draft<State>, setting: &'a Setting, now: Timestamp) -> Self {
        let last = draft.last_ts;
        Self { draft, setting, now, last }
    }

    /// When this happens.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// What payloads name that is no part of the state.
    pub(crate) fn setting(&self) -> &Setting {
        self.setting
    }

    /// A time stamp that no message has.
    pub(crate) fn ts(&mut self) -> Ts {
        self.last = Ts::after(self.last, self.now);
        self.last
    }

    /// Lets something happen, and queues what the app is told about it.
    pub(crate) fn make(&mut self, change: Change) {
        let before = State::clone(self.draft);
        self.draft.make(change.clone());
        let event_ts = self.ts();
        for event in event::caused_by(&before, &change, self.draft, event_ts) {
            self.queue(event);
        }
    }

    fn queue(&mut self, event: Value) {
        let id = EventId::random();
        let payload = event::callback(self.draft, &id, event, &self.setting.verification, self.now);
        self.draft.make(Change::Queued(Queued { id, payload, at: self.now }));
    }

    /// Queues an event that is caused by looking, not by a change.
    pub(crate) fn tell(&mut self, event: Value) {
        self.queue(event);
    }
}

impl State {
    /// The account, which must exist and be active.
    pub(crate) fn active_user(&self, id: &UserId) -> Result<&User, Fault> {
        self.users.get(id).filter(|user| !user.deleted).map(AsRef::as_ref).ok_or(Fault::UserNotFound)
    }

    /// A channel that `viewer` may know of.
    pub(crate) fn channel_for(&self, viewer: &UserId, id: &ChannelId) -> Result<&Channel, Fault> {
        let guest = self.users.get(viewer).is_some_and(|user| user.is_restricted);
        self.channels
            .get(id)
            .filter(|channel| channel.is_visible_to(viewer, guest))
            .map(AsRef::as_ref)
            .ok_or(Fault::ChannelNotFound)
    }

    /// A channel that `member` is in, and that is not archived: where something can be done.
    pub(crate) fn open_channel_of(&self, member: &UserId, id: &ChannelId) -> Result<&Channel, Fault> {
        let channel = self.channel_for(member, id)?;
        if channel.is_archived {
            return Err(Fault::IsArchived);
        }
        if channel.has(member) { Ok(channel) } else { Err(Fault::NotInChannel) }
    }
}
