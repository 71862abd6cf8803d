//! One question and what is done about it: the model says what it wants, the server decides, and so on until there is an answer.
//! Each part is on disk before the next begins, so that a Kraken that was started anew goes on where the last one was.

use super::budget::Whose;
use super::model::{Answered, Out, Outcome, Told, Turn, Wish};
use super::offered::{OF_SOURCE, OF_THE_SERVER, OFFER, RUN, offered, offered_in_private};
use super::proposal::{self, Proposal};
use super::{Agent, Where, results, shown, words};
use crate::asked::{Asked, Stop};
use serde_json::{Map, Value};
use std::time::Duration;
use tokio::sync::mpsc::UnboundedSender;
use wire::FailureCode;
use wire::client::{Told as Progress, ToolShown};
use workflow::TentacleName;

/// How often the model is asked about one question.
const STEPS: usize = 10;

/// How many calls of one answer are made.
const CALLS: usize = 6;

/// How many cards one question brings.
const CARDS: usize = 3;

/// How much goes to and fro about one question, in characters.
const ALL: usize = 80_000;

/// What stands for a name that is none.
const SOMETHING: &str = "something";

/// How long one question is worked on, without a break.
const LONGEST: Duration = Duration::from_secs(300);

/// How it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Ended {
    /// The model answered.
    Said {
        /// Its words.
        words: String,
        /// Whether it read source for it.
        of_source: bool,
    },
    /// The question was taken back.
    TakenBack,
    /// The model did not answer.
    Out(Out),
    /// It went on for too long.
    TooLong,
    /// Nobody may ask more today: whose budget is used up.
    UsedUp(Whose),
}

/// One question.
pub(super) struct Piece<'a> {
    asked: &'a Asked<'a>,
    agent: &'a Agent,
    /// Whose budgets it is taken from.
    whose: Vec<Whose>,
    system: String,
    tools: Vec<ToolShown>,
    turns: Vec<Turn>,
    cards: Vec<String>,
    told: UnboundedSender<Progress>,
}

impl<'a> Piece<'a> {
    /// Begins with a question, or goes on with it.
    pub(super) async fn go_on(
        asked: &'a Asked<'a>,
        agent: &'a Agent,
        at: Where,
        told: UnboundedSender<Progress>,
    ) -> Result<Ended, Stop> {
        let turns = asked.kraken.inbox.turns(&asked.incoming.id).await?;
        let server = &asked.kraken.server;
        let tools = asked.by_session(|session| async move { server.tools(&session).await }).await?;
        let tools = match at {
            Where::Enclave(_) => offered(tools),
            Where::Direct => offered_in_private(tools),
        };
        let (whose, system) = (Whose::all(&asked.said.user, &at), words::system(&at));
        let mut piece = Self { asked, agent, whose, system, tools, turns, cards: Vec::new(), told };
        piece.tell_again();
        if piece.turns.is_empty() {
            piece.keep(words::question(asked, &at).await?).await?;
        }
        match tokio::time::timeout(LONGEST, piece.work()).await {
            Ok(ended) => ended,
            Err(_) => Ok(Ended::TooLong),
        }
    }

    async fn work(&mut self) -> Result<Ended, Stop> {
        let (inbox, event) = (&self.asked.kraken.inbox, &self.asked.incoming.id);
        loop {
            if inbox.is_taken_back(event).await? {
                return Ok(Ended::TakenBack);
            }
            match self.turns.last() {
                Some(Turn::Model { words, wishes }) if wishes.is_empty() => {
                    return Ok(Ended::Said { words: words.clone(), of_source: self.has_called(&OF_SOURCE) });
                }
                Some(Turn::Model { wishes, .. }) => {
                    let wishes = wishes.clone();
                    let Some(results) = self.carry_out(&wishes).await? else { return Ok(Ended::TakenBack) };
                    self.keep(Turn::Results(results)).await?;
                }
                _ if self.is_too_much() => return Ok(Ended::TooLong),
                _ => {
                    if let Some(whose) = self.agent.budget.used_up(inbox, &self.whose).await? {
                        return Ok(Ended::UsedUp(whose.clone()));
                    }
                    let told = Told { system: &self.system, tools: &self.tools, turns: &self.turns };
                    let answer = tokio::select! {
                        answer = self.agent.model.ask(&told) => answer,
                        () = inbox.taken_back(event) => return Ok(Ended::TakenBack),
                    };
                    match answer {
                        Ok(answer) => self.keep_answer(answer).await?,
                        Err(out) => return Ok(Ended::Out(out)),
                    }
                }
            }
        }
    }

    fn is_too_much(&self) -> bool {
        let steps = self.turns.iter().filter(|turn| matches!(turn, Turn::Model { .. })).count();
        steps >= STEPS || self.turns.iter().map(Turn::length).sum::<usize>() > ALL
    }

    async fn keep(&mut self, turn: Turn) -> Result<(), Stop> {
        self.asked.kraken.inbox.keep_turn(&self.asked.incoming.id, self.turns.len(), &turn).await?;
        self.turns.push(turn);
        Ok(())
    }

    async fn keep_answer(&mut self, Answered { turn, tokens }: Answered) -> Result<(), Stop> {
        let place = (self.asked.incoming.id.as_str(), self.turns.len());
        self.asked.kraken.inbox.keep_answer(place, &turn, tokens, &self.whose).await?;
        self.turns.push(turn);
        Ok(())
    }

    /// Makes the calls that the model wants, one after the other; `None` when the question was taken back.
    async fn carry_out(&mut self, wishes: &[Wish]) -> Result<Option<Vec<Outcome>>, Stop> {
        let mut results = Vec::with_capacity(wishes.len());
        for (number, wish) in wishes.iter().enumerate() {
            if self.asked.kraken.inbox.is_taken_back(&self.asked.incoming.id).await? {
                return Ok(None);
            }
            let told = match number < CALLS {
                true => self.call(wish).await?,
                false => "It was not done: too many calls at once.".to_owned(),
            };
            results.push(Outcome { id: wish.id.clone(), told });
        }
        Ok(Some(results))
    }

    /// Makes one call under the name of whoever asks, as one that a model chose; answers what the model is told of it.
    async fn call(&mut self, wish: &Wish) -> Result<String, Stop> {
        let tool = wish.tool.as_str();
        let Value::Object(arguments) = &wish.arguments else {
            return Ok("It was not done: the arguments are no JSON object.".to_owned());
        };
        if !self.tools.iter().any(|shown| shown.name == tool) {
            return Ok("It was not done: there is no such tool.".to_owned());
        }
        if tool == OFFER {
            return self.propose(proposal::of_words(arguments)).await;
        }
        if tool == RUN && self.has_read_others() {
            return self.propose(proposal::of_call(tool, arguments)).await;
        }
        self.tell(tool, arguments);
        let (server, origin, told) = (&self.asked.kraken.server, &self.asked.origin_of_model(), &self.told);
        let answer = self.asked.by_session(|session| async move {
            server.call_by_name(&session, origin, (tool, arguments), told.clone()).await
        });
        match answer.await {
            Ok(answer) => Ok(results::data(tool, &answer)),
            Err(Stop::Refused(failure))
                if self.asked.channel.is_some()
                    && matches!(
                        failure.code,
                        FailureCode::ClickRequired | FailureCode::ConfirmationRequired
                    ) =>
            {
                self.propose(proposal::of_call(tool, arguments)).await
            }
            Err(Stop::Refused(failure)) => Ok(results::refusal(&failure)),
            Err(stop) => Err(stop),
        }
    }

    /// Whether the model knows more by now than the person's own words and what the server itself says. Then somebody else may
    /// have told it what to run and with what, and a run carries data to wherever a tentacle reaches.
    fn has_read_others(&self) -> bool {
        let asked = self.turns.len().saturating_sub(1);
        self.turns.iter().take(asked).any(|turn| match turn {
            Turn::Person { with_others, .. } => *with_others,
            Turn::Model { wishes, .. } => {
                wishes.iter().any(|wish| !OF_THE_SERVER.contains(&wish.tool.as_str()))
            }
            Turn::Results(_) => false,
        })
    }

    fn has_called(&self, tools: &[&str]) -> bool {
        self.turns.iter().any(|turn| match turn {
            Turn::Model { wishes, .. } => wishes.iter().any(|wish| tools.contains(&wish.tool.as_str())),
            Turn::Person { .. } | Turn::Results(_) => false,
        })
    }

    /// Whoever looks on sees what was done before the Kraken was started anew.
    fn tell_again(&self) {
        for turn in &self.turns {
            let Turn::Model { wishes, .. } = turn else { continue };
            for wish in wishes.iter().filter(|wish| self.tools.iter().any(|tool| tool.name == wish.tool)) {
                if let Value::Object(arguments) = &wish.arguments
                    && wish.tool != OFFER
                {
                    self.tell(&wish.tool, arguments);
                }
            }
        }
    }

    /// Whoever looks on sees what is being done. A name that is none is the model's own words, and not shown.
    fn tell(&self, tool: &str, arguments: &Map<String, Value>) {
        let name = arguments.get("name").and_then(Value::as_str);
        let name = name.and_then(|name| name.parse::<TentacleName>().ok());
        let message = shown::doing(tool, name.as_ref().map_or(SOMETHING, TentacleName::as_str));
        // Nobody looking on is no reason to stop.
        let _ = self.told.send(Progress { message, step: None });
    }

    /// Shows cards for what a click decides.
    async fn propose(&mut self, proposals: Result<Vec<Proposal>, String>) -> Result<String, Stop> {
        let proposals = match proposals {
            Ok(proposals) => proposals,
            Err(why) => return Ok(format!("It was not done, and no card was shown: {why}.")),
        };
        let new: Vec<&Proposal> =
            proposals.iter().filter(|proposal| !self.cards.contains(&proposal.words)).collect();
        if self.cards.len() + new.len() > CARDS {
            return Ok("It was not done, and no card was shown: there are enough cards.".to_owned());
        }
        for proposal in new {
            proposal::show(self.asked, proposal).await?;
            self.cards.push(proposal.words.clone());
        }
        let shown: Vec<&str> = proposals.iter().map(|proposal| proposal.words.as_str()).collect();
        Ok(format!(
            "It was NOT done. A card with a button was shown to the person for: {}. Only they can click it.",
            shown.join("; ")
        ))
    }
}
