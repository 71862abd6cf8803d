//! What is known about a tentacle without asking anything.

use crate::backend::{CopyState, TentacleState};
use std::sync::{Mutex, PoisonError};

/// What is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Seen {
    /// Whether a version of it is here.
    pub(super) deployed: bool,
    /// Whether its engine could not be started the last time.
    pub(super) failing: bool,
    /// The engine that serves.
    pub(super) copy: Option<String>,
    starting: u64,
    in_flight: u64,
}

impl Seen {
    pub(super) fn new(deployed: bool) -> Self {
        Self { deployed, ..Self::default() }
    }

    pub(super) fn state(&self, sandbox: &str, can_run: bool) -> TentacleState {
        let ready = self.deployed && !self.failing && can_run;
        let state = match (self.starting, self.in_flight) {
            (1.., _) => "starting",
            _ if !ready => "failing",
            (_, 0) => "idle",
            _ => "running",
        };
        TentacleState {
            state,
            ready,
            in_flight: self.in_flight,
            sandbox: sandbox.to_owned(),
            // One that ends is another one afterwards: none is ever started anew.
            copies: self
                .copy
                .iter()
                .map(|name| CopyState { name: name.clone(), ready, ..CopyState::default() })
                .collect(),
            // An engine is started on what there is now.
            current: true,
        }
    }
}

/// What is counted while it goes on.
#[derive(Debug, Clone, Copy)]
pub(super) enum What {
    /// A run, with what has to be started for it.
    Run,
    /// The start of an engine for a run.
    Start,
}

/// Counts something for as long as it lives, however it ends.
pub(super) struct Counted<'a>(&'a Mutex<Seen>, What);

impl<'a> Counted<'a> {
    pub(super) fn begin(seen: &'a Mutex<Seen>, what: What) -> Self {
        *what.count(&mut seen.lock().unwrap_or_else(PoisonError::into_inner)) += 1;
        Self(seen, what)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = self.1.count(&mut seen);
        *count = count.saturating_sub(1);
    }
}

impl What {
    fn count(self, seen: &mut Seen) -> &mut u64 {
        match self {
            Self::Run => &mut seen.in_flight,
            Self::Start => &mut seen.starting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_run_is_not_ready() {
        let seen = Mutex::new(Seen::new(true));
        let state = || seen.lock().unwrap().state("bwrap", true);
        assert_eq!((state().state, state().ready), ("idle", true));
        let run = Counted::begin(&seen, What::Run);
        assert_eq!((state().state, state().in_flight), ("running", 1));
        let start = Counted::begin(&seen, What::Start);
        assert_eq!(state().state, "starting");
        drop((run, start));
        assert_eq!((state().state, state().in_flight), ("idle", 0));
        assert!(!seen.lock().unwrap().state("", false).ready);
        seen.lock().unwrap().failing = true;
        assert_eq!((state().state, state().ready), ("failing", false));
        assert_eq!(Seen::new(false).state("bwrap", true).state, "failing");
    }
}
