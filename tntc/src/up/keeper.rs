//! Keeps one service running: starts it again when it dies, at growing intervals, until it is told to end it.

use super::announce;
use super::child::{Child, Ended, Order};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

/// A service that ran for so long is not dying over and over.
const CALM: Duration = Duration::from_secs(10);

/// A service that is kept running.
pub(super) struct Keeper {
    stop: CancellationToken,
    steady: Arc<AtomicBool>,
    /// Says how it ended, if that was before it was steady.
    failed: oneshot::Receiver<Ended>,
    task: JoinHandle<()>,
}

impl Keeper {
    /// Starts it.
    pub(super) fn start(order: Order) -> Self {
        let (stop, steady) = (CancellationToken::new(), Arc::new(AtomicBool::new(false)));
        let (fail, failed) = oneshot::channel();
        let task = tokio::spawn(keep(order, stop.clone(), Arc::clone(&steady), fail));
        Self { stop, steady, failed, task }
    }

    /// Waits until it has ended without ever being steady.
    pub(super) async fn failed(&mut self) -> Ended {
        match (&mut self.failed).await {
            Ok(ended) => ended,
            Err(_) => Ended { how: "ended".to_owned(), last_words: Vec::new() },
        }
    }

    /// It has shown that it works: from now on it is started again when it dies.
    pub(super) fn is_steady(&self) {
        self.steady.store(true, Ordering::Release);
    }

    /// Ends it, and waits until it has ended.
    pub(super) async fn end(self) {
        self.stop.cancel();
        // A task of ours that has gone wrong has dropped its child, which ends it too.
        let _ = self.task.await;
    }
}

async fn keep(order: Order, stop: CancellationToken, steady: Arc<AtomicBool>, fail: oneshot::Sender<Ended>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let Some(ended) = once(&order, &stop).await else { return };
        if !steady.load(Ordering::Acquire) {
            // Nobody listens when `up` is on its way out.
            let _ = fail.send(ended);
            return;
        }
        if began.elapsed() >= CALM {
            pause = FIRST_PAUSE;
        }
        announce::died(order.name, &ended, pause);
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = stop.cancelled() => return,
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Runs it until it ends by itself; `None` when it was told to end.
async fn once(order: &Order, stop: &CancellationToken) -> Option<Ended> {
    let mut child = match Child::start(order) {
        Ok(child) => child,
        Err(error) => {
            return Some(Ended { how: format!("cannot be started: {error}"), last_words: Vec::new() });
        }
    };
    tokio::select! {
        ended = child.ended() => return Some(ended),
        () = stop.cancelled() => {}
    }
    let ended = child.end().await;
    announce::ended_one(order.name, &ended);
    None
}
