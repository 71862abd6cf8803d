//! Making what was allowed, in the transaction in which it was decided; or beginning what happens outside the store.

use super::effect::{Effect, code_word};
use super::{Gate, unavailable};
use crate::call::Call;
use crate::store::{Filed, OpenEffect, StoreError, Tx};
use crate::trail::Entries;
use policy::Action;
use uuid::Uuid;
use wire::Failure;
use wire::trail::{Entry, Outcome, OutcomeResult};

/// One allow of a change.
#[derive(Debug, Clone)]
pub(super) struct Allowed {
    pub(super) id: Uuid,
    pub(super) action: Action,
    pub(super) filed: Filed,
    pub(super) object: Option<String>,
}

/// A change that has been allowed and is being made.
pub(crate) struct Changing<'g> {
    gate: &'g Gate,
    call: &'g Call,
    entries: Entries,
    allowed: Vec<Allowed>,
}

impl<'g> Changing<'g> {
    pub(super) fn new(gate: &'g Gate, call: &'g Call, entries: Entries, allowed: Vec<Allowed>) -> Self {
        Self { gate, call, entries, allowed }
    }

    /// The call that it is made for.
    pub(crate) fn call(&self) -> &'g Call {
        self.call
    }

    /// The transaction.
    pub(crate) fn tx(&mut self) -> &mut Tx {
        &mut self.entries.tx
    }

    /// The decision, the change and its outcome hold, all at once.
    pub(crate) async fn done(self) -> Result<(), Failure> {
        self.end(OutcomeResult::Done, None).await
    }

    /// Nothing was changed, because of `failure`, which is handed back.
    pub(crate) async fn failed(self, failure: Failure) -> Failure {
        let reason = code_word(failure.code);
        match self.end(OutcomeResult::Failed, Some(reason)).await {
            Ok(()) => failure,
            Err(unavailable) => unavailable,
        }
    }

    /// The decision and the change hold, and an effect outside the store begins. `payload` is what it takes to finish
    /// it after a stop in the middle.
    pub(crate) async fn begin(mut self, payload: &str) -> Result<Effect<'g>, Failure> {
        let failed = |error: StoreError| unavailable(&error);
        let mut adopted = Vec::new();
        for effect in self.effects(payload) {
            let writer = self.gate.trail.writer();
            adopted.extend(succeed(&mut self.entries, writer, &effect).await.map_err(failed)?);
            self.entries.tx.open_effect(writer, &effect).await.map_err(failed)?;
        }
        // A commit whose answer does not come may hold or not.
        self.call.begin();
        self.entries.commit().await.map_err(failed)?;
        Ok(Effect::new(self.gate, self.allowed, adopted))
    }

    /// The same for what is done once and never gone on with, whatever allowed it: a stop in the middle is told as a run's is.
    pub(crate) async fn begin_once(mut self) -> Result<Effect<'g>, Failure> {
        for allowed in &mut self.allowed {
            allowed.action = Action::Run;
        }
        self.begin("").await
    }

    /// The decision and the change hold, and what is to happen outside the store waits until the enclave is not frozen any more: the
    /// reconciler begins it then, with `payload`. What waited before for the same object waits no longer.
    pub(crate) async fn wait(mut self, payload: &str) -> Result<(), Failure> {
        let failed = |error: StoreError| unavailable(&error);
        for effect in self.effects(payload) {
            let writer = self.gate.trail.writer();
            for old in succeed(&mut self.entries, writer, &effect).await.map_err(failed)? {
                supersede(&mut self.entries, &old).await.map_err(failed)?;
            }
            self.entries.tx.open_effect(writer, &effect).await.map_err(failed)?;
            self.entries.tx.interrupt_effect(effect.id).await.map_err(failed)?;
        }
        self.end(OutcomeResult::Unknown, Some("frozen".to_owned())).await
    }

    /// What was allowed, as effects outside the store.
    fn effects(&self, payload: &str) -> Vec<OpenEffect> {
        let effect = |allowed: &Allowed| OpenEffect {
            id: allowed.id,
            action: allowed.action,
            filed: allowed.filed.clone(),
            object: allowed.object.clone().unwrap_or_default(),
            initiator: self.call.initiator(),
            payload: payload.to_owned(),
        };
        self.allowed.iter().map(effect).collect()
    }

    async fn end(mut self, result: OutcomeResult, reason: Option<String>) -> Result<(), Failure> {
        let failed = |error: StoreError| unavailable(&error);
        for allowed in &self.allowed {
            let outcome = Outcome { result, reason: reason.clone() };
            let entry = Entry::Outcome(outcome);
            self.entries.append(allowed.id, &allowed.filed, entry).await.map_err(failed)?;
        }
        self.entries.commit().await.map_err(failed)
    }
}

/// Settles the effects that `new` comes after: what a stop interrupted, and what another replica began. Answers those that
/// come to their end with `new`, and closes those whose place it takes.
async fn succeed(
    entries: &mut Entries,
    writer: &str,
    new: &OpenEffect,
) -> Result<Vec<OpenEffect>, StoreError> {
    let mut finished = Vec::new();
    for old in entries.tx.not_of(writer, &new.filed.enclave).await? {
        match Succession::of(new, &old) {
            Succession::Finishes => finished.push(old),
            Succession::Replaces => supersede(entries, &old).await?,
            Succession::Leaves => {}
        }
    }
    Ok(finished)
}

/// Closes an effect whose place another takes.
async fn supersede(entries: &mut Entries, old: &OpenEffect) -> Result<(), StoreError> {
    let outcome = Outcome { result: OutcomeResult::Failed, reason: Some("superseded".to_owned()) };
    entries.append(old.id, &old.filed, Entry::Outcome(outcome)).await?;
    entries.tx.close_effect(old.id).await
}

/// What a new effect means for an older one in the same enclave.
enum Succession {
    /// Both do the same: when the new one is done, so is the old one.
    Finishes,
    /// The old one must not be finished any more.
    Replaces,
    /// They have nothing to do with each other.
    Leaves,
}

impl Succession {
    fn of(new: &OpenEffect, old: &OpenEffect) -> Self {
        let restores = |effect: &OpenEffect| effect.action == Action::ConfirmRestore;
        let makes = |effect: &OpenEffect| {
            effect.action == Action::Provision || restores(effect) && effect.object.is_empty()
        };
        let deploys = |effect: &OpenEffect| {
            matches!(effect.action, Action::Apply | Action::ApplyNew)
                || restores(effect) && !effect.object.is_empty()
        };
        let same = (new.action == old.action || deploys(new) && deploys(old)) && new.payload == old.payload;
        match new.action {
            _ if makes(new) => {
                if makes(old) {
                    Self::Finishes
                } else {
                    Self::Leaves
                }
            }
            Action::Deprovision if new.action == old.action => Self::Finishes,
            Action::Deprovision => Self::Replaces,
            Action::Apply | Action::ApplyNew | Action::Remove | Action::ConfirmRestore
                if new.object == old.object =>
            {
                if same {
                    Self::Finishes
                } else {
                    Self::Replaces
                }
            }
            _ => Self::Leaves,
        }
    }
}
