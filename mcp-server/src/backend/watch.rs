//! Who is told of a run while it goes on, node by node.

use tokio::sync::mpsc;
use wire::step::NodeStep;

/// The most steps of one run that are told. An engine need not be believed.
const MOST: usize = 2_000;

/// Whoever watches a run; nobody by default. Watching never holds a run up: what the watcher does not take in time is lost.
#[derive(Debug, Clone, Default)]
pub struct Watch(Option<mpsc::Sender<NodeStep>>);

impl Watch {
    /// A watch, and what it tells: that ends when the run has ended.
    pub(crate) fn new() -> (Self, mpsc::Receiver<NodeStep>) {
        let (to, told) = mpsc::channel(MOST);
        (Self(Some(to)), told)
    }

    /// Whether somebody watches.
    #[must_use]
    pub const fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Tells what became of a node.
    pub fn tell(&self, step: NodeStep) {
        if let Some(to) = &self.0 {
            // Whoever has stopped watching misses nothing that the answer would not say.
            let _ = to.try_send(step);
        }
    }
}
