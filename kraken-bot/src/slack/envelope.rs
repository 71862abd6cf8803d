//! What Slack sends: the frames of Socket Mode, read as raw JSON so that an unexpected field loses nothing.

use super::directory::RawUser;
use super::heard::Heard;
use super::method::Event;
use crate::modals::ASK_ANYTHING;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A frame of Socket Mode.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Frame {
    /// The connection stands.
    Hello,
    /// Slack asks for a new connection.
    Disconnect,
    /// Something is told; to be acknowledged once it is written down.
    Envelope {
        /// What the acknowledgement names.
        id: String,
        /// What is told.
        heard: Heard,
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
    /// When, where Slack says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) at: Option<Timestamp>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum What {
    /// Somebody said something to the Kraken, in words or by a button.
    Said(Said),
    /// Somebody looks at the Kraken's Home tab, or presses a button there.
    Home(AtHome),
    /// Somebody took back what they had said: the message of this `ts`.
    Unsaid(String),
    /// Somebody came into the channel.
    Joined(String),
    /// Somebody left it.
    Left(String),
    /// It was archived.
    Archived,
    /// It was deleted.
    Deleted,
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
    /// The Kraken was taken out of the workspace, or its token there was revoked: it sees no channel any more. Of no one channel.
    CutOff,
    /// Something about an account is different: its class, its name, or whether it can be used. Of no one channel.
    Account(String),
    /// The same, with the account as Slack shows it from now on.
    Changed(Box<RawUser>),
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
    /// The button that was pressed, where that is how it was said; then `ts` is the card's, or, where only one person sees that and
    /// nothing can hang on it, of the message that it is about.
    #[serde(default)]
    pub(crate) click: Option<Click>,
    /// In which way.
    #[serde(default)]
    pub(crate) how: How,
}

impl Said {
    /// Whether it stands in a thread, which has a reply then.
    pub(crate) fn is_reply(&self) -> bool {
        !self.thread.is_empty() && self.thread != self.ts
    }

    /// Whether it can have been asked where the Kraken is not: Slack offers slash commands, shortcuts and their forms everywhere.
    pub(crate) fn is_from_anywhere(&self) -> bool {
        let is_shortcut = self.click.as_ref().is_some_and(|click| click.action == ASK_ANYTHING);
        is_shortcut || matches!(self.how, How::Form | How::Slash(_))
    }
}

/// Somebody at the Kraken's Home tab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AtHome {
    /// Who.
    pub(crate) user: String,
    /// What they do.
    pub(crate) deed: Deed,
}

/// What somebody does at Home.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Deed {
    /// They look.
    Look,
    /// They want to sign in.
    SignIn,
    /// They want to sign out.
    SignOut,
}

/// In which way something was said.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum How {
    /// To the Kraken: with a mention, in a direct message, by a button.
    #[default]
    Spoken,
    /// In a thread that the Kraken was asked in, without another mention.
    Overheard,
    /// As a slash command. What cannot be said in the channel is answered at this address of Slack's.
    Slash(String),
    /// By a form that was filled in.
    Form,
}

/// A button that was pressed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Click {
    /// What the button is for.
    pub(crate) action: String,
    /// About what.
    pub(crate) value: String,
    /// What opens a modal for whoever pressed it, for three seconds.
    #[serde(default)]
    pub(crate) trigger: String,
    /// What the card shows, with the button; nothing where Slack does not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<Box<Card>>,
}

/// What a message shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Card {
    /// As plain text.
    pub(crate) text: String,
    /// As blocks.
    pub(crate) blocks: Vec<Value>,
}

impl Incoming {
    /// What is answered in order: a thread, or a channel's facts.
    pub(crate) fn conversation(&self) -> String {
        match &self.what {
            // What is not said in a thread, and what opens a modal, waits for nothing else.
            What::Said(Said { how: How::Slash(_) | How::Form, .. }) => {
                format!("{}/{}", self.channel, self.id)
            }
            What::Said(Said { click: Some(click), .. }) if click.action.starts_with("ask_") => {
                format!("{}/{}", self.channel, self.id)
            }
            What::Said(said) => format!("{}/{}", self.channel, said.thread),
            What::Home(home) => format!("home/{}", home.user),
            _ => self.channel.clone(),
        }
    }

    /// Whether it is a fact about the channel, for which messages that come after it wait.
    pub(crate) fn is_fact(&self) -> bool {
        !matches!(self.what, What::Said(_) | What::Unsaid(_) | What::Home(_))
    }
}

/// The id of a message. Slack tells of one that mentions the Kraken twice, as a mention and as a message; it is one.
pub(crate) fn message_id(channel: &str, ts: &str) -> String {
    format!("said/{channel}/{ts}")
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
    let heard = match (text(&value, "type"), value.get("payload")) {
        (Some("events_api"), Some(payload)) => Heard::event(payload, me),
        (Some("interactive"), Some(payload)) => Heard::interaction(payload, me),
        (Some("slash_commands"), Some(payload)) => Heard::command(payload),
        _ => Heard::Nothing,
    };
    Frame::Envelope { id: envelope.to_owned(), heard }
}

/// Reads an event of the Events API; `None` when it is nothing to us.
pub(super) fn incoming(payload: &Value, me: &str) -> Option<Incoming> {
    let event = payload.get("event")?;
    let what = what(event, me)?;
    let channel = match &what {
        What::Account(user) => format!("account/{user}"),
        What::Changed(user) => format!("account/{}", user.id),
        What::CutOff => "workspace".to_owned(),
        _ => channel(event)?.to_owned(),
    };
    let id = match &what {
        What::Said(said) => message_id(&channel, &said.ts),
        What::Unsaid(ts) => format!("un{}", message_id(&channel, ts)),
        _ => text(payload, "event_id")?.to_owned(),
    };
    Some(Incoming { id, team: text(payload, "team_id")?.to_owned(), channel, what, at: at(payload, event) })
}

/// When it happened: the event says so exactly, what it came in to the second.
fn at(payload: &Value, event: &Value) -> Option<Timestamp> {
    let exactly = || {
        let (seconds, parts) = text(event, "event_ts")?.split_once('.')?;
        let nanoseconds = format!("{parts:0<9}").get(..9)?.parse().ok()?;
        Timestamp::new(seconds.parse().ok()?, nanoseconds).ok()
    };
    exactly().or_else(|| Timestamp::from_second(payload.get("event_time")?.as_i64()?).ok())
}

/// A channel is a text in most events, and an object in `channel_rename`.
fn channel(event: &Value) -> Option<&str> {
    let channel = event.get("channel").or_else(|| event.get("old_channel_id"))?;
    channel.as_str().or_else(|| text(channel, "id"))
}

fn what(event: &Value, me: &str) -> Option<What> {
    let user = || text(event, "user").map(str::to_owned);
    // Each of the table's, and no other, so that the manifest subscribes to what is read here.
    Some(match Event::of(text(event, "type")?)? {
        Event::AppMention => What::Said(said(event, me, How::Spoken)?),
        Event::Message if text(event, "subtype") == Some("channel_convert_to_private") => What::Different,
        Event::Message => message(event, me)?,
        Event::AppHomeOpened if text(event, "tab") == Some("home") => {
            What::Home(AtHome { user: user()?, deed: Deed::Look })
        }
        Event::AppHomeOpened => return None,
        Event::MemberJoinedChannel => What::Joined(user()?),
        Event::MemberLeftChannel => What::Left(user()?),
        Event::ChannelArchive | Event::GroupArchive => What::Archived,
        Event::ChannelDeleted | Event::GroupDeleted => What::Deleted,
        Event::ChannelUnarchive | Event::GroupUnarchive => What::Unarchived,
        Event::ChannelRename | Event::GroupRename => {
            What::Renamed(text(event.get("channel")?, "name")?.to_owned())
        }
        Event::ChannelIdChanged => What::Moved(text(event, "new_channel_id")?.to_owned()),
        Event::ChannelShared | Event::ChannelUnshared => What::Different,
        Event::ChannelLeft | Event::GroupLeft => What::Unseen,
        Event::UserChange => account(event.get("user")?)?,
        Event::AppUninstalled => What::CutOff,
        Event::TokensRevoked if is_revoked(event, me) => What::CutOff,
        Event::TokensRevoked => return None,
    })
}

/// Whether the Kraken's own token is among those that were revoked.
fn is_revoked(event: &Value, me: &str) -> bool {
    let bots = event.pointer("/tokens/bot").and_then(Value::as_array);
    bots.is_some_and(|bots| bots.iter().any(|bot| bot == me))
}

/// An account that is different. One that is shown in another way than is known here is asked for.
fn account(user: &Value) -> Option<What> {
    match RawUser::deserialize(user) {
        Ok(user) => Some(What::Changed(Box::new(user))),
        Err(_) => Some(What::Account(text(user, "id")?.to_owned())),
    }
}

/// A message, as everybody in the channel reads it.
fn message(event: &Value, me: &str) -> Option<What> {
    match text(event, "subtype") {
        Some("message_deleted") => Some(What::Unsaid(text(event, "deleted_ts")?.to_owned())),
        // What began a thread leaves a stone where it stood.
        Some("message_changed") if event.pointer("/message/subtype")?.as_str()? == "tombstone" => {
            Some(What::Unsaid(event.pointer("/message/ts")?.as_str()?.to_owned()))
        }
        Some(_) => None,
        None => {
            let said = said(event, me, How::Spoken)?;
            let mentions = [format!("<@{me}>"), format!("<@{me}|")].iter().any(|at| said.text.contains(at));
            if said.direct || mentions {
                return Some(What::Said(said));
            }
            let in_thread = said.thread != said.ts;
            let exact = in_thread && crate::command::is_exact(&said.text, me);
            exact.then_some(What::Said(Said { how: How::Overheard, ..said }))
        }
    }
}

/// What a person said. Programs, edits and the Kraken itself are never obeyed.
fn said(event: &Value, me: &str, how: How) -> Option<Said> {
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
        direct: text(event, "channel_type") == Some("im"),
        click: None,
        how,
    })
}

fn text<'v>(value: &'v Value, key: &str) -> Option<&'v str> {
    value.get(key)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn frame(event: &Value) -> Frame {
        let payload = json!({"event_id": "Ev1", "team_id": "T1", "event": event, "odd": [1]});
        read(&json!({"type": "events_api", "envelope_id": "e1", "payload": payload}).to_string(), "UKRAKEN")
    }

    fn incoming(event: &Value) -> Option<Incoming> {
        match frame(event) {
            Frame::Envelope { id, heard } => {
                assert_eq!(id, "e1");
                match heard {
                    Heard::Happened(incoming) => Some(*incoming),
                    Heard::Nothing => None,
                    Heard::Submitted(other) => panic!("{other:?}"),
                }
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
            ("said/C1/1.2", "C1/1.2", false)
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
    fn a_reply_without_a_mention_is_heard_when_it_is_a_command_and_nothing_else() {
        let reply = |text: &str| {
            let event = json!({"type": "message", "channel_type": "group", "user": "UANA", "text": text, "ts": "1.2", "thread_ts": "1.1", "channel": "C1"});
            super::tests::incoming(&event)
        };
        let What::Said(said) = reply("run hello").unwrap().what else { panic!("it is said") };
        assert_eq!((said.how, said.thread.as_str()), (How::Overheard, "1.1"));
        for talk in ["", "run hello again please", "thanks!", "set mode to something nice", "<@UBEN> help"] {
            assert_eq!(reply(talk), None, "{talk}");
        }
        // The same message, told of in two ways.
        let mention = reply("<@UKRAKEN> run hello").unwrap();
        assert_eq!(mention.id, "said/C1/1.2");
        let What::Said(said) = mention.what else { panic!("it is said") };
        assert_eq!(said.how, How::Spoken);
    }

    #[test]
    fn a_message_that_is_deleted_is_taken_back() {
        let taken = |event: Value| super::tests::incoming(&event).unwrap();
        let deleted = taken(
            json!({"type": "message", "subtype": "message_deleted", "deleted_ts": "1.2", "ts": "1.9", "channel": "C1"}),
        );
        assert_eq!((deleted.id.as_str(), deleted.what), ("unsaid/C1/1.2", What::Unsaid("1.2".into())));
        let stone = taken(
            json!({"type": "message", "subtype": "message_changed", "ts": "1.9", "channel": "C1", "message": {"subtype": "tombstone", "ts": "1.2"}}),
        );
        assert_eq!(stone.id, "unsaid/C1/1.2");
        let edited = json!({"type": "message", "subtype": "message_changed", "ts": "1.9", "channel": "C1", "message": {"ts": "1.2", "user": "UANA", "text": "<@UKRAKEN> run hello"}});
        assert_eq!(super::tests::incoming(&edited), None);
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
        assert_eq!(what(gone), ("C1".into(), What::Deleted));
        let out = json!({"type": "group_left", "channel": "G1"});
        assert_eq!(what(out), ("G1".into(), What::Unseen));
        let revoked = json!({"type": "tokens_revoked", "tokens": {"oauth": ["UANA"], "bot": ["UKRAKEN"]}});
        assert_eq!(what(revoked), ("workspace".into(), What::CutOff));
        let others = json!({"type": "tokens_revoked", "tokens": {"oauth": ["UKRAKEN"], "bot": ["UOTHER"]}});
        assert_eq!(super::tests::incoming(&others), None);
        let fired = json!({"type": "user_change", "user": {"id": "UBEN", "deleted": true}});
        let (channel, What::Changed(user)) = what(fired) else { panic!("the account is shown") };
        assert_eq!((channel.as_str(), user.id.as_str(), user.deleted), ("account/UBEN", "UBEN", true));
        let odd = json!({"type": "user_change", "user": {"id": "UBEN", "deleted": "perhaps"}});
        assert_eq!(what(odd), ("account/UBEN".into(), What::Account("UBEN".into())));
    }

    #[test]
    fn what_happened_happened_when_slack_says() {
        let at = |payload: Value| super::incoming(&payload, "UKRAKEN").unwrap().at.map(|at| at.to_string());
        let event = json!({"type": "member_joined_channel", "user": "UBEN", "channel": "C1"});
        let payload = json!({"event_id": "Ev1", "team_id": "T1", "event": event});
        assert_eq!(at(payload.clone()), None);
        let mut to_the_second = payload;
        to_the_second["event_time"] = 1_800_000_000.into();
        assert_eq!(at(to_the_second.clone()).unwrap(), "2027-01-15T08:00:00Z");
        let mut exactly = to_the_second;
        exactly["event"]["event_ts"] = "1800000000.000200".into();
        assert_eq!(at(exactly).unwrap(), "2027-01-15T08:00:00.0002Z");
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
