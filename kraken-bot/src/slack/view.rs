//! Modals as Slack's view objects, and what comes back when one is submitted.
//! <https://docs.slack.dev/reference/views>

use super::blocks::Message;
use super::envelope::{How, Incoming, Said, What};
use super::{Method, Slack, SlackError};
use crate::inbox::Value as Held;
use crate::modals::{ADD, ANYTHING, BLOCK, REMOVE, SECRET, SET_MODE, SET_SIZE, SHUT_DOWN, WHERE};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the element in the one input.
const ELEMENT: &str = "value";

/// Where the modal was asked for, carried in it: ids and names only, nothing that gives a right.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) channel: String,
    /// The thread; empty in the channel itself.
    pub(crate) thread: String,
    /// What was asked or pressed there, where that is not the thread's beginning.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub(crate) ts: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) button: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) tentacle: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) secret: Option<String>,
}

/// A modal with one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Modal {
    pub(crate) callback: &'static str,
    pub(crate) title: &'static str,
    pub(crate) submit: &'static str,
    /// What it is about, in Slack's markup.
    pub(crate) text: Option<String>,
    pub(crate) input: Input,
    pub(crate) origin: Origin,
}

/// What is to be filled in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Input {
    /// A line of text.
    Line { label: &'static str },
    /// Lines of text.
    Lines { label: &'static str },
    /// A command, with words that are offered.
    Words { label: &'static str, offered: String },
    /// One of these, each with what it means.
    One { label: &'static str, options: Vec<(&'static str, &'static str)>, chosen: Option<&'static str> },
    /// Some people.
    People { label: &'static str },
}

impl Input {
    fn block(&self) -> Value {
        let (label, element) = match self {
            Self::Line { label } => (label, json!({"type": "plain_text_input", "focus_on_load": true})),
            Self::Lines { label } => {
                (label, json!({"type": "plain_text_input", "multiline": true, "focus_on_load": true}))
            }
            Self::Words { label, offered } => {
                let mut words = json!({"type": "plain_text_input", "focus_on_load": true});
                if let (false, Value::Object(fields)) = (offered.is_empty(), &mut words) {
                    fields.insert("initial_value".to_owned(), offered.as_str().into());
                }
                (label, words)
            }
            Self::People { label } => {
                (label, json!({"type": "multi_users_select", "placeholder": plain("Choose people")}))
            }
            Self::One { label, options, chosen } => {
                let option = |(value, meaning): &(&str, &str)| json!({"text": plain(value), "description": plain(meaning), "value": value});
                let initial = options.iter().find(|(value, _)| Some(*value) == *chosen).map(option);
                let mut radios = json!({"type": "radio_buttons", "options": options.iter().map(option).collect::<Vec<_>>()});
                if let (Some(initial), Value::Object(fields)) = (initial, &mut radios) {
                    fields.insert("initial_option".to_owned(), initial);
                }
                (label, radios)
            }
        };
        let mut element = element;
        if let Value::Object(fields) = &mut element {
            fields.insert("action_id".to_owned(), ELEMENT.into());
        }
        json!({"type": "input", "block_id": BLOCK, "label": plain(label), "element": element})
    }
}

impl Modal {
    pub(crate) fn view(&self) -> Value {
        let text =
            self.text.iter().map(|text| json!({"type": "section", "text": {"type": "mrkdwn", "text": text}}));
        let from_nowhere = self.origin.channel.is_empty().then(channel_block);
        let blocks: Vec<Value> = text.chain(from_nowhere).chain([self.input.block()]).collect();
        json!({
            "type": "modal", "callback_id": self.callback, "blocks": blocks,
            "title": plain(self.title), "submit": plain(self.submit), "close": plain("Cancel"),
            "private_metadata": serde_json::to_string(&self.origin).unwrap_or_default(),
        })
    }
}

/// Asks for a channel; the one that somebody looks at is offered.
fn channel_block() -> Value {
    json!({"type": "input", "block_id": WHERE, "label": plain("In which channel"), "element": {
        "type": "conversations_select", "action_id": ELEMENT, "default_to_current_conversation": true,
        "filter": {"include": ["public", "private"], "exclude_bot_users": true},
    }})
}

fn plain(text: &str) -> Value {
    json!({"type": "plain_text", "text": text, "emoji": false})
}

impl Slack {
    /// Opens a modal for whoever pressed the button that gave `trigger`; good for three seconds, and once.
    pub(crate) async fn open(&self, trigger: &str, modal: &Modal) -> Result<(), SlackError> {
        let body = json!({"trigger_id": trigger, "view": modal.view()});
        let _: Value = self.tell(Method::ViewsOpen, &body).await?;
        Ok(())
    }
}

impl Slack {
    /// Shows `message` at somebody's Home tab.
    pub(crate) async fn publish(&self, user: &str, message: &Message) -> Result<(), SlackError> {
        let body = json!({"user_id": user, "view": {"type": "home", "blocks": message.blocks(None)}});
        let _: Value = self.tell(Method::ViewsPublish, &body).await?;
        Ok(())
    }
}

/// A modal that was submitted: the words that it stands for, and the button that it must use up.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Submission {
    pub(crate) incoming: Incoming,
    pub(crate) user: String,
    pub(crate) typed: String,
    pub(crate) button: Option<String>,
    /// What is written down nowhere: the value of a secret.
    pub(crate) held: Option<Held>,
}

/// Reads a submission; `None` when it is of no modal that is known.
pub(super) fn read(payload: &Value) -> Option<Submission> {
    let text = |pointer: &str| payload.pointer(pointer).and_then(Value::as_str);
    if text("/type") != Some("view_submission") {
        return None;
    }
    let mut origin: Origin = serde_json::from_str(text("/view/private_metadata")?).ok()?;
    if let Some(channel) = text(&format!("/view/state/values/{WHERE}/{ELEMENT}/selected_conversation")) {
        origin.channel = channel.to_owned();
    }
    let value = payload.pointer(&format!("/view/state/values/{BLOCK}/{ELEMENT}"))?;
    let chosen = || value.pointer("/selected_option/value").and_then(Value::as_str);
    let people = || {
        let users = value.get("selected_users").and_then(Value::as_array);
        let users = users.into_iter().flatten().filter_map(Value::as_str);
        users.map(|user| format!("<@{user}>")).collect::<Vec<_>>().join(" ")
    };
    let filled_in = value.get("value").and_then(Value::as_str).unwrap_or_default();
    // The form's button was about the secret's name; what was filled in is no word of a command.
    let (typed, held) = match &origin.secret {
        Some(name) => (name.clone(), Some(Held::from(filled_in))),
        None => (filled_in.trim().to_owned(), None),
    };
    let words = match (text("/view/callback_id")?, &origin.tentacle) {
        (SHUT_DOWN, _) => format!("shut down this enclave {typed}"),
        (SET_MODE, Some(tentacle)) => format!("set mode of {tentacle} to {}", chosen()?),
        (SET_MODE, None) => format!("set mode {}", chosen()?),
        (SET_SIZE, _) => format!("set size to {}", chosen()?),
        (SECRET, _) => format!("set secret {typed} as filled in"),
        (ANYTHING, _) => typed.clone(),
        (ADD, _) => format!("add {}", people()),
        (REMOVE, _) => format!("remove {}", people()),
        _ => return None,
    };
    let user = text("/user/id")?.to_owned();
    let said = Said {
        user: user.clone(),
        text: words,
        ts: if origin.ts.is_empty() { origin.thread.clone() } else { origin.ts },
        thread: origin.thread,
        direct: origin.channel.starts_with('D'),
        click: None,
        how: How::Form,
    };
    let incoming = Incoming {
        // A modal is submitted once: where it is refused, it is the same one that is submitted again.
        id: format!("view/{user}/{}", text("/view/id")?),
        team: text("/team/id").or_else(|| text("/user/team_id"))?.to_owned(),
        channel: origin.channel,
        what: What::Said(said),
        at: None,
    };
    Some(Submission { incoming, user, typed, button: origin.button, held })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::{Command, parse};
    use crate::modals;

    fn origin(tentacle: Option<&str>) -> Origin {
        let button = Some("said/C1/1.1".to_owned());
        Origin {
            channel: "C1".into(),
            thread: "1.1".into(),
            ts: String::new(),
            button,
            tentacle: tentacle.map(str::to_owned),
            secret: None,
        }
    }

    fn submitted(modal: &Modal, value: &Value) -> Submission {
        let mut view = modal.view();
        view["id"] = "V1".into();
        view["state"] = json!({"values": {BLOCK: {ELEMENT: value}}});
        let payload =
            json!({"type": "view_submission", "team": {"id": "T1"}, "user": {"id": "UANA"}, "view": view});
        read(&payload).unwrap()
    }

    #[test]
    fn a_form_says_what_somebody_could_have_typed() {
        let said = |modal: &Modal, value: Value| {
            let What::Said(said) = submitted(modal, &value).incoming.what else { panic!("it is said") };
            parse(&said.text, "UKRAKEN")
        };
        let typed = json!({"value": " prices "});
        let shut = Command::ShutDown { typed: Some("prices".into()) };
        assert_eq!(said(&modals::shut_down(origin(None)), typed), Ok(shut));
        let mode = json!({"selected_option": {"value": "private"}});
        let set = Command::SetMode("private".into());
        assert_eq!(said(&modals::set_mode(origin(None), "private"), mode.clone()), Ok(set));
        let set = Command::SetTentacleMode { tentacle: "hello".parse().unwrap(), mode: "private".into() };
        assert_eq!(said(&modals::set_mode(origin(Some("hello")), "rwx"), mode), Ok(set));
        let words = json!({"value": "status"});
        assert_eq!(said(&modals::anything(origin(None), ""), words), Ok(Command::Status(None)));
        let people = json!({"selected_users": ["UBEN", "UGIL"]});
        let add = Command::Add(vec!["UBEN".into(), "UGIL".into()]);
        assert_eq!(said(&modals::add(origin(None)), people.clone()), Ok(add));
        let remove = Command::Remove(vec!["UBEN".into(), "UGIL".into()]);
        assert_eq!(said(&modals::remove(origin(None)), people), Ok(remove));
    }

    #[test]
    fn the_value_of_a_secret_is_no_word_and_not_shown() {
        let form = modals::secret(origin(None), "shop.key");
        let submission = submitted(&form, &json!({"value": " canary\n"}));
        assert_eq!(submission.held.as_ref().map(Held::expose), Some(" canary\n"));
        assert!(!format!("{submission:?}").contains("canary"));
        let What::Said(said) = &submission.incoming.what else { panic!("it is said") };
        let set = Command::SetSecret { name: "shop.key".parse().unwrap(), filled_in: true };
        assert_eq!((parse(&said.text, "UKRAKEN"), submission.typed.as_str()), (Ok(set), "shop.key"));
    }

    #[test]
    fn the_present_mode_is_chosen_and_each_says_what_it_means() {
        let view = modals::set_mode(origin(None), "member-run").view();
        let radios = view.pointer("/blocks/1/element").unwrap();
        assert_eq!(radios["initial_option"]["value"], "member-run");
        for option in radios["options"].as_array().unwrap() {
            let length = |key: &str| option[key]["text"].as_str().unwrap().chars().count();
            assert!(length("text") <= 75 && (1..=75).contains(&length("description")), "{option}");
        }
        let odd = modals::set_mode(origin(None), "rwxrwxrwx").view();
        assert_eq!(odd.pointer("/blocks/1/element/initial_option"), None);
    }
}
