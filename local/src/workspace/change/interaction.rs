//! The short-lived permissions that an interaction gives the app: to open a modal, and to answer.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::workspace::state::{Response, State, Trigger};

/// How long an interaction lets the app open a modal.
pub(crate) const TRIGGER_LIVES: SignedDuration = SignedDuration::from_secs(3);
/// How long a response address can be used.
pub(crate) const RESPONSE_LIVES: SignedDuration = SignedDuration::from_mins(30);
/// How often.
pub(crate) const RESPONSE_USES: u8 = 5;

/// What is long over is kept a while, so that a late client is told "expired" and not "unknown".
const TRIGGER_KEPT: SignedDuration = SignedDuration::from_mins(10);

/// A permission is given or used.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum InteractionChange {
    TriggerIssued { id: String, trigger: Trigger },
    TriggerExchanged { id: String },
    ResponseOffered { id: Uuid, response: Response },
    ResponseUsed { id: Uuid },
}

impl InteractionChange {
    pub(super) fn apply(&self, state: &mut State) {
        match self {
            Self::TriggerIssued { id, trigger } => {
                state.triggers.retain(|_, kept| trigger.at.duration_since(kept.at) < TRIGGER_KEPT);
                state.triggers.insert(id.clone(), trigger.clone());
            }
            Self::TriggerExchanged { id } => {
                if let Some(trigger) = state.triggers.get_mut(id) {
                    trigger.exchanged = true;
                }
            }
            Self::ResponseOffered { id, response } => {
                state.responses.retain(|_, kept| response.at.duration_since(kept.at) < RESPONSE_LIVES);
                state.responses.insert(*id, response.clone());
            }
            Self::ResponseUsed { id } => {
                if let Some(response) = state.responses.get_mut(id) {
                    response.used += 1;
                }
            }
        }
    }
}
