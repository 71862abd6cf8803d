//! Brings events and interactions to the app, and waits for its acknowledgements.
//!
//! One task owns everything that is on its way. Events stay in the workspace's outbox until they are acknowledged or
//! given up; interactions are sent once, as Slack does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::Value;
use tokio::sync::{mpsc, oneshot, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use url::Url;

use crate::config::Timing;
use crate::journal::Store;
use crate::workspace::state::State;

mod courier;
mod order;
pub(crate) mod sent;

use courier::Courier;
use sent::Log;

/// Names a connection while it lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Line(u64);

/// What a connection is to do.
#[derive(Debug)]
pub(in crate::workspace) enum Outgoing {
    /// Send this frame.
    Text(String),
    /// End it in order.
    Close,
    /// End it as a broken wire would.
    Drop,
}

/// How a connection is ended on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Ending {
    /// Slack says that it will close soon.
    Warning,
    /// Slack asks the app to connect anew.
    RefreshRequested,
    /// Without a word.
    Drop,
}

/// What kind of interaction an envelope holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cargo {
    /// Clicks, submissions.
    Interactive,
    /// Slash commands.
    SlashCommands,
}

/// What the courier is told.
enum Word {
    Joined { line: Line, to: String, sender: mpsc::UnboundedSender<Outgoing> },
    Ready { line: Line },
    Left { line: Line },
    Acknowledged { line: Line, envelope: String, payload: Value },
    Send { cargo: Cargo, payload: Value, answer: oneshot::Sender<Value> },
    End(Ending),
    Again(u32),
    Hold { held: bool, seed: Option<u64> },
}

/// The app did not acknowledge in time, or is not connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the app did not answer")]
pub(crate) struct NoAnswer;

/// The door to the courier.
pub(crate) struct Exchange {
    words: mpsc::UnboundedSender<Word>,
    connected: Arc<watch::Sender<usize>>,
    next: AtomicU64,
    /// What was sent lately.
    pub(crate) log: Arc<Log>,
}

impl Exchange {
    /// Starts the courier, among `tasks`; it ends with `shutdown`.
    pub(crate) fn start(
        store: Arc<Store<State>>,
        timing: Timing,
        tasks: &TaskTracker,
        shutdown: CancellationToken,
    ) -> Self {
        let (words, inbox) = mpsc::unbounded_channel();
        let log = Arc::new(Log::default());
        let courier = Courier::new(store, timing, Arc::clone(&log));
        tasks.spawn(async move { shutdown.run_until_cancelled(courier.run(inbox)).await });
        Self { words, connected: Arc::new(watch::Sender::new(0)), next: AtomicU64::new(1), log }
    }

    fn tell(&self, word: Word) {
        // After the end nobody listens, and nobody waits.
        let _gone = self.words.send(word);
    }

    /// A connection that is not yet served: by Socket Mode, or what stands in for one to this address.
    pub(in crate::workspace) fn join(
        &self,
        sender: mpsc::UnboundedSender<Outgoing>,
        address: Option<&Url>,
    ) -> Connection {
        let line = Line(self.next.fetch_add(1, Ordering::Relaxed));
        self.connected.send_modify(|count| *count += 1);
        let to = address.map_or_else(|| line.host(), Url::to_string);
        self.tell(Word::Joined { line, to, sender });
        Connection { line, words: self.words.clone(), connected: Arc::clone(&self.connected) }
    }

    /// How many connections the app has.
    pub(crate) fn connected(&self) -> usize {
        *self.connected.borrow()
    }

    /// Follows that number.
    pub(crate) fn watch(&self) -> watch::Receiver<usize> {
        self.connected.subscribe()
    }

    /// Sends an interaction; gives what the app acknowledged it with.
    pub(crate) async fn send(&self, cargo: Cargo, payload: Value) -> Result<Value, NoAnswer> {
        let (answer, answered) = oneshot::channel();
        self.tell(Word::Send { cargo, payload, answer });
        answered.await.map_err(|_| NoAnswer)
    }

    /// From now on every event is sent so many times more than it is acknowledged, as when acknowledgements are lost.
    pub(crate) fn send_again(&self, times: u32) {
        self.tell(Word::Again(times));
    }

    /// Whether events wait from now on; where they do not, those that waited go out in an order that `seed` draws, if there is one.
    pub(crate) fn hold(&self, held: bool, seed: Option<u64>) {
        self.tell(Word::Hold { held, seed });
    }

    /// Ends every connection in this way.
    pub(crate) fn end(&self, how: Ending) {
        self.tell(Word::End(how));
    }
}

/// One connection of the app; leaving is noticed when this is dropped.
pub(in crate::workspace) struct Connection {
    line: Line,
    words: mpsc::UnboundedSender<Word>,
    connected: Arc<watch::Sender<usize>>,
}

impl Connection {
    /// It has said hello and can be sent to.
    pub(in crate::workspace) fn ready(&self) {
        let _gone = self.words.send(Word::Ready { line: self.line });
    }

    /// The app acknowledged an envelope.
    pub(in crate::workspace) fn acknowledged(&self, envelope: String, payload: Value) {
        let _gone = self.words.send(Word::Acknowledged { line: self.line, envelope, payload });
    }

    /// What clients write in their logs.
    pub(super) fn host(&self) -> String {
        self.line.host()
    }
}

impl Line {
    fn host(self) -> String {
        format!("applink-{}", self.0)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.connected.send_modify(|count| *count -= 1);
        let _gone = self.words.send(Word::Left { line: self.line });
    }
}
