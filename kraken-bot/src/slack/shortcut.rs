//! The shortcuts, anywhere and on a message: both ask what to do, and are answered as what was typed is.
//! <https://docs.slack.dev/interactivity/implementing-shortcuts>

use super::envelope::{Click, How, Incoming, Said, What};
use crate::modals::ASK_ANYTHING;
use serde_json::Value;

/// The app's name for both.
pub(super) const CALLBACK: &str = "ask";

/// Reads a shortcut; `None` when it is none of these.
pub(super) fn read(payload: &Value, me: &str) -> Option<Incoming> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    let on_message = match text("/type")? {
        "shortcut" => false,
        "message_action" => true,
        _ => return None,
    };
    if text("/callback_id") != Some(CALLBACK) {
        return None;
    }
    let (user, trigger) = (text("/user/id")?, text("/trigger_id")?);
    let channel = if on_message { text("/channel/id")? } else { "" };
    let thread = if on_message { text("/message/thread_ts").or_else(|| text("/message/ts"))? } else { "" };
    // The message's own words are only offered where they are a command; whoever uses the shortcut sees them first.
    let words = text("/message/text").filter(|words| crate::command::is_exact(words, me)).unwrap_or_default();
    let said = Said {
        user: user.to_owned(),
        text: String::new(),
        ts: thread.to_owned(),
        thread: thread.to_owned(),
        direct: channel.starts_with('D'),
        click: Some(Click {
            action: ASK_ANYTHING.to_owned(),
            value: words.to_owned(),
            trigger: trigger.to_owned(),
            card: None,
        }),
        how: How::Spoken,
    };
    Some(Incoming {
        id: format!("shortcut/{user}/{trigger}"),
        team: text("/team/id").or_else(|| text("/user/team_id"))?.to_owned(),
        channel: channel.to_owned(),
        what: What::Said(said),
        at: None,
    })
}
