//! `why [PERSON] ACTION [TENTACLE]`

use crate::asked::{Answer, Asked, Stop};
use crate::reply::sentence;
use crate::slack::blocks::{Message, escape};
use wire::tools::person::{Why, WhyAnswer, WhyArgs};
use workflow::TentacleName;

pub(super) async fn run(
    asked: &Asked<'_>,
    person: Option<String>,
    action: String,
    tentacle: Option<TentacleName>,
) -> Result<Answer, Stop> {
    asked.channel()?;
    let args = WhyArgs { person, action, tentacle, enclave: None };
    Ok(Answer::Aloud(told(&asked.call::<Why>(args).await?)))
}

pub(super) fn told(why: &WhyAnswer) -> Message {
    let mark = if why.allowed { "*Yes.*" } else { "*No.*" };
    let mut message = Message::new(format!("{mark} {}", sentence(&escape(&why.verdict))));
    if !why.steps.is_empty() {
        let steps = why
            .steps
            .iter()
            .enumerate()
            .map(|(number, step)| format!("{}. {}", number + 1, sentence(&escape(step))));
        message = message.line(steps.collect::<Vec<_>>().join("\n"));
    }
    match &why.remedy {
        Some(remedy) => message.note(sentence(&escape(remedy))),
        None => message,
    }
}
