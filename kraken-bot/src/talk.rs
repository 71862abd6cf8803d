//! One message, answered: understood, asked of the server under the person's name, and told back.

use crate::agent;
use crate::asked::{Answer, Asked, Stop, place};
use crate::away;
use crate::clicks;
use crate::command::{Command, parse};
use crate::commands;
use crate::doing;
use crate::inbox::Open;
use crate::kraken::{Kraken, SayError};
use crate::live;
use crate::misunderstood;
use crate::reply;
use crate::sign_in;
use crate::slack::blocks::{Message, code};
use crate::slack::envelope::{How, Said};
use std::sync::Arc;
use wire::FailureCode;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Became {
    /// It is answered.
    Done,
    /// It waits for a sign-in.
    Waits,
    /// It could not be answered now and is tried again.
    Again,
}

/// What is told where the Kraken is not.
pub(crate) const NOT_INVITED: &str =
    "I am not in this channel. Say `/invite @kraken` here, then ask me again.";

/// The same in a direct message.
pub(crate) fn not_invited(channel: &str) -> String {
    format!("I am not in <#{channel}>. Say `/invite @kraken` there, then ask me again.")
}

/// What is told when nobody can be asked to sign in.
pub(crate) const NO_SIGN_IN: &str = "I cannot ask you to sign in at the moment. Try again.";

/// Answers what somebody said, and shows that it goes on when that takes long.
pub(crate) async fn answer(kraken: &Arc<Kraken>, open: &Open, said: &Said) -> Became {
    doing::shown(kraken, &open.incoming, said, answer_at_once(kraken, open, said)).await
}

async fn answer_at_once(kraken: &Arc<Kraken>, open: &Open, said: &Said) -> Became {
    let answer = match respond(kraken, open, said).await {
        Ok(Some(answer)) => answer,
        Ok(None) => return Became::Done,
        Err(Stop::SignIn) => return ask_to_sign_in(kraken, open, said).await,
        Err(Stop::Review) => return wait_for_review(kraken, open).await,
        Err(Stop::Away(away, detail)) => {
            tracing::warn!(detail, "a request waits");
            return away::wait(kraken, open, said, away).await;
        }
        // What names nothing that there is was talk among people after all.
        Err(Stop::Refused(failure))
            if said.how == How::Overheard && failure.code == FailureCode::NotFound =>
        {
            return Became::Done;
        }
        Err(stop) => match in_words(&stop) {
            Some(words) => Answer::Whisper(Message::new(words)),
            None if matches!(&stop, Stop::Slack(error) if error.is_final()) => match &said.how {
                // Slack lets people ask where the Kraken is not.
                How::Slash(_) => Answer::Whisper(Message::new(NOT_INVITED)),
                How::Form => Answer::Whisper(Message::new(not_invited(&open.incoming.channel))),
                How::Spoken | How::Overheard => {
                    tracing::warn!(error = %stop, "a message can never be answered");
                    return Became::Done;
                }
            },
            None => {
                tracing::warn!(error = %stop, "a message could not be answered; trying again");
                return Became::Again;
            }
        },
    };
    delivered(deliver(kraken, open, said, answer).await)
}

async fn wait_for_review(kraken: &Kraken, open: &Open) -> Became {
    match kraken.inbox.wait_for_review(open.seq).await {
        Ok(true) => Became::Waits,
        // It came further while it was looked at, or it was taken back.
        Ok(false) => Became::Again,
        Err(error) => {
            tracing::error!(%error, "that a request waits for a review could not be written down; trying again");
            Became::Again
        }
    }
}

/// What became of a message whose answer was sent. Its thread goes on only when it is done, so an answer that nobody can
/// get any more, as when whoever asked has left the channel, must not be tried for ever.
fn delivered(sent: Result<(), SayError>) -> Became {
    match sent {
        Ok(()) => Became::Done,
        Err(SayError::Slack(error)) if error.is_final() => {
            tracing::warn!(%error, "an answer can never be delivered");
            Became::Done
        }
        Err(error) => {
            tracing::warn!(%error, "an answer could not be delivered; trying again");
            Became::Again
        }
    }
}

async fn respond(kraken: &Arc<Kraken>, open: &Open, said: &Said) -> Result<Option<Answer>, Stop> {
    let command = match (&said.click, parse(&said.text, &kraken.slack.me.user_id)) {
        (Some(click), _) => match clicks::pressed(kraken, open, said, click).await? {
            Some(command) => command,
            None => return Ok(None),
        },
        (None, Ok(command)) => command,
        (None, Err(why)) => match misunderstood::answer(kraken, &open.incoming, said, &why).await? {
            Some(told) => return Ok(Some(Answer::Whisper(told))),
            None => Command::InOwnWords,
        },
    };
    let account = kraken.slack.account(&said.user).await?;
    if !account.is_somebody() {
        return Ok(None);
    }
    match command {
        Command::Help => return Ok(Some(commands::help::run(said.direct, kraken.agent.is_some()))),
        Command::Logout => return commands::logout::run(kraken, &said.user).await.map(Some),
        _ => {}
    }
    let session = kraken.sessions.of(&said.user).await?.ok_or(Stop::SignIn)?;
    // A click on a card in a direct message is one in the channel of the enclave that the card is about.
    let place = match (said.direct, &said.click) {
        (true, None) => None,
        (true, Some(click)) => commands::card::channel(click),
        (false, _) => Some(open.incoming.channel.as_str()),
    };
    let channel = match place {
        Some(place) => Some(kraken.slack.channel(place).await?),
        None => None,
    };
    if let Some(away) = kraken.inbox.news_wait(&open.incoming.channel, open.seq).await? {
        return Err(Stop::Away(away, "news of the channel wait".to_owned()));
    }
    let asked = Asked { kraken, incoming: &open.incoming, said, account, channel, session };
    let tentacle = command.tentacle().cloned();
    let answered = match command {
        Command::InOwnWords => agent::answer(&asked).await,
        command => commands::run(&asked, command).await.map(Some),
    };
    match (answered, tentacle) {
        (Err(Stop::Refused(failure)), Some(name)) if failure.code == FailureCode::NotFound => {
            Err(misunderstood::of_tentacle(&asked, failure, &name).await)
        }
        (Err(Stop::Refused(failure)), _) if failure.code == FailureCode::Denied && !said.direct => {
            let told = Message::new(reply::refusal(&failure));
            Ok(Some(Answer::Whisper(match commands::join::offered(&asked).await {
                Some(button) => told.buttons(&[button]),
                None => told,
            })))
        }
        (answered, _) => answered,
    }
}

async fn ask_to_sign_in(kraken: &Arc<Kraken>, open: &Open, said: &Said) -> Became {
    match sign_in::ask(kraken, open, said).await {
        Ok(()) => Became::Waits,
        Err(Stop::Away(away, detail)) => {
            tracing::warn!(detail, "a sign-in cannot be begun yet");
            away::wait(kraken, open, said, away).await
        }
        Err(stop) => {
            // It waits for nothing that could come.
            if let Err(error) = kraken.inbox.signed_in(&said.user).await {
                tracing::error!(%error, "a message that waits for nothing could not be woken");
            }
            let words = in_words(&stop).unwrap_or_else(|| NO_SIGN_IN.to_owned());
            delivered(deliver(kraken, open, said, Answer::Whisper(Message::new(words))).await)
        }
    }
}

async fn deliver(kraken: &Kraken, open: &Open, said: &Said, answer: Answer) -> Result<(), SayError> {
    match (tell(kraken, open, said, &answer).await, &answer) {
        // Where the Kraken is not, nothing can be said for all.
        (Err(SayError::Slack(error)), Answer::Aloud(message))
            if error.is_final() && said.is_from_anywhere() =>
        {
            kraken.whisper(&open.incoming, said, message).await
        }
        (told, _) => told,
    }
}

async fn tell(kraken: &Kraken, open: &Open, said: &Said, answer: &Answer) -> Result<(), SayError> {
    let (Answer::Aloud(message) | Answer::Whisper(message)) = answer else { return Ok(()) };
    let place = place(&open.incoming, said);
    let key = format!("answer:{}", open.incoming.id);
    match (answer, &said.how) {
        (Answer::Whisper(_), How::Slash(_)) => kraken.whisper(&open.incoming, said, message).await,
        (Answer::Whisper(_), _) if !said.direct => kraken.whisper(&open.incoming, said, message).await,
        (Answer::Aloud(_), How::Slash(_) | How::Form) if said.thread.is_empty() && !said.direct => {
            // Nobody else has seen what was asked.
            let command = if said.how == How::Form { "" } else { "/kraken " };
            let asked = code(format!("{command}{}", said.text.replace('`', "'")));
            let message = asked_unseen(message, &said.user, &asked);
            let ts = kraken.say_once(&place, &message, &key).await?;
            Ok(kraken.inbox.asked_in(&open.incoming.channel, &ts).await?)
        }
        (Answer::Aloud(_), _) => {
            let (growing, left) = (live::growing(&open.incoming.id), Message::new(agent::going().ended()));
            kraken.say_at_last(&place, (message, &key), (&growing, &left)).await.map(drop)
        }
        (Answer::Whisper(_) | Answer::Shown, _) => kraken.say_once(&place, message, &key).await.map(drop),
    }
}

/// An answer for all to what nobody else has seen.
pub(crate) fn asked_unseen(answer: &Message, user: &str, asked: &str) -> Message {
    answer.clone().note(format!("<@{user}> asked: {asked}"))
}

/// What the person is told; `None` when it is tried again instead.
pub(crate) fn in_words(stop: &Stop) -> Option<String> {
    match stop {
        Stop::Refused(failure) => Some(reply::refusal(failure)),
        Stop::Told(words) => Some(words.clone()),
        Stop::NoAnswer(detail) => {
            tracing::error!(detail, "a request has no answer");
            Some(
                "The server did not answer, so I do not know whether it was done. `status` shows what is; try again in \
                 a minute."
                    .to_owned(),
            )
        }
        Stop::SignIn | Stop::Review | Stop::Away(..) | Stop::Slack(_) | Stop::Memory(_) => None,
    }
}

#[cfg(test)]
mod tests;
