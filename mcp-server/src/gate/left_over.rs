//! What a stop in the middle left: put on record, and then finished or given up.

use super::Gate;
use crate::store::{OpenEffect, StoreError};
use policy::Action;
use wire::trail::{Entry, Outcome, OutcomeResult};

impl Gate {
    /// Says of every effect in `left` that nobody knows what became of it. Those that can be finished stay open until
    /// they are.
    pub(crate) async fn interrupted(&self, left: &[OpenEffect]) -> Result<(), StoreError> {
        if left.is_empty() {
            return Ok(());
        }
        let mut entries = self.trail.begin(&self.store).await?;
        for effect in left {
            let outcome = Outcome { result: OutcomeResult::Unknown, reason: Some("interrupted".to_owned()) };
            entries.append(effect.id, &effect.filed, Entry::Outcome(outcome)).await?;
            if can_be_finished(effect.action) {
                entries.tx.interrupt_effect(effect.id).await?;
            } else {
                entries.tx.interrupt_run(effect.id).await?;
                entries.tx.close_effect(effect.id).await?;
            }
        }
        entries.commit().await
    }

    /// Gives up an interrupted effect, for a reason of one word, unless it was settled meanwhile.
    pub(crate) async fn give_up(&self, effect: &OpenEffect, reason: &str) -> Result<(), StoreError> {
        let mut entries = self.trail.begin(&self.store).await?;
        if !entries.tx.is_interrupted(effect.id).await? {
            return Ok(());
        }
        let outcome = Outcome { result: OutcomeResult::Failed, reason: Some(reason.to_owned()) };
        entries.append(effect.id, &effect.filed, Entry::Outcome(outcome)).await?;
        entries.tx.close_effect(effect.id).await?;
        entries.commit().await
    }
}

/// A run is never repeated; everything else can be brought to its end.
fn can_be_finished(action: Action) -> bool {
    matches!(
        action,
        Action::Provision | Action::Deprovision | Action::Apply | Action::ApplyNew | Action::Remove
    )
}
