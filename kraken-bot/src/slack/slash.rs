//! The slash command: the same words as a mention, told by a form.
//! <https://docs.slack.dev/interactivity/implementing-slash-commands>

use super::envelope::{How, Incoming, Said, What};
use serde_json::Value;

/// Reads a slash command; `None` when something of it is missing.
pub(super) fn read(payload: &Value) -> Option<Incoming> {
    let text = |key: &str| payload.get(key).and_then(Value::as_str);
    text("command")?;
    let (user, channel) = (text("user_id")?, text("channel_id")?);
    let said = Said {
        user: user.to_owned(),
        text: text("text").unwrap_or_default().to_owned(),
        // Nothing stands in the channel that a thread could hang on.
        ts: String::new(),
        thread: String::new(),
        direct: channel.starts_with('D'),
        click: None,
        how: How::Slash(text("response_url").unwrap_or_default().to_owned()),
    };
    Some(Incoming {
        id: format!("slash/{user}/{}", text("trigger_id")?),
        team: text("team_id")?.to_owned(),
        channel: channel.to_owned(),
        what: What::Said(said),
        at: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_says_what_a_mention_says() {
        let payload = json!({
            "command": "/kraken", "text": "run hello", "user_id": "UANA", "channel_id": "C1", "team_id": "T1",
            "trigger_id": "t.1", "response_url": "https://hooks.slack.example/1",
        });
        let read = read(&payload).unwrap();
        assert_eq!(read.id, "slash/UANA/t.1");
        let What::Said(said) = read.what else { panic!("it is said") };
        assert_eq!((said.text.as_str(), said.direct), ("run hello", false));
    }
}
