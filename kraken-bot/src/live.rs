//! A message that follows what takes long while it goes on, and is settled when it has ended, also when the Kraken was
//! restarted in between.

pub(crate) mod shown;

use self::shown::Shown;
use crate::asked::{Asked, Stop, place};
use crate::kraken::SayError;
use crate::slack::Place;
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

/// Does something that takes long, and shows it while it goes on.
pub(crate) async fn followed<A, W: Future<Output = Result<A, Stop>>>(
    asked: &Asked<'_>,
    words: Words,
    work: impl FnOnce(UnboundedSender<Told>) -> W,
    settle: fn(&A) -> Vec<NodeStep>,
) -> Result<A, Stop> {
    let mut live = Live::new(asked, words.going.clone());
    let (to, told) = unbounded_channel();
    let answer = {
        let mut showing = pin!(live.follow(told));
        let mut calling = pin!(work(to));
        let answer = tokio::select! {
            biased;
            answer = &mut calling => answer,
            () = &mut showing => calling.await,
        };
        // The sender is gone with the call, so this ends by itself once Slack has answered.
        let _ = timeout(LINGER, showing).await;
        answer
    };
    let heading = match &answer {
        Ok(_) | Err(Stop::Refused(_) | Stop::Told(_)) => words.ended(),
        Err(_) => words.lost(),
    };
    for step in answer.as_ref().map(settle).unwrap_or_default() {
        live.shown.settle(step);
    }
    live.end(heading).await;
    answer
}

/// The message.
struct Live<'a> {
    asked: &'a Asked<'a>,
    place: Place,
    key: String,
    shown: Shown,
}

impl<'a> Live<'a> {
    fn new(asked: &'a Asked<'a>, heading: String) -> Self {
        let place = place(asked.incoming, asked.said);
        let key = format!("progress:{}", asked.incoming.id);
        Self { asked, place, key, shown: Shown::new(heading) }
    }

    /// Shows what is told until nobody tells any more.
    async fn follow(&mut self, mut told: UnboundedReceiver<Told>) {
        let mut pace = interval_at(Instant::now() + SOON, PACE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut is_shown = false;
        loop {
            tokio::select! {
                heard = told.recv() => match heard {
                    Some(heard) => {
                        self.shown.hear(heard);
                        is_shown = false;
                    }
                    None => return,
                },
                _ = pace.tick(), if !is_shown => {
                    is_shown = true;
                    if let Err(error) = self.show().await {
                        // The answer comes all the same.
                        tracing::debug!(%error, "how far a call has come could not be shown");
                    }
                }
            }
        }
    }

    async fn show(&self) -> Result<(), SayError> {
        let (kraken, message) = (self.asked.kraken, self.shown.message());
        match kraken.find_said(&self.place, &self.key).await? {
            Some(ts) => Ok(kraken.slack.change(&self.place, &ts, &message).await?),
            None => kraken.say_once(&self.place, &message, &self.key).await.map(drop),
        }
    }

    /// Settles the message, if there is one: perhaps from before the Kraken was restarted.
    async fn end(&mut self, heading: String) {
        self.shown.heading = heading;
        let kraken = self.asked.kraken;
        let settled = async {
            let Some(ts) = kraken.find_said(&self.place, &self.key).await? else { return Ok(()) };
            Ok::<_, SayError>(kraken.slack.change(&self.place, &ts, &self.shown.message()).await?)
        };
        if let Ok(Err(error)) = timeout(LINGER, settled).await {
            tracing::warn!(%error, "that a call has ended could not be shown");
        }
    }
}
