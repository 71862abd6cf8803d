//! Tells a waiting client how far a long call has come.

use rmcp::RoleServer;
use rmcp::model::{ProgressNotificationParam, ProgressToken};
use rmcp::service::Peer;

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
}

fn precise(steps: usize) -> f64 {
    f64::from(u32::try_from(steps).unwrap_or(u32::MAX))
}
