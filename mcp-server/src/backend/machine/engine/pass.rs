//! Whoever uses an engine holds one of these, so that it is not ended under their hands.

use super::Engine;
use std::ops::Deref;
use std::sync::{Arc, PoisonError};
use tokio::time::Instant;

/// The right to use an engine.
#[derive(Debug)]
pub(in super::super) struct Pass(Arc<Engine>);

impl Pass {
    pub(super) fn new(engine: Arc<Engine>) -> Self {
        engine.in_flight.send_modify(|count| *count += 1);
        Self(engine)
    }
}

impl Deref for Pass {
    type Target = Engine;

    fn deref(&self) -> &Engine {
        &self.0
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        *self.0.used.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
        self.0.in_flight.send_modify(|count| *count = count.saturating_sub(1));
    }
}
