//! What a call says, as a run gets it.

use super::signature::{DELIVERY, EVENT};
use super::{NotTaken, header};
use crate::call::TriggerRef;
use crate::triggers::HookSpec;
use axum::http::HeaderMap;
use serde_json::{Map, Value, json};
use workflow::Scheme;

/// The headers that a run may see, where they are short.
const HEADERS: [&str; 6] = [
    "content-type",
    "user-agent",
    "x-github-event",
    "x-github-hook-id",
    "x-github-hook-installation-target-type",
    EVENT,
];

/// The most characters of a header, and of a delivery's id.
const LONGEST: usize = 200;

/// What GitHub calls with when a webhook is set up: it is about nothing.
const PING: &str = "ping";

/// What a call says.
pub(super) struct Told {
    event: Option<String>,
    delivery: String,
    body: Value,
    about: Value,
}

impl Told {
    /// Reads it. `signed` is what stands for the call where it has no id: the digest of all that was signed.
    pub(super) fn read(
        of: &TriggerRef,
        scheme: Scheme,
        headers: &HeaderMap,
        body: &[u8],
        signed: Option<String>,
    ) -> Result<Self, NotTaken> {
        let body: Value =
            serde_json::from_slice(body).map_err(|_| NotTaken::Unreadable("the body is no JSON"))?;
        let (event_header, id_header) = match scheme {
            Scheme::Github => ("x-github-event", "x-github-delivery"),
            Scheme::Timed => (EVENT, DELIVERY),
        };
        let event = header(headers, event_header).filter(|event| is_short(event)).map(str::to_owned);
        let delivery = match (headers.contains_key(id_header), header(headers, id_header), signed) {
            (true, Some(id), _) if is_short(id) && !id.is_empty() => id.to_owned(),
            (true, ..) => return Err(NotTaken::Unreadable("the delivery's id is none")),
            // Without an id the same call once more is known by what was signed, which no other call has.
            (false, _, Some(signed)) => signed,
            (false, _, None) => return Err(NotTaken::Unreadable("the delivery has no id")),
        };
        let shown: Map<String, Value> = HEADERS
            .into_iter()
            .filter_map(|name| Some((name, header(headers, name).filter(|value| is_short(value))?)))
            .map(|(name, value)| (name.to_owned(), value.into()))
            .collect();
        let about = json!({
            "trigger": of.name,
            "signature": scheme,
            "event": event,
            "action": body.get("action").filter(|action| action.is_string()),
            "delivery": delivery,
            "headers": shown,
        });
        Ok(Self { event, delivery, body, about })
    }

    /// Whether the trigger waits for it. What it does not say it is not about.
    pub(super) fn is_wanted(&self, spec: &HookSpec) -> bool {
        if spec.scheme == Scheme::Github && self.event.as_deref() == Some(PING) {
            return false;
        }
        let event = spec.event.as_ref().is_none_or(|event| self.event.as_ref() == Some(event));
        let action = self.body.get("action").and_then(Value::as_str);
        let wanted = |action: &str| spec.actions.iter().any(|wanted| wanted == action);
        event && (spec.actions.is_empty() || action.is_some_and(wanted))
    }

    /// Its id, and the input of its run: the fields of the body, and what is known about the call as `_webhook`.
    pub(super) fn stored(self, most: usize) -> Result<(String, String), NotTaken> {
        let mut input = match self.body {
            Value::Object(fields) => fields,
            other => Map::from_iter([("body".to_owned(), other)]),
        };
        input.insert("_webhook".to_owned(), self.about);
        let text = Value::Object(input).to_string();
        if text.len() > most { Err(NotTaken::TooLarge) } else { Ok((self.delivery, text)) }
    }
}

fn is_short(text: &str) -> bool {
    text.len() <= LONGEST && text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ')
}
