//! Decisions about reads are recorded behind the reader's back, in batches, with a bound; a loss is itself recorded.

use super::Trail;
use crate::store::{Filed, Store, StoreError};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;
use wire::trail::{Decision, Entry, Lost, Who};

/// How many decisions may wait.
const WAITING: usize = 8_192;

/// How many are written at once.
const BATCH: usize = 512;

/// How long after a failure it is tried again.
const RETRY: Duration = Duration::from_millis(500);

/// For this long a look that the relay repeats word for word, with the same outcome, stands for its repetitions: it asks
/// every few seconds whether there is anything to tell, and a trail full of that would bury what people did.
const REPETITIONS: Duration = Duration::from_secs(600);

/// Takes decisions about reads; never makes the reader wait.
#[derive(Debug, Clone)]
pub struct Reads {
    sender: mpsc::Sender<(Filed, Decision)>,
    lost: Arc<AtomicU64>,
    relay_asked: Arc<Mutex<Option<(Instant, Decision)>>>,
}

impl Reads {
    /// Begins to write in the background, until `stop`; what waits then is still written.
    #[must_use]
    pub fn start(store: Arc<Store>, trail: Arc<Trail>, stop: CancellationToken) -> (Self, JoinHandle<()>) {
        let (sender, receiver) = mpsc::channel(WAITING);
        let lost = Arc::new(AtomicU64::new(0));
        let writer = Writer { store, trail, lost: Arc::clone(&lost), stop };
        (Self { sender, lost, relay_asked: Arc::default() }, tokio::spawn(writer.run(receiver)))
    }

    /// Puts a decision on record, soon.
    pub(crate) fn record(&self, filed: Filed, decision: Decision) {
        if decision.who.kind == Who::RELAY && self.repeats(&decision) {
            return;
        }
        if self.sender.try_send((filed, decision)).is_err() {
            self.lost.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Whether the relay's look before this one was the same, and not long ago.
    fn repeats(&self, decision: &Decision) -> bool {
        let mut asked = self.relay_asked.lock().unwrap_or_else(PoisonError::into_inner);
        if asked.as_ref().is_some_and(|(at, before)| at.elapsed() < REPETITIONS && before == decision) {
            return true;
        }
        *asked = Some((Instant::now(), decision.clone()));
        false
    }
}

struct Writer {
    store: Arc<Store>,
    trail: Arc<Trail>,
    lost: Arc<AtomicU64>,
    stop: CancellationToken,
}

impl Writer {
    async fn run(self, mut receiver: mpsc::Receiver<(Filed, Decision)>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            tokio::select! {
                taken = receiver.recv_many(&mut batch, BATCH) => if taken == 0 { return },
                () = self.stop.cancelled(), if !receiver.is_closed() => receiver.close(),
            }
            while let Err(error) = self.write(&batch).await {
                tracing::error!(%error, waiting = batch.len(), "reads cannot be put on record; trying again");
                if self.stop.is_cancelled() {
                    return;
                }
                tokio::time::sleep(RETRY).await;
            }
            batch.clear();
        }
    }

    async fn write(&self, batch: &[(Filed, Decision)]) -> Result<(), StoreError> {
        if batch.is_empty() {
            return Ok(());
        }
        let mut entries = self.trail.begin(&self.store).await?;
        let lost = self.lost.load(Ordering::Relaxed);
        if lost > 0 {
            entries.append(Uuid::now_v7(), &Filed::default(), Entry::Lost(Lost { count: lost })).await?;
        }
        for (filed, decision) in batch {
            let entry = Entry::Decision(Box::new(decision.clone()));
            entries.append(Uuid::now_v7(), filed, entry).await?;
        }
        entries.commit().await?;
        self.lost.fetch_sub(lost, Ordering::Relaxed);
        Ok(())
    }
}
