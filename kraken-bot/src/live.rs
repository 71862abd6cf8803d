//! A message that follows what takes long while it goes on, and is settled when it has ended, also when the Kraken was
//! restarted in between. It is changed, or, where the answer is its end and the workspace has such, it grows.

pub(crate) mod shown;

use self::shown::Shown;
use crate::asked::{Asked, Stop, place};
use crate::inbox::now;
use crate::kraken::SayError;
use crate::slack::blocks::Message;
use crate::slack::{Place, said_at};
use serde_json::Value;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::time::{Instant, MissedTickBehavior, interval_at, timeout};
use wire::Tool;
use wire::client::Told;
use wire::step::NodeStep;

/// What is over sooner has no message of its own.
const SOON: Duration = Duration::from_secs(2);

/// How often the message changes at most (`chat.update` is tier 3: some 50 a minute).
const PACE: Duration = Duration::from_millis(1_500);

/// How soon the message changes although there is nothing new, but for the time: then later and later, and at most so.
const SLOW: Duration = Duration::from_secs(3);
const SLOWEST: Duration = Duration::from_secs(30);

/// How long a change of the message that is on its way may hold up the answer.
const LINGER: Duration = Duration::from_secs(2);

/// What is said of a call.
pub(crate) struct Words {
    /// While it goes on.
    pub(crate) going: String,
    /// What it was, when it has ended: `The run of *hello*`.
    pub(crate) what: String,
}

impl Words {
    /// When it has ended, in whatever way.
    pub(crate) fn ended(&self) -> String {
        format!("{} has ended.", self.what)
    }

    /// When it came to this.
    fn when<A>(&self, answer: &Result<A, Stop>) -> String {
        match answer {
            Ok(_) | Err(Stop::Refused(_) | Stop::Told(_)) => self.ended(),
            Err(_) => self.lost(),
        }
    }

    /// When nobody knows how it ended.
    pub(crate) fn lost(&self) -> String {
        format!("{} went out of my sight.", self.what)
    }
}

/// Calls a tool under the person's identity; what takes more than a moment is shown while it goes on. `settle` tells what
/// the answer says of each node.
pub(crate) async fn call<T: Tool>(
    asked: &Asked<'_>,
    args: T::Args,
    words: Words,
    settle: fn(&T::Answer) -> Vec<NodeStep>,
) -> Result<T::Answer, Stop> {
    followed(asked, words, |to| asked.call_told::<T>(args, to), settle).await
}

/// Does something that takes long, and shows it by a message that grows, where the workspace has such. What `is_answer` is left open,
/// for the answer to be its end.
pub(crate) async fn grown<A, W: Future<Output = Result<A, Stop>>>(
    asked: &Asked<'_>,
    words: Words,
    work: impl FnOnce(UnboundedSender<Told>) -> W,
    is_answer: fn(&A) -> bool,
) -> Result<A, Stop> {
    let mut live = Live::new(asked, words.going.clone(), true);
    let answer = live.during(work).await;
    let is_open = live.grows && answer.as_ref().is_ok_and(is_answer);
    live.end(words.when(&answer), is_open).await;
    answer
}

/// Settles what a Kraken that was ended has left of such a message.
pub(crate) async fn let_go(asked: &Asked<'_>, words: &Words) {
    Live::new(asked, words.going.clone(), true).end(words.ended(), false).await;
}

/// The key of the message that grows while an event is worked on.
pub(crate) fn growing(event: &str) -> String {
    format!("grows:{event}")
}

/// Does something that takes long, and shows it while it goes on.
pub(crate) async fn followed<A, W: Future<Output = Result<A, Stop>>>(
    asked: &Asked<'_>,
    words: Words,
    work: impl FnOnce(UnboundedSender<Told>) -> W,
    settle: fn(&A) -> Vec<NodeStep>,
) -> Result<A, Stop> {
    let mut live = Live::new(asked, words.going.clone(), false);
    let answer = live.during(work).await;
    for step in answer.as_ref().map(settle).unwrap_or_default() {
        live.shown.settle(step);
    }
    live.end(words.when(&answer), false).await;
    answer
}

/// The message.
struct Live<'a> {
    asked: &'a Asked<'a>,
    place: Place,
    key: String,
    shown: Shown,
    /// Whether this process has shown something of it.
    is_ours: bool,
    /// Whether it is one that grows, as far as is known; else it is changed.
    grows: bool,
    /// What has been added to it already.
    added: Vec<Value>,
}

impl<'a> Live<'a> {
    fn new(asked: &'a Asked<'a>, heading: String, grows: bool) -> Self {
        let place = place(asked.incoming, asked.said);
        let event = &asked.incoming.id;
        let key = if grows { growing(event) } else { changing(event) };
        Self { asked, place, key, shown: Shown::new(heading), is_ours: false, grows, added: Vec::new() }
    }

    /// Does the work, and shows meanwhile how far it has come.
    async fn during<A, W: Future<Output = Result<A, Stop>>>(
        &mut self,
        work: impl FnOnce(UnboundedSender<Told>) -> W,
    ) -> Result<A, Stop> {
        let (to, told) = unbounded_channel();
        let mut showing = pin!(self.follow(told));
        let mut calling = pin!(work(to));
        let answer = tokio::select! {
            biased;
            answer = &mut calling => answer,
            () = &mut showing => calling.await,
        };
        // The sender is gone with the call, so this ends by itself once Slack has answered.
        let _ = timeout(LINGER, showing).await;
        answer
    }

    /// Shows what is told until nobody tells any more.
    async fn follow(&mut self, mut told: UnboundedReceiver<Told>) {
        let mut pace = interval_at(Instant::now() + SOON, PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut is_new, mut slow) = (true, SLOW);
        let mut again = Instant::now();
        loop {
            tokio::select! {
                heard = told.recv() => match heard {
                    Some(heard) => {
                        self.shown.hear(heard);
                        (is_new, slow) = (true, SLOW);
                    }
                    None => return,
                },
                now = pace.tick() => {
                    if !is_new && now < again {
                        continue;
                    }
                    if !is_new {
                        slow = (slow * 3 / 2).min(SLOWEST);
                    }
                    is_new = false;
                    if let Err(error) = self.show().await {
                        // The answer comes all the same.
                        tracing::debug!(%error, "how far a call has come could not be shown");
                    }
                    again = Instant::now() + slow;
                }
            }
        }
    }

    async fn show(&mut self) -> Result<(), SayError> {
        if self.grows && self.grow(false).await? {
            return Ok(());
        }
        let kraken = self.asked.kraken;
        let said = kraken.find_said(&self.place, &self.key).await?;
        if let Some(ts) = said.as_ref().filter(|_| !self.is_ours) {
            // It was begun before the Kraken was started anew.
            let seconds = u64::try_from(now().saturating_sub(said_at(ts))).unwrap_or_default();
            self.shown.goes_on_for(SOON + Duration::from_secs(seconds));
        }
        self.is_ours = true;
        let message = self.shown.message();
        match said {
            Some(ts) => Ok(kraken.slack.change(&self.place, &ts, &message).await?),
            None => kraken.say_once(&self.place, &message, &self.key).await.map(drop),
        }
    }

    /// Adds what is new, or begins with it; answers whether it grows. One that grows no more is changed from now on, and where there
    /// is no such thing, another is.
    async fn grow(&mut self, is_over: bool) -> Result<bool, SayError> {
        let kraken = self.asked.kraken;
        let tasks = self.shown.tasks(&self.key, is_over);
        let news: Vec<Value> = tasks.iter().filter(|task| !self.added.contains(task)).cloned().collect();
        match kraken.find_said(&self.place, &self.key).await? {
            Some(_) if news.is_empty() => {}
            Some(ts) => self.grows = kraken.slack.grow(&self.place, &ts, &news).await?,
            None => {
                let user = &self.asked.said.user;
                self.grows = kraken.begin_growing(&self.place, user, (&news, &self.key)).await?;
                if !self.grows {
                    self.key = changing(&self.asked.incoming.id);
                }
            }
        }
        self.added = tasks;
        Ok(self.grows)
    }

    /// Settles the message, if there is one: perhaps from before the Kraken was restarted. One that grows can be left open.
    async fn end(&mut self, heading: String, is_left_open: bool) {
        self.shown.end(heading);
        let kraken = self.asked.kraken;
        let settled = async {
            let Some(ts) = kraken.find_said(&self.place, &self.key).await? else { return Ok(()) };
            if self.grows && is_left_open {
                return self.grow(true).await.map(drop);
            }
            if self.grows {
                let (message, tasks) = (Message::new(&self.shown.heading), self.shown.tasks(&self.key, true));
                if kraken.slack.end_growing(&self.place, &ts, (&message, None), &tasks).await? {
                    return Ok(());
                }
            }
            Ok::<_, SayError>(kraken.slack.change(&self.place, &ts, &self.shown.message()).await?)
        };
        if let Ok(Err(error)) = timeout(LINGER, settled).await {
            tracing::warn!(%error, "that a call has ended could not be shown");
        }
    }
}

/// The key of the message that is changed while an event is worked on.
fn changing(event: &str) -> String {
    format!("progress:{event}")
}

#[cfg(test)]
mod tests;
