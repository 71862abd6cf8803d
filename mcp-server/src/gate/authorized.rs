//! The proof that something was decided and may be done.

use super::act::{
    Act, Apply, ApplyNew, Changes, Provision, Repair, Restore, RestoreTentacle, Run, TriggerRun,
};
use super::target::OnTentacle;
use std::fmt;
use std::sync::Arc;
use uuid::Uuid;
use workflow::TentacleName;

/// Says that `A` was allowed on this target, and that the decision is on record.
///
/// Every effect takes one, and only the gate can make one: a tool that forgets to ask does not compile.
pub struct Authorized<A: Act> {
    id: Uuid,
    target: A::Target,
}

impl<A: Act> Authorized<A> {
    /// INVARIANT: called by the gate alone, after an allow.
    pub(super) fn new(id: Uuid, target: A::Target) -> Self {
        Self { id, target }
    }

    /// The decision's id in the trail.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.id
    }

    /// What it is for.
    #[must_use]
    pub fn target(&self) -> &A::Target {
        &self.target
    }
}

impl<A: Act> Clone for Authorized<A> {
    fn clone(&self) -> Self {
        Self { id: self.id, target: self.target.clone() }
    }
}

impl<A: Act> fmt::Debug for Authorized<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Authorized<{}>({})", A::ACTION.name(), self.id)
    }
}

mod sealed {
    /// INVARIANT: private, so that nothing but a grant can be a proof of a change.
    pub trait Granted {}
    /// INVARIANT: private, so that nothing but a grant can be a proof that something may run.
    pub trait Runs {}
}

impl<A: Changes> sealed::Granted for Authorized<A> {}

/// The proof that an enclave's record was changed by right, whatever the change was: the mirror may follow.
pub trait Changed: sealed::Granted + Send + Sync {
    /// The decision's id in the trail.
    fn id(&self) -> Uuid;
}

impl<A: Changes> Changed for Authorized<A> {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl sealed::Runs for Authorized<Run> {}
impl sealed::Runs for Authorized<TriggerRun> {}

/// The proof that a tentacle may run: somebody who may asked for it, or a trigger of its own did.
pub trait MayRun: sealed::Runs + Send + Sync {
    /// The decision's id in the trail.
    fn id(&self) -> Uuid;

    /// What may run.
    fn target(&self) -> &OnTentacle;
}

impl MayRun for Authorized<Run> {
    fn id(&self) -> Uuid {
        self.id
    }

    fn target(&self) -> &OnTentacle {
        &self.target
    }
}

impl MayRun for Authorized<TriggerRun> {
    fn id(&self) -> Uuid {
        self.id
    }

    fn target(&self) -> &OnTentacle {
        &self.target
    }
}

/// Whoever may make a tentacle may deploy it.
impl From<Authorized<ApplyNew>> for Authorized<Apply> {
    fn from(grant: Authorized<ApplyNew>) -> Self {
        let target = OnTentacle { record: grant.target.record, name: grant.target.name, tentacle: None };
        Self { id: grant.id, target }
    }
}

/// Whoever may restore an enclave may make what it is made of.
impl From<Authorized<Restore>> for Authorized<Provision> {
    fn from(grant: Authorized<Restore>) -> Self {
        Self { id: grant.id, target: grant.target }
    }
}

/// Whoever may restore a tentacle may put the version to work that ran.
impl From<Authorized<RestoreTentacle>> for Authorized<Apply> {
    fn from(grant: Authorized<RestoreTentacle>) -> Self {
        Self { id: grant.id, target: grant.target }
    }
}

/// The proof that a tentacle may be made as it was deployed, and which: whoever may deploy it may, and the reconciler in an
/// enclave that it may repair.
#[derive(Debug)]
pub struct PutBack {
    id: Uuid,
    target: OnTentacle,
}

impl PutBack {
    /// Which.
    #[must_use]
    pub fn target(&self) -> &OnTentacle {
        &self.target
    }
}

impl sealed::Granted for PutBack {}

impl Changed for PutBack {
    fn id(&self) -> Uuid {
        self.id
    }
}

impl From<Authorized<Apply>> for PutBack {
    fn from(grant: Authorized<Apply>) -> Self {
        Self { id: grant.id, target: grant.target }
    }
}

impl Authorized<Repair> {
    /// The same for one tentacle of the enclave; nothing where it has none of that name.
    pub(crate) fn of(&self, name: &TentacleName) -> Option<PutBack> {
        let record = Arc::clone(&self.target.record);
        let tentacle = Some(record.tentacles.get(name)?.clone());
        Some(PutBack { id: self.id, target: OnTentacle { record, name: name.clone(), tentacle } })
    }
}
