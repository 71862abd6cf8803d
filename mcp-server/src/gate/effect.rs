//! An effect outside the store: begun on record, ended on record, and found again when the process dies in between.

use super::changing::Allowed;
use super::{Gate, unavailable};
use crate::store::{OpenEffect, StoreError, Tx};
use crate::trail::Entries;
use wire::trail::{Entry, Outcome, OutcomeResult};
use wire::{Failure, FailureCode};

/// An effect that has begun.
pub(crate) struct Effect<'g> {
    gate: &'g Gate,
    allowed: Vec<Allowed>,
    /// Interrupted effects that come to their end with this one.
    adopted: Vec<OpenEffect>,
}

impl<'g> Effect<'g> {
    pub(super) fn new(gate: &'g Gate, allowed: Vec<Allowed>, adopted: Vec<OpenEffect>) -> Self {
        Self { gate, allowed, adopted }
    }

    /// Begins the transaction in which the effect ends.
    pub(crate) async fn end(self) -> Result<Ending, Failure> {
        let entries = self.gate.trail.begin(&self.gate.store).await.map_err(|error| unavailable(&error))?;
        Ok(Ending { entries, allowed: self.allowed, adopted: self.adopted })
    }

    /// The effect failed with `failure`, which is handed back; what it left is finished by asking again.
    pub(crate) async fn failed(self, failure: Failure) -> Failure {
        match self.end().await {
            Ok(ending) => ending.failed(failure).await,
            // The outcome stays open, and a restart finds it; the caller hears what came first.
            Err(_) => failure,
        }
    }
}

/// The transaction in which an effect ends.
pub(crate) struct Ending {
    entries: Entries,
    allowed: Vec<Allowed>,
    adopted: Vec<OpenEffect>,
}

impl Ending {
    /// The transaction.
    pub(crate) fn tx(&mut self) -> &mut Tx {
        &mut self.entries.tx
    }

    /// All of it is done.
    pub(crate) async fn done(self) -> Result<(), Failure> {
        self.close(OutcomeResult::Done, None).await
    }

    /// A run has ended, with nodes that failed or without.
    pub(crate) async fn ran(self, success: bool) -> Result<(), Failure> {
        if success {
            return self.done().await;
        }
        self.close(OutcomeResult::Failed, Some("nodes_failed".to_owned())).await
    }

    /// It failed with `failure`, which is handed back.
    pub(crate) async fn failed(mut self, failure: Failure) -> Failure {
        let reason = code_word(failure.code);
        if is_ours(&failure) {
            // What was interrupted can still be brought to its end, by the next one who tries.
            self.adopted.clear();
        }
        // Where this fails too the outcome stays open, and a restart finds it; the caller hears what came first.
        let _ = self.close(OutcomeResult::Failed, Some(reason)).await;
        failure
    }

    async fn close(mut self, result: OutcomeResult, reason: Option<String>) -> Result<(), Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let own = self.allowed.iter().map(|allowed| (allowed.id, &allowed.filed));
        let adopted = self.adopted.iter().map(|effect| (effect.id, &effect.filed));
        for (id, filed) in own.chain(adopted) {
            let entry = Entry::Outcome(Outcome { result, reason: reason.clone() });
            self.entries.append(id, filed, entry).await.map_err(failed)?;
            self.entries.tx.close_effect(id).await.map_err(failed)?;
        }
        self.entries.commit().await.map_err(failed)
    }
}

/// Whether the failure was ours, so that trying again can help.
pub(crate) fn is_ours(failure: &Failure) -> bool {
    matches!(failure.code, FailureCode::Internal | FailureCode::Unavailable)
}

/// A failure's code as one word, for the trail.
pub(super) fn code_word(code: FailureCode) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_word() {
        assert_eq!(code_word(FailureCode::TimedOut), "timed_out");
    }
}
