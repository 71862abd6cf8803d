//! What a server tells of a call while it goes on.

use crate::meta;
use crate::step::NodeStep;
use rmcp::ClientHandler;
use rmcp::model::{NotificationMetaObject, ProgressNotificationParam, ProgressToken};
use rmcp::service::{NotificationContext, RoleClient};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::mpsc::UnboundedSender;

/// How far a call has come.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// In words for people.
    pub message: String,
    /// What became of a node, where the call is a run.
    pub step: Option<NodeStep>,
}

/// Whoever listens, by the token of the call.
#[derive(Debug, Default)]
pub(super) struct Listening(Mutex<HashMap<ProgressToken, Listener>>);

/// A call to which somebody listens.
pub(super) struct Heard<'a> {
    among: &'a Listening,
    token: ProgressToken,
}

impl Drop for Heard<'_> {
    fn drop(&mut self) {
        self.among.all().remove(&self.token);
    }
}

/// Somebody who listens to one call.
#[derive(Debug)]
struct Listener {
    to: UnboundedSender<Told>,
    /// How far each node has come. Notifications are handled side by side: of two about one node the later one stays.
    seen: HashMap<String, f64>,
}

impl Listening {
    /// From now on, until what this answers is dropped, `to` is told of this call.
    pub(super) fn begin(&self, token: ProgressToken, to: UnboundedSender<Told>) -> Heard<'_> {
        self.all().insert(token.clone(), Listener { to, seen: HashMap::new() });
        Heard { among: self, token }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<ProgressToken, Listener>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    fn hear(&mut self, progress: f64, told: Told) {
        if let Some(step) = &told.step {
            let seen = self.seen.entry(step.node.clone()).or_insert(progress);
            if progress < *seen {
                return;
            }
            *seen = progress;
        }
        // Whoever has stopped listening misses nothing that the answer would not say.
        let _ = self.to.send(told);
    }
}

impl ClientHandler for Listening {
    async fn on_progress(&self, params: ProgressNotificationParam, context: NotificationContext<RoleClient>) {
        let told = Told { step: step(&context), message: params.message.unwrap_or_default() };
        if let Some(listener) = self.all().get_mut(&params.progress_token) {
            listener.hear(params.progress, told);
        }
    }
}

/// What became of a node. The library (rmcp 3.9) leaves `_meta` among the extensions, where `meta` should have it.
fn step(context: &NotificationContext<RoleClient>) -> Option<NodeStep> {
    let meta = context.extensions.get::<NotificationMetaObject>().unwrap_or(&context.meta);
    serde_json::from_value(meta.get(meta::STEP)?.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::NodeState;
    use tokio::sync::mpsc::unbounded_channel;

    #[test]
    fn the_later_of_two_steps_of_a_node_stays() {
        let (to, mut heard) = unbounded_channel();
        let mut listener = Listener { to, seen: HashMap::new() };
        let told = |node: &str, state| Told {
            message: String::new(),
            step: Some(NodeStep { node: node.to_owned(), state }),
        };
        let finished = told("a", NodeState::Finished { duration_ms: 1 });
        let began = told("b", NodeState::Started { attempt: 1 });
        listener.hear(2.0, finished.clone());
        listener.hear(1.0, told("a", NodeState::Started { attempt: 1 }));
        listener.hear(3.0, began.clone());
        let all: Vec<_> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
        assert_eq!(all, [finished, began]);
    }
}
