//! What is said when words are no command, or name a tentacle that there is not: what was probably meant, and what there is.

use crate::asked::{Asked, Stop};
use crate::command::{NotUnderstood, near, near_name, parse, without_mention};
use crate::commands;
use crate::kraken::Kraken;
use crate::reply;
use crate::slack::blocks::{Message, code};
use crate::slack::envelope::{Incoming, Said};
use wire::tools::tentacle::{WfList, WfListArgs};
use wire::{EnclaveRef, Failure, FailureCode};
use workflow::TentacleName;

/// From how many words on what begins like a command is taken for a sentence, where a model can read it.
const SENTENCE: usize = 4;

/// What is told where `set secret` is followed by something else than a secret's name, which may be its value.
const NAME_ALONE: &str = "Say `set secret shop.key`, with the name alone: a form asks for the value. If you typed the value here, delete \
                          your message, and replace the value where it was issued.";

/// The answer to words that are no command; `None` when a model is to answer them. What is close to a command never is.
pub(crate) async fn answer(
    kraken: &Kraken,
    incoming: &Incoming,
    said: &Said,
    why: &NotUnderstood,
) -> Result<Option<Message>, Stop> {
    let me = &kraken.slack.me.user_id;
    let has_model = kraken.agent.is_some();
    let is_sentence = without_mention(&said.text, me).split_whitespace().count() >= SENTENCE;
    let why = match why {
        NotUnderstood::Almost(_) if has_model && is_sentence => &NotUnderstood::Unknown,
        why => why,
    };
    match told(&said.text, me, why) {
        Some(told) => Ok(Some(told)),
        None if has_model => Ok(None),
        None => no_model(kraken, incoming, said).await.map(Some),
    }
}

/// The answer to somebody's own words where no model is to read them.
async fn no_model(kraken: &Kraken, incoming: &Incoming, said: &Said) -> Result<Message, Stop> {
    // Who has heard it once in a channel need not hear it each time.
    let key = format!("no-model:{}:{}", incoming.channel, said.user);
    let heard = kraken.inbox.is_said(&key).await?.is_some();
    if !heard {
        kraken.inbox.about_to_say(&key).await?;
        kraken.inbox.said(&key, "").await?;
    }
    Ok(unknown(heard, said.direct))
}

/// The answer to words that are nearly a command, or none at all.
pub(crate) fn told(text: &str, me: &str, why: &NotUnderstood) -> Option<Message> {
    if *why == NotUnderstood::MaybeSecret {
        return Some(Message::new(NAME_ALONE));
    }
    if *why == NotUnderstood::Nothing {
        return Some(Message::new("Yes, I'm here. Say `help` to see what I can do."));
    }
    // What would not be understood either was not meant.
    if let Some(meant) = near(text, me).filter(|meant| parse(meant, me).is_ok()) {
        return Some(Message::new(format!("I don't know that one. Did you mean {}?", code(meant))));
    }
    match why {
        NotUnderstood::Almost(usage) => Some(Message::new(reply::sentence(usage))),
        NotUnderstood::Nothing | NotUnderstood::Unknown | NotUnderstood::MaybeSecret => None,
    }
}

/// The answer to words that are like no command, the first time and later.
pub(crate) fn unknown(heard: bool, direct: bool) -> Message {
    if heard {
        return Message::new("I don't know that one. Say `help` to see what I can do.");
    }
    let can = if direct {
        "`enclaves`, `whoami`, `login` and `logout`"
    } else {
        "`status`, `new hello`, `deploy hello`, `run hello`, `logs hello`, `members` and more"
    };
    Message::new(
        "I don't know that one. No model is set up for me, so I take documented commands only, word for word.",
    )
    .line(format!("I know {can}: `help` lists all of them."))
}

/// A refusal because there is no such tentacle: what is still to be done to have it, or the one that was probably meant.
pub(crate) async fn of_tentacle(asked: &Asked<'_>, failure: Failure, name: &TentacleName) -> Stop {
    if failure.code != FailureCode::NotFound {
        return Stop::Refused(failure);
    }
    if commands::is_begun(asked, name).await {
        return Stop::Told(begun(name));
    }
    let args = WfListArgs { enclave: EnclaveRef::default(), ..WfListArgs::default() };
    // Whoever may not see the list is told no more than the refusal.
    let Ok(list) = asked.call::<WfList>(args).await else { return Stop::Refused(failure) };
    let names = list.workflows.iter().map(|tentacle| tentacle.name.as_str());
    let Some(meant) = near_name(name.as_str(), names) else { return Stop::Refused(failure) };
    let said = without_mention(&asked.said.text, &asked.kraken.slack.me.user_id);
    let mut replaced = false;
    let words = said.split_whitespace().map(|word| {
        let is_it = !replaced && word.trim_matches('`').eq_ignore_ascii_case(name.as_str());
        replaced |= is_it;
        if is_it { meant } else { word }
    });
    let command = words.collect::<Vec<_>>().join(" ").replace('`', "");
    Stop::Told(nearly(&failure, &command))
}

/// What is said of a tentacle that is written and was never deployed.
pub(crate) fn begun(name: &TentacleName) -> String {
    format!("*{name}* is written, and not deployed yet. Say {} first.", code(format!("deploy {name}")))
}

/// What there is not, and what was probably meant.
pub(crate) fn nearly(failure: &Failure, command: &str) -> String {
    format!("{} Did you mean {}?", reply::refusal(failure), code(command))
}
