//! `members`

use crate::asked::{Answer, Asked, Stop};
use crate::modals::{ASK_ADD, ASK_REMOVE};
use crate::slack::blocks::{Button, Message, code, escape};
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer, PersonIn};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let info = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    Ok(Answer::Aloud(told(&info)))
}

pub(super) fn told(info: &EnclaveInfoAnswer) -> Message {
    let of = |class: &str| -> Vec<String> {
        info.people.iter().filter(|person| person.class == class).map(name).collect()
    };
    let mut message = Message::new(format!("*People of {}*", code(&info.name)));
    for (title, people) in [("Owner", of("owner")), ("Members", of("member")), ("Visitors", of("visitor"))] {
        if !people.is_empty() {
            message = message.line(format!("*{title}:* {}", people.join(", ")));
        }
    }
    // Everybody sees the buttons of what the owner asked for; whether a press does anything is the server's to say.
    if info.your_class == "owner" {
        let button = |action, label| Button { action, label, value: info.name.to_string(), style: None };
        message = message.buttons(&[button(ASK_ADD, "Add people"), button(ASK_REMOVE, "Remove people")]);
    }
    message.note(format!(
        "Mode {}: {}.",
        code(info.preset.as_deref().unwrap_or(&info.mode)),
        escape(&info.mode_meaning)
    ))
}

fn name(person: &PersonIn) -> String {
    let because =
        person.because.as_deref().map(|because| format!(" ({})", escape(because))).unwrap_or_default();
    format!("{}{because}", escape(&person.name))
}
