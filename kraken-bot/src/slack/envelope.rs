//! What Slack sends: the frames of Socket Mode, read as raw JSON so that an unexpected field loses nothing.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// A frame of Socket Mode.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    /// The connection stands.
    Hello,
    /// Slack asks for a new connection.
    Disconnect,
    /// Something happened; to be acknowledged once it is written down.
    Envelope {
        /// How to acknowledge it.
        ack: String,
        /// What happened; `None` when it is nothing to us.
        incoming: Option<Box<Incoming>>,
    },
    /// Nothing that is known here.
    Unknown,
}

/// Something that happened, as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Incoming {
    /// Slack's id of it.
    pub(crate) id: String,
    /// The workspace.
    pub(crate) team: String,
    /// The channel.
    pub(crate) channel: String,
    /// What.
    pub(crate) what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// Somebody said something to the Kraken, in words or by a button.
    Said(Said),
    /// Somebody came into the channel.
    Joined(String),
    /// Somebody left it.
    Left(String),
    /// It was archived.
    Archived,
    /// It is in use again.
    Unarchived,
    /// It has another name.
    Renamed(String),
    /// Slack knows it under another id.
    Moved(String),
    /// Something about it is different that only a look at the whole can tell.
    Different,
    /// The Kraken was removed from it.
    Unseen,
    /// Something about an account is different: its class, its name, or whether it can be used. Of no one channel.
    Account(String),
}

/// Something that was said to the Kraken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Said {
    /// By whom.
    pub(crate) user: String,
    /// The words.
    pub(crate) text: String,
    /// The message.
    pub(crate) ts: String,
    /// The thread it stands in, or that it begins.
    pub(crate) thread: String,
    /// In a direct message.
    pub(crate) direct: bool,
    /// The button that was pressed, where that is how it was said; then `ts` is the card's.
    #[serde(default)]
    pub(crate) click: Option<Click>,
}

/// A button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Click {
    /// What the button is for.
    pub(crate) action: String,
    /// About what.
    pub(crate) value: String,
}

impl Incoming {
    /// What is answered in order: a thread, or a channel's facts.
    pub(crate) fn conversation(&self) -> String {
        match &self.what {
            What::Said(said) => format!("{}/{}", self.channel, said.thread),
            _ => self.channel.clone(),
        }
    }

    /// Whether it is a fact about the channel, for which messages that come after it wait.
    pub(crate) fn is_fact(&self) -> bool {
        !matches!(self.what, What::Said(_))
    }
}

/// Reads a frame. `me` is the Kraken's own account: what it says itself is nothing to it.
pub(crate) fn read(frame: &str, me: &str) -> Frame {
    let Ok(value) = serde_json::from_str::<Value>(frame) else { return Frame::Unknown };
    match text(&value, "type") {
        Some("hello") => return Frame::Hello,
        Some("disconnect") => return Frame::Disconnect,
        _ => {}
    }
    let Some(envelope) = text(&value, "envelope_id") else { return Frame::Unknown };
    let ack = json!({"envelope_id": envelope}).to_string();
    let payload = value.get("payload");
    let incoming = payload.and_then(|payload| match text(&value, "type") {
        Some("events_api") => incoming(payload, me),
        Some("interactive") => super::click::read(payload),
        _ => None,
    });
    let incoming = incoming.map(Box::new);
    Frame::Envelope { ack, incoming }
}

/// Reads an event of the Events API; `None` when it is nothing to us.
pub(super) fn incoming(payload: &Value, me: &str) -> Option<Incoming> {
    let event = payload.get("event")?;
    let what = what(event, me)?;
    Some(Incoming {
        id: text(payload, "event_id")?.to_owned(),
        team: text(payload, "team_id")?.to_owned(),
        channel: match &what {
            What::Account(user) => format!("account/{user}"),
            _ => channel(event)?.to_owned(),
        },
        what,
    })
}

/// A channel is a text in most events, and an object in `channel_rename`.
fn channel(event: &Value) -> Option<&str> {
    let channel = event.get("channel").or_else(|| event.get("old_channel_id"))?;
    channel.as_str().or_else(|| text(channel, "id"))
}

fn what(event: &Value, me: &str) -> Option<What> {
    let user = || text(event, "user").map(str::to_owned);
    Some(match text(event, "type")? {
        "app_mention" => What::Said(said(event, me, false)?),
        "message" if text(event, "subtype") == Some("channel_convert_to_private") => What::Different,
        "message" if text(event, "channel_type") == Some("im") => What::Said(said(event, me, true)?),
        "member_joined_channel" => What::Joined(user()?),
        "member_left_channel" => What::Left(user()?),
        // A channel that was deleted has nobody in it, like one that is archived, and does not come back.
        "channel_archive" | "group_archive" | "channel_deleted" | "group_deleted" => What::Archived,
        "channel_unarchive" | "group_unarchive" => What::Unarchived,
        "channel_rename" | "group_rename" => What::Renamed(text(event.get("channel")?, "name")?.to_owned()),
        "channel_id_changed" => What::Moved(text(event, "new_channel_id")?.to_owned()),
        "channel_shared" | "channel_unshared" => What::Different,
        "channel_left" | "group_left" => What::Unseen,
        "user_change" => What::Account(text(event.get("user")?, "id")?.to_owned()),
        _ => return None,
    })
}

/// What a person said. Programs, edits and the Kraken itself are never obeyed.
fn said(event: &Value, me: &str, direct: bool) -> Option<Said> {
    let program = event.get("bot_id").is_some_and(|bot| !bot.is_null());
    let edited =
        event.get("subtype").is_some_and(|subtype| !subtype.is_null()) || event.get("edited").is_some();
    let user = text(event, "user")?;
    if program || edited || user == me {
        return None;
    }
    let ts = text(event, "ts")?.to_owned();
    Some(Said {
        user: user.to_owned(),
        text: text(event, "text").unwrap_or_default().to_owned(),
        thread: text(event, "thread_ts").map_or_else(|| ts.clone(), str::to_owned),
        ts,
        direct,
        click: None,
    })
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(event: &Value) -> Frame {
        let payload = json!({"event_id": "Ev1", "team_id": "T1", "event": event, "odd": [1]});
        read(&json!({"type": "events_api", "envelope_id": "e1", "payload": payload}).to_string(), "UKRAKEN")
    }

    fn incoming(event: &Value) -> Option<Incoming> {
        match frame(event) {
            Frame::Envelope { ack, incoming } => {
                assert_eq!(ack, r#"{"envelope_id":"e1"}"#);
                incoming.map(|incoming| *incoming)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_mention_begins_a_thread_or_stands_in_one() {
        let mention = json!({"type": "app_mention", "user": "UANA", "text": "<@UKRAKEN> help", "ts": "1.2", "channel": "C1"});
        let read = super::tests::incoming(&mention).unwrap();
        assert_eq!(
            (read.id.as_str(), read.conversation().as_str(), read.is_fact()),
            ("Ev1", "C1/1.2", false)
        );
        let mut reply = mention;
        reply["thread_ts"] = "1.1".into();
        assert_eq!(super::tests::incoming(&reply).unwrap().conversation(), "C1/1.1");
    }

    #[test]
    fn programs_edits_and_the_kraken_itself_are_not_obeyed() {
        let mention =
            json!({"type": "app_mention", "user": "UANA", "text": "help", "ts": "1.2", "channel": "C1"});
        for (key, value) in [("bot_id", "B1"), ("subtype", "bot_message"), ("user", "UKRAKEN")] {
            let mut other = mention.clone();
            other[key] = value.into();
            assert_eq!(super::tests::incoming(&other), None, "{key}");
        }
    }

    #[test]
    fn facts_are_read_whatever_kind_of_channel_it_is() {
        let left = json!({"type": "member_left_channel", "user": "UBEN", "channel": "C1"});
        assert_eq!(super::tests::incoming(&left).unwrap().what, What::Left("UBEN".into()));
        let renamed = json!({"type": "channel_rename", "channel": {"id": "C1", "name": "prices"}});
        assert_eq!(super::tests::incoming(&renamed).unwrap().what, What::Renamed("prices".into()));
        let archived = json!({"type": "group_archive", "channel": "G1", "user": "UANA"});
        assert!(super::tests::incoming(&archived).unwrap().is_fact());
    }

    #[test]
    fn facts_that_come_in_odd_shapes_are_read_too() {
        let what = |event: Value| {
            let read = super::tests::incoming(&event).unwrap();
            assert!(read.is_fact());
            (read.channel, read.what)
        };
        let moved = json!({"type": "channel_id_changed", "old_channel_id": "G1", "new_channel_id": "C9"});
        assert_eq!(what(moved), ("G1".into(), What::Moved("C9".into())));
        let private = json!({"type": "message", "subtype": "channel_convert_to_private", "channel": "C1"});
        assert_eq!(what(private), ("C1".into(), What::Different));
        let shared = json!({"type": "channel_shared", "channel": "C1", "connected_team_id": "T9"});
        assert_eq!(what(shared), ("C1".into(), What::Different));
        let gone = json!({"type": "channel_deleted", "channel": "C1"});
        assert_eq!(what(gone), ("C1".into(), What::Archived));
        let out = json!({"type": "group_left", "channel": "G1"});
        assert_eq!(what(out), ("G1".into(), What::Unseen));
        let fired = json!({"type": "user_change", "user": {"id": "UBEN", "deleted": true}});
        assert_eq!(what(fired), ("account/UBEN".into(), What::Account("UBEN".into())));
    }

    #[test]
    fn what_is_nothing_to_us_is_acknowledged_all_the_same() {
        assert_eq!(super::tests::incoming(&json!({"type": "reaction_added"})), None);
        let message =
            json!({"type": "message", "channel_type": "channel", "user": "U1", "ts": "1", "channel": "C1"});
        assert_eq!(super::tests::incoming(&message), None);
        assert_eq!(read("nonsense", "U"), Frame::Unknown);
        assert_eq!(read(r#"{"type":"hello"}"#, "U"), Frame::Hello);
        assert_eq!(read(r#"{"type":"disconnect","reason":"warning"}"#, "U"), Frame::Disconnect);
    }
}
