//! What is asked in people's own words, where a model is set up: it reads, runs and proposes with the power of whoever asks, and
//! the server decides each call. What widens a right or destroys becomes a card that a person clicks.

mod budget;
mod desk;
mod memory;
mod model;
mod offered;
mod piece;
pub(crate) mod proposal;
mod results;
mod shown;
#[cfg(test)]
pub(crate) mod tests;
mod words;

pub(crate) use model::Model;
use model::Out;

use crate::asked::{Answer, Asked, Stop};
use crate::config::ModelArgs;
use crate::inbox::now;
use crate::live::{self, Words};
use crate::slack::blocks::Message;
use budget::Budget;
use desk::Desk;
use piece::{Ended, Piece};
use wire::tools::enclave::{EnclaveList, EnclaveListArgs};
use wire::tools::person::{StandingIn, Whoami};
use wire::{Failure, FailureCode, Nothing};

/// What works without a model.
const WORKS: &str = "`status`, `run hello`, `logs hello` and everything else that `help` lists";

/// The model, how many it works for at once, and how much in a day.
pub(crate) struct Agent {
    model: Model,
    budget: Budget,
    desk: Desk,
}

impl Agent {
    pub(crate) fn new(model: Model, args: &ModelArgs) -> Self {
        Self { model, budget: Budget::new(args), desk: Desk::default() }
    }
}

/// Answers what was asked in somebody's own words; `None` when it was taken back meanwhile.
pub(crate) async fn answer(asked: &Asked<'_>) -> Result<Option<Answer>, Stop> {
    let Some(agent) = &asked.kraken.agent else { return Err(Stop::Told(no_model())) };
    let at = match member(asked).await {
        Ok(at) => at,
        Err(stop) => return Err(let_go(asked, stop).await),
    };
    let Some(_seat) = agent.desk.sit_down(&asked.said.user) else {
        return Err(let_go(asked, Stop::Told(busy())).await);
    };
    let work = |told| Piece::go_on(asked, agent, at, told);
    let is_aloud = |ended: &Ended| matches!(ended, Ended::Said { of_source: false, .. });
    let ended = live::grown(asked, going(), work, is_aloud).await?;
    Ok(match ended {
        Ended::Said { words, of_source: false } => Some(Answer::Aloud(shown::message(&words))),
        Ended::Said { words, of_source: true } => Some(Answer::Whisper(shown::message(&words))),
        Ended::TakenBack => None,
        Ended::Out(out) => Some(Answer::Whisper(Message::new(is_out(&out)))),
        Ended::UsedUp(whose) => {
            let is_first = asked.kraken.inbox.is_told_first(&asked.said.user, &whose).await?;
            Some(Answer::Whisper(Message::new(budget::used_up(&whose, is_first, now()))))
        }
        Ended::TooLong => Some(Answer::Whisper(Message::new(too_long()))),
    })
}

/// It is not gone on with: what an earlier Kraken has shown of it is settled.
async fn let_go(asked: &Asked<'_>, stop: Stop) -> Stop {
    if matches!(stop, Stop::Told(_) | Stop::Refused(_)) {
        live::let_go(asked, &going()).await;
    }
    stop
}

/// What is said while it goes on, and when it has ended.
pub(crate) fn going() -> Words {
    Words { going: "This is being worked on.".to_owned(), what: "The work on this".to_owned() }
}

fn no_model() -> String {
    format!("No model is set up for me. What works is {WORKS}.")
}

fn busy() -> String {
    format!("I am at work on as much as I can be. Ask again in a minute; what works at once is {WORKS}.")
}

fn is_out(out: &Out) -> String {
    format!(
        "The model that I ask about things in your own words {out}. Everything else works as always: {WORKS}."
    )
}

fn too_long() -> String {
    format!(
        "The model came to no end with this, and I stopped it. What it had begun is done or goes on: `status` and \
         `history hello` tell. What works without it is {WORKS}."
    )
}

/// What is told where there is nothing that a model could look into.
const NO_ENCLAVE: &str = "This channel has no enclave yet, so there is nothing that I could look into. The person who made the \
                          channel can say `set up this channel`.";

/// What visitors are told.
fn members_alone() -> Failure {
    let told = "what is said in your own words goes to a model, and it works for members alone";
    Failure::new(FailureCode::Denied, told).with_remedy("documented commands work: say `help`")
}

/// Where somebody asks.
#[derive(Debug, Clone, PartialEq)]
enum Where {
    /// In the channel of an enclave, where they stand like this.
    Enclave(StandingIn),
    /// In a direct message: about all enclaves that they see, and nothing is changed from there.
    Direct,
}

/// Where the one who asks stands; the model works for members alone.
async fn member(asked: &Asked<'_>) -> Result<Where, Stop> {
    if asked.channel.is_none() {
        return match is_member_somewhere(asked).await? {
            true => Ok(Where::Direct),
            false => Err(Stop::Refused(members_alone())),
        };
    }
    let me = asked.call::<Whoami>(Nothing {}).await?;
    let Some(standing) = me.enclave else { return Err(Stop::Told(NO_ENCLAVE.to_owned())) };
    if standing.class == "visitor" {
        return Err(Stop::Refused(members_alone()));
    }
    Ok(Where::Enclave(standing))
}

/// Whether some enclave is theirs, or they are a member of one.
async fn is_member_somewhere(asked: &Asked<'_>) -> Result<bool, Stop> {
    let mut args = EnclaveListArgs::default();
    loop {
        let list = asked.call::<EnclaveList>(args.clone()).await?;
        if list.enclaves.iter().any(|entry| matches!(entry.your_class.as_str(), "owner" | "member")) {
            return Ok(true);
        }
        args.page.cursor = list.next_cursor;
        if args.page.cursor.is_none() {
            return Ok(false);
        }
    }
}
