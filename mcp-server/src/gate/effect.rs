//! An effect outside the store: begun on record, ended on record, and found again when the process dies in between.

use super::change::Allowed;
use super::{Gate, unavailable};
use crate::store::{StoreError, Tx};
use crate::trail::Entries;
use wire::trail::{Entry, Outcome, OutcomeResult};
use wire::{Failure, FailureCode};

/// An effect that has begun.
pub(crate) struct Effect<'g> {
    gate: &'g Gate,
    allowed: Vec<Allowed>,
}

impl<'g> Effect<'g> {
    pub(super) fn new(gate: &'g Gate, allowed: Vec<Allowed>) -> Self {
        Self { gate, allowed }
    }

    /// Begins the transaction in which the effect ends.
    pub(crate) async fn end(self) -> Result<Ending, Failure> {
        let entries = self.gate.trail.begin(&self.gate.store).await.map_err(|error| unavailable(&error))?;
        Ok(Ending { entries, allowed: self.allowed })
    }

    /// The effect failed with `failure`, which is handed back; what it left is finished by asking again.
    pub(crate) async fn failed(self, failure: Failure) -> Failure {
        let reason = code_word(failure.code);
        if let Ok(ending) = self.end().await {
            // Where that fails too the outcome stays open, and a restart finds it; the caller hears what came first.
            let _ = ending.close(OutcomeResult::Failed, Some(reason)).await;
        }
        failure
    }
}

/// The transaction in which an effect ends.
pub(crate) struct Ending {
    entries: Entries,
    allowed: Vec<Allowed>,
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

    /// Nothing of it holds, because of `failure`, which is handed back.
    pub(crate) async fn failed(self, failure: Failure) -> Failure {
        let reason = code_word(failure.code);
        self.close(OutcomeResult::Failed, Some(reason)).await.err().unwrap_or(failure)
    }

    async fn close(mut self, result: OutcomeResult, reason: Option<String>) -> Result<(), Failure> {
        let failed = |error: StoreError| unavailable(&error);
        for allowed in &self.allowed {
            let entry = Entry::Outcome(Outcome { result, reason: reason.clone() });
            self.entries.append(allowed.id, allowed.enclave.as_deref(), entry).await.map_err(failed)?;
            self.entries.tx.close_effect(allowed.id).await.map_err(failed)?;
        }
        self.entries.commit().await.map_err(failed)
    }
}

/// A failure's code as one word, for the trail.
pub(super) fn code_word(code: FailureCode) -> String {
    serde_json::to_value(code).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

impl Gate {
    /// Says of every effect that this process's predecessor left open that nobody knows what became of it. What can be
    /// finished is finished by the reconciler, under a record of its own.
    pub(crate) async fn close_left_open(&self) -> Result<usize, StoreError> {
        let left = self.store.open_effects(self.trail.writer()).await?;
        if left.is_empty() {
            return Ok(0);
        }
        let mut entries = self.trail.begin(&self.store).await?;
        for effect in &left {
            let outcome = Outcome { result: OutcomeResult::Unknown, reason: Some("interrupted".to_owned()) };
            entries.append(effect.id, Some(&effect.enclave), Entry::Outcome(outcome)).await?;
            entries.tx.close_effect(effect.id).await?;
            tracing::warn!(id = %effect.id, action = effect.action, "an effect was interrupted by the last stop");
        }
        entries.commit().await?;
        Ok(left.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_one_word() {
        assert_eq!(code_word(FailureCode::TimedOut), "timed_out");
    }
}
