//! Cards with two buttons that ask one person about one enclave, wherever the card stands: a click on it is a click in that
//! enclave's channel.

use crate::asked::{Answer, Asked};
use crate::slack::Place;
use crate::slack::blocks::{Button, Message};
use crate::slack::envelope::Click;
use uuid::Uuid;

/// Between the channel and the question's id, in a button's value.
const BETWEEN: char = '/';

/// Two buttons, each an action and what stands on it.
pub(super) fn yes_or_no(
    channel: &str,
    question: Uuid,
    yes: (&'static str, &'static str),
    no: (&'static str, &'static str),
) -> [Button; 2] {
    let value = format!("{channel}{BETWEEN}{question}");
    [
        Button { action: yes.0, label: yes.1, value: value.clone(), style: Some("primary") },
        Button { action: no.0, label: no.1, value, style: None },
    ]
}

/// Which question a click answers.
pub(super) fn id(click: &Click) -> Option<Uuid> {
    click.value.split_once(BETWEEN)?.1.parse().ok()
}

/// The channel of the enclave that a click is about, where the card says so. The server holds the question against it.
pub(crate) fn channel(click: &Click) -> Option<&str> {
    let (channel, question) = click.value.split_once(BETWEEN)?;
    question.parse::<Uuid>().ok().map(|_| channel)
}

/// The card shows what was decided; where that fails, it is said below.
pub(super) async fn settled(asked: &Asked<'_>, message: Message) -> Answer {
    let card = Place { channel: asked.incoming.channel.clone(), thread: None };
    match asked.kraken.slack.change(&card, &asked.said.ts, &message).await {
        Ok(()) => Answer::Shown,
        Err(error) => {
            tracing::warn!(%error, "a card could not be changed");
            Answer::Whisper(message)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_says_which_channel_and_which_question_it_is_about() {
        let question = Uuid::now_v7();
        let [yes, _] = yes_or_no("C1", question, ("a", "Yes"), ("b", "No"));
        let click = |value: &str| Click {
            action: "a".into(),
            value: value.to_owned(),
            trigger: String::new(),
            card: None,
        };
        assert_eq!((channel(&click(&yes.value)), id(&click(&yes.value))), (Some("C1"), Some(question)));
        for odd in ["", "UBEN", "C1/", "C1/x", &question.to_string()] {
            assert_eq!(channel(&click(odd)), None, "{odd}");
        }
    }
}
