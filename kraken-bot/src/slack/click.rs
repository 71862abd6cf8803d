//! A button that was pressed, read from an interactive payload (`block_actions`).

use super::blocks::thread_of;
use super::envelope::{AtHome, Card, Click, Deed, How, Incoming, Said, What};
use crate::home::{AGAIN, SIGN_IN, SIGN_OUT};
use serde_json::Value;

/// Reads a click; `None` when it is nothing that is obeyed: another kind of payload, or a link that only opens.
pub(super) fn read(payload: &Value) -> Option<Incoming> {
    if text(payload, "/type") != Some("block_actions") {
        return None;
    }
    let action = payload.pointer("/actions/0")?;
    let (id, value) = (text(action, "/action_id")?, text(action, "/value")?);
    let user = text(payload, "/user/id")?;
    if text(payload, "/view/type") == Some("home") {
        return at_home(payload, id, user);
    }
    let channel = text(payload, "/container/channel_id").or_else(|| text(payload, "/channel/id"))?;
    let ts = text(payload, "/container/message_ts").or_else(|| text(payload, "/message/ts"))?;
    let thread = text(payload, "/message/thread_ts").or_else(|| text(payload, "/container/thread_ts"));
    let pressed = text(action, "/action_ts").or_else(|| text(payload, "/trigger_id"))?;
    let trigger = text(payload, "/trigger_id").unwrap_or_default();
    let for_one = payload.pointer("/container/is_ephemeral").and_then(Value::as_bool).unwrap_or_default();
    let (stands_at, thread) = match thread {
        Some(thread) => (ts, thread),
        None if !for_one => (ts, ts),
        // On what only one person sees no thread can hang; it may belong to one.
        None => text(action, "/block_id").and_then(thread_of).map_or((ts, ""), |thread| (thread, thread)),
    };
    let said = Said {
        user: user.to_owned(),
        text: String::new(),
        ts: stands_at.to_owned(),
        thread: thread.to_owned(),
        direct: channel.starts_with('D'),
        click: Some(Click {
            action: id.to_owned(),
            value: value.to_owned(),
            trigger: trigger.to_owned(),
            card: card(payload),
        }),
        how: How::Spoken,
    };
    Some(Incoming {
        // One press of one button: Slack gives such a payload no id of its own.
        id: format!("click/{user}/{ts}/{pressed}"),
        team: text(payload, "/team/id").or_else(|| text(payload, "/user/team_id"))?.to_owned(),
        channel: channel.to_owned(),
        what: What::Said(said),
        at: None,
    })
}

/// What the button stands under.
fn card(payload: &Value) -> Option<Box<Card>> {
    let blocks = payload.pointer("/message/blocks")?.as_array()?.clone();
    let text = text(payload, "/message/text")?.to_owned();
    Some(Box::new(Card { text, blocks }))
}

/// A button of the Home tab, which is in no channel.
fn at_home(payload: &Value, action: &str, user: &str) -> Option<Incoming> {
    let deed = match action {
        SIGN_IN => Deed::SignIn,
        SIGN_OUT => Deed::SignOut,
        AGAIN => Deed::Look,
        _ => return None,
    };
    let pressed = text(payload, "/actions/0/action_ts").or_else(|| text(payload, "/trigger_id"))?;
    Some(Incoming {
        id: format!("home/{user}/{pressed}"),
        team: text(payload, "/team/id").or_else(|| text(payload, "/user/team_id"))?.to_owned(),
        channel: String::new(),
        what: What::Home(AtHome { user: user.to_owned(), deed }),
        at: None,
    })
}

fn text<'v>(value: &'v Value, pointer: &str) -> Option<&'v str> {
    value.pointer(pointer)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn payload() -> Value {
        json!({
            "type": "block_actions", "team": {"id": "T1"}, "user": {"id": "UANA"}, "trigger_id": "t.1",
            "channel": {"id": "C1"}, "container": {"message_ts": "2.1", "channel_id": "C1"},
            "message": {"ts": "2.1", "thread_ts": "1.1"},
            "actions": [{"action_id": "approve_reach", "value": "id", "action_ts": "3.1"}],
        })
    }

    #[test]
    fn a_click_stands_in_the_thread_of_its_card() {
        let read = read(&payload()).unwrap();
        assert_eq!((read.id.as_str(), read.conversation().as_str()), ("click/UANA/2.1/3.1", "C1/1.1"));
        let What::Said(said) = read.what else { panic!("a click is said") };
        assert_eq!(
            said.click,
            Some(Click {
                action: "approve_reach".into(),
                value: "id".into(),
                trigger: "t.1".into(),
                card: None
            })
        );
        assert_eq!((said.user.as_str(), said.direct), ("UANA", false));
    }

    #[test]
    fn a_click_on_what_one_person_sees_in_the_channel_belongs_to_the_thread_that_it_is_about() {
        let mut alone = payload();
        alone.as_object_mut().unwrap().remove("message");
        alone["container"]["is_ephemeral"] = true.into();
        let said = |payload: &Value| match read(payload).unwrap().what {
            What::Said(said) => said,
            other => panic!("{other:?}"),
        };
        assert_eq!((said(&alone).thread.as_str(), said(&alone).is_reply()), ("", false));
        alone["actions"][0]["block_id"] = "about:1.1:2".into();
        assert_eq!((said(&alone).thread.as_str(), said(&alone).is_reply()), ("1.1", false));
        // In a thread it is seen only where there are replies.
        alone["container"]["thread_ts"] = "1.0".into();
        assert_eq!((said(&alone).thread.as_str(), said(&alone).is_reply()), ("1.0", true));
        assert!(said(&payload()).is_reply());
        let mut in_channel = payload();
        in_channel["message"].as_object_mut().unwrap().remove("thread_ts");
        assert!(!said(&in_channel).is_reply());
    }

    #[test]
    fn a_link_and_other_payloads_are_nothing_to_obey() {
        let mut link = payload();
        link["actions"][0].as_object_mut().unwrap().remove("value");
        assert_eq!(read(&link), None);
        assert_eq!(read(&json!({"type": "view_submission"})), None);
    }
}
