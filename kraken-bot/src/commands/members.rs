//! `members`

use crate::asked::{Answer, Asked, Stop};
use crate::slack::blocks::{Message, code, escape};
use wire::tools::enclave::{EnclaveArgs, EnclaveInfo, EnclaveInfoAnswer, PersonIn};

pub(super) async fn run(asked: &Asked<'_>) -> Result<Answer, Stop> {
    asked.channel()?;
    let info = asked.call::<EnclaveInfo>(EnclaveArgs::default()).await?;
    Ok(Answer::Aloud(told(&info)))
}

fn told(info: &EnclaveInfoAnswer) -> Message {
    let of = |class: &str| -> Vec<String> {
        info.people.iter().filter(|person| person.class == class).map(name).collect()
    };
    let mut message = Message::new(format!("*People of {}*", code(&info.name)));
    for (title, people) in [("Owner", of("owner")), ("Members", of("member")), ("Visitors", of("visitor"))] {
        if !people.is_empty() {
            message = message.line(format!("*{title}:* {}", people.join(", ")));
        }
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
