//! Tells a waiting client how far a long call has come.

use crate::backend::Watch;
use rmcp::RoleServer;
use rmcp::model::{NotificationMetaObject, ProgressNotificationParam, ProgressToken};
use rmcp::service::Peer;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio_util::task::AbortOnDropHandle;
use wire::meta;
use wire::step::NodeStep;

/// How long an answer waits for what is still to be told.
const A_MOMENT: Duration = Duration::from_secs(1);

/// Where progress is told, if the client asked for it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Progress {
    to: Option<(ProgressToken, Peer<RoleServer>)>,
}

impl Progress {
    pub(crate) fn new(token: Option<ProgressToken>, peer: &Peer<RoleServer>) -> Self {
        Self { to: token.map(|token| (token, peer.clone())) }
    }

    /// Says that step `done` of `of` has been taken.
    pub(crate) async fn step(&self, done: usize, of: usize, what: &str) {
        let Some((token, peer)) = &self.to else { return };
        let mut told = ProgressNotificationParam::new(token.clone(), precise(done));
        told.total = Some(precise(of));
        told.message = Some(what.to_owned());
        // Whoever no longer listens misses nothing: the answer is kept, and the work goes on.
        let _ = peer.notify_progress(told).await;
    }

    /// Tells a line, the `number`th. How many there will be is not known.
    pub(crate) async fn line(&self, number: usize, line: &str) {
        let Some((token, peer)) = &self.to else { return };
        let mut told = ProgressNotificationParam::new(token.clone(), precise(number));
        told.message = Some(line.to_owned());
        // Whoever no longer listens misses nothing: the answer holds the last lines.
        let _ = peer.notify_progress(told).await;
    }

    /// A watch on a run, each step of which is told; nobody watches where the client did not ask for it.
    pub(crate) fn watch(&self) -> (Watch, Telling) {
        let Some((token, peer)) = self.to.clone() else { return (Watch::default(), Telling(None)) };
        let (watch, told) = Watch::new();
        (watch, Telling(Some(AbortOnDropHandle::new(tokio::spawn(tell_nodes(token, peer, told))))))
    }
}

/// What is being told of a run.
pub(crate) struct Telling(Option<AbortOnDropHandle<()>>);

impl Telling {
    /// Waits until all that there is to tell has been told: after the answer nothing is told any more. Whoever does not listen
    /// holds up the answer for a moment at most.
    pub(crate) async fn end(self) {
        if let Some(telling) = self.0 {
            let _ = tokio::time::timeout(A_MOMENT, telling).await;
        }
    }
}

/// Tells what becomes of the nodes of a run until it has ended. How many steps there will be is not known.
async fn tell_nodes(token: ProgressToken, peer: Peer<RoleServer>, mut steps: mpsc::Receiver<NodeStep>) {
    let mut number = 0;
    while let Some(step) = steps.recv().await {
        number += 1;
        let mut beside = NotificationMetaObject::new();
        if let Ok(step) = serde_json::to_value(&step) {
            beside.insert(meta::STEP.to_owned(), step);
        }
        let mut told = ProgressNotificationParam::new(token.clone(), precise(number));
        told.message = Some(step.to_string());
        told.meta = Some(beside);
        if peer.notify_progress(told).await.is_err() {
            // Whoever no longer listens misses nothing: the answer is kept, and the run goes on.
            return;
        }
    }
}

fn precise(steps: usize) -> f64 {
    f64::from(u32::try_from(steps).unwrap_or(u32::MAX))
}
