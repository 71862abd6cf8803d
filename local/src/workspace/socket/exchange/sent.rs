//! What was sent to the app lately, for people to look at: kept in memory, so many and no more.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use serde_json::Value;

/// How many envelopes are kept.
pub(crate) const MOST: usize = 200;

/// The most characters of a payload that are kept.
const LONGEST: usize = 16_000;

/// What stands for what opens something, or was typed into a form.
const HIDDEN: &str = "(not shown)";

/// An envelope.
#[derive(Debug, Clone)]
pub(crate) struct Sent {
    /// Its id.
    pub(crate) id: String,
    /// When it was sent.
    pub(crate) at: Timestamp,
    /// `events_api`, `interactive` or `slash_commands`.
    pub(crate) kind: &'static str,
    /// The event's type, the interaction's, or the command.
    pub(crate) about: String,
    /// The connection, or the request URL.
    pub(crate) to: String,
    /// How often the same was sent before.
    pub(crate) again: u32,
    /// What became of it.
    pub(crate) became: Became,
    /// The payload as text, without what opens something.
    pub(crate) payload: String,
}

/// What became of an envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is on its way.
    Waits,
    /// The app acknowledged it then.
    Acknowledged(Timestamp),
    /// The same, and the acknowledgement counts as lost because a test wants it so.
    Lost(Timestamp),
    /// The app did not acknowledge it in time.
    Silence,
    /// The connection ended before.
    Broken,
}

/// The log.
#[derive(Default)]
pub(crate) struct Log(Mutex<VecDeque<Sent>>);

impl Log {
    /// Everything that is kept, the newest first.
    pub(crate) fn all(&self) -> Vec<Sent> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().rev().cloned().collect()
    }

    pub(super) fn add(&self, sent: Sent) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= MOST {
            all.pop_front();
        }
        all.push_back(sent);
    }

    pub(super) fn became(&self, id: &str, became: Became) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sent) = all.iter_mut().rev().find(|sent| sent.id == id) {
            sent.became = became;
        }
    }
}

/// What a payload is about.
pub(super) fn about(kind: &str, payload: &Value) -> String {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str).map(str::to_owned);
    let event = || {
        let subtype = text("/event/subtype").map(|subtype| format!("/{subtype}")).unwrap_or_default();
        text("/event/type").map(|event| format!("{event}{subtype}"))
    };
    let about = match kind {
        "events_api" => event(),
        "slash_commands" => text("/command"),
        _ => text("/type"),
    };
    about.unwrap_or_default()
}

/// A payload as text. Whoever has a response address, a trigger or a token could act with it; what was typed into a form can be a
/// secret.
pub(super) fn text(payload: &Value) -> String {
    let mut shown = payload.clone();
    hide(&mut shown, false);
    let text = serde_json::to_string_pretty(&shown).unwrap_or_default();
    let mut cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() {
        cut.push_str("\n…");
    }
    cut
}

fn hide(value: &mut Value, in_form: bool) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let opens =
                    matches!(name.as_str(), "token" | "response_url" | "response_urls" | "trigger_id");
                let typed = in_form && name == "value";
                if (opens || typed) && !field.is_null() {
                    *field = HIDDEN.into();
                } else {
                    hide(field, in_form || name == "state");
                }
            }
        }
        Value::Array(all) => all.iter_mut().for_each(|one| hide(one, in_form)),
        _ => {}
    }
}
