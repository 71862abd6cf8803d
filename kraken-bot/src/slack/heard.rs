//! What Slack tells, by Socket Mode or by requests, and how it is taken: written down first, then acknowledged. Only a form
//! is answered in the acknowledgement, where what was filled in cannot be right.

use super::envelope::{self, Incoming};
use super::view::Submission;
use super::{click, shortcut, slash, view};
use crate::buttons::OVER;
use crate::inbox::{Inbox, InboxError};
use crate::modals::BLOCK;
use serde_json::{Value, json};

/// What a form says when no more can be held.
pub(crate) const BUSY: &str = "Too much waits for me at the moment. Try again in some minutes.";

/// Something that Slack tells.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Heard {
    /// Nothing to us.
    Nothing,
    /// Something happened.
    Happened(Box<Incoming>),
    /// A form was filled in.
    Submitted(Box<Submission>),
}

impl Heard {
    /// An event of the Events API.
    pub(super) fn event(payload: &Value, me: &str) -> Self {
        envelope::incoming(payload, me).into()
    }

    /// A button, a form, or a shortcut.
    pub(super) fn interaction(payload: &Value, me: &str) -> Self {
        match view::read(payload) {
            Some(submission) => Self::Submitted(Box::new(submission)),
            None => click::read(payload).or_else(|| shortcut::read(payload, me)).into(),
        }
    }

    /// A slash command.
    pub(super) fn command(payload: &Value) -> Self {
        slash::read(payload).into()
    }
}

impl From<Option<Incoming>> for Heard {
    fn from(incoming: Option<Incoming>) -> Self {
        incoming.map_or(Self::Nothing, |incoming| Self::Happened(Box::new(incoming)))
    }
}

/// Writes it down; answers what the acknowledgement says.
pub(super) async fn take(inbox: &Inbox, heard: &Heard) -> Result<Option<Value>, InboxError> {
    match heard {
        Heard::Nothing => Ok(None),
        Heard::Happened(incoming) => inbox.receive(incoming).await.map(|()| None),
        Heard::Submitted(submission) => submitted(inbox, submission).await,
    }
}

/// What can be known to be wrong without the server is said in the form, which stays open.
async fn submitted(inbox: &Inbox, submission: &Submission) -> Result<Option<Value>, InboxError> {
    let Submission { incoming, user, typed, button, held } = submission;
    if let Some(button) = button {
        let wrong = match inbox.button(button, user, &incoming.id).await? {
            None => Some(OVER),
            Some(name) if name != *typed => Some("That is not its name."),
            Some(_) if !inbox.use_button(button, user, &incoming.id).await? => Some(OVER),
            Some(_) => None,
        };
        if let Some(wrong) = wrong {
            return Ok(Some(json!({"response_action": "errors", "errors": {BLOCK: wrong}})));
        }
    }
    if let Some(value) = held
        && !inbox.hold(&incoming.id, value.clone())
    {
        return Ok(Some(json!({"response_action": "errors", "errors": {BLOCK: BUSY}})));
    }
    inbox.receive(incoming).await.map(|()| None)
}
