//! The one-time secrets in the addresses of new connections.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use uuid::Uuid;

/// How long an address can be used.
const LIVES: Duration = Duration::from_secs(30);

/// What was given out and not used. Lost at a restart: the client asks again.
#[derive(Default)]
pub(crate) struct Tickets {
    open: Mutex<HashMap<String, Instant>>,
}

impl Tickets {
    /// A new one.
    pub(crate) fn issue(&self) -> String {
        let ticket = Uuid::new_v4().to_string();
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|_, issued| issued.elapsed() < LIVES);
        open.insert(ticket.clone(), Instant::now());
        ticket
    }

    /// Whether it was good; it is no longer.
    pub(crate) fn take(&self, ticket: &str) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.remove(ticket).is_some_and(|issued| issued.elapsed() < LIVES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_good_once() {
        let tickets = Tickets::default();
        let ticket = tickets.issue();
        assert!(!tickets.take("made up"));
        assert!(tickets.take(&ticket));
        assert!(!tickets.take(&ticket));
    }
}
