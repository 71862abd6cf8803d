//! The action table as data: who may ask for what, and while which state. Nothing outside it is allowed.

use crate::action::Action;
use crate::facts::State;
use crate::mode::Right;
use crate::principal::Scope;

/// One row: an action, which person may ask for it, who else may, and in which states of the enclave.
#[derive(Debug, Clone, Copy)]
pub struct Rule {
    /// The action.
    pub action: Action,
    /// Which person.
    pub person: Person,
    /// The scope with which an operator may.
    pub operator: Option<Scope>,
    /// The one service identity that may.
    pub service: Option<Service>,
    /// While the enclave is in one of these states.
    pub states: States,
    /// While it is in one of these, for an operator.
    pub operator_states: States,
}

/// Which person may ask for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Person {
    /// None.
    Nobody,
    /// Any, about itself.
    Itself,
    /// One who may make an enclave in the channel it names, or one without a channel.
    Founder,
    /// One who has this right in the enclave.
    Enclave(Right),
    /// One who has this right in the enclave and in the tentacle.
    Both(Right),
    /// The tentacle's owner while a member with write in the enclave, or the enclave's owner.
    TentacleOwner,
    /// The enclave's owner.
    EnclaveOwner,
    /// The enclave's owner, also one who had to leave because the channel was archived.
    EnclaveOwnerOnRecord,
}

/// Which service identity may ask for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Service {
    /// The Kraken's own.
    Relay,
    /// A trigger.
    Trigger,
    /// The reconciler.
    Reconciler,
}

/// A set of states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct States(u8);

impl States {
    const MAKING: Self = Self::NONE.and(State::Provisioning);
    const ACTIVE: Self = Self::NONE.and(State::Active);
    const USABLE: Self = Self::ACTIVE.and(State::Frozen);
    const ALL: Self = Self::USABLE.and(State::Provisioning).and(State::Deprovisioning);
    const NONE: Self = Self(0);

    const fn and(self, state: State) -> Self {
        Self(self.0 | 1 << state as u8)
    }

    /// Whether `state` is in the set.
    #[must_use]
    pub const fn contains(self, state: State) -> bool {
        self.0 & (1 << state as u8) != 0
    }
}

const fn rule(action: Action, person: Person, states: States) -> Rule {
    Rule { action, person, operator: None, service: None, states, operator_states: States::NONE }
}

impl Rule {
    const fn operator(self, scope: Scope, states: States) -> Self {
        Self { operator: Some(scope), operator_states: states, ..self }
    }

    const fn service(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// Whether the action of a person can only take rights away: neither a freeze nor an old member list stops it.
    pub(crate) const fn only_takes_away(&self) -> bool {
        self.states.contains(State::Frozen)
    }
}

/// A read: in every state, and for an operator with the read scope.
const fn read(action: Action, person: Person) -> Rule {
    rule(action, person, States::ALL).operator(Scope::Read, States::ALL)
}

/// Something that only the enclave's owner decides, while the enclave is active.
const fn owner(action: Action) -> Rule {
    rule(action, Person::EnclaveOwner, States::ACTIVE)
}

/// The owner's right to take away, which a freeze does not stop.
const fn tighten(action: Action) -> Rule {
    rule(action, Person::EnclaveOwner, States::USABLE)
}

const fn service(action: Action, service: Service, states: States) -> Rule {
    rule(action, Person::Nobody, states).service(service)
}

const fn itself(action: Action) -> Rule {
    rule(action, Person::Itself, States::ALL)
}

use Person::{Both, Enclave, EnclaveOwnerOnRecord, Founder, Nobody, TentacleOwner};
use Right::{Execute, Read, Write};

/// The table. Its order is that of [`Action::ALL`], which the compiler checks.
pub const TABLE: [Rule; Action::ALL.len()] = [
    rule(Action::Provision, Founder, States::MAKING).operator(Scope::Provision, States::MAKING),
    read(Action::Info, Enclave(Read)),
    read(Action::List, Enclave(Read)),
    read(Action::Members, Enclave(Read)),
    rule(Action::Waiting, Person::EnclaveOwner, States::ALL),
    read(Action::Why, Enclave(Read)),
    read(Action::TentacleList, Both(Read)),
    read(Action::TentacleStatus, Both(Read)),
    read(Action::TentacleDescribe, Both(Read)),
    read(Action::TentacleLogs, Both(Read)),
    read(Action::TentacleEvents, Both(Read)),
    read(Action::TentacleHistory, Both(Read)),
    read(Action::TentacleCompare, Both(Read)),
    read(Action::TentacleHealth, Both(Read)),
    read(Action::TentacleAudit, Both(Read)),
    rule(Action::Run, Both(Execute), States::USABLE),
    rule(Action::Restart, Both(Execute), States::USABLE).operator(Scope::Restart, States::USABLE),
    rule(Action::Apply, Both(Write), States::ACTIVE),
    rule(Action::Remove, Both(Write), States::ACTIVE).operator(Scope::RemoveTentacle, States::USABLE),
    rule(Action::ApplyNew, Enclave(Write), States::ACTIVE),
    rule(Action::TentacleSetMode, TentacleOwner, States::ACTIVE),
    rule(Action::TentacleTighten, TentacleOwner, States::USABLE),
    rule(Action::TentacleTransfer, TentacleOwner, States::ACTIVE),
    owner(Action::AddMember),
    rule(Action::RemoveMember, Person::EnclaveOwner, States::ALL).operator(Scope::RemoveMember, States::ALL),
    owner(Action::SetMode),
    tighten(Action::TightenMode),
    owner(Action::OpenEnrollment),
    tighten(Action::CloseEnrollment),
    owner(Action::RaiseQuota),
    tighten(Action::LowerQuota),
    owner(Action::SetDrift),
    owner(Action::WaiveReview),
    tighten(Action::RequireReview),
    owner(Action::Rename),
    owner(Action::Transfer).operator(Scope::OfferTransfer, States::USABLE),
    owner(Action::SetSecret),
    owner(Action::ApproveReach),
    rule(Action::Freeze, EnclaveOwnerOnRecord, States::USABLE).operator(Scope::Freeze, States::USABLE),
    rule(Action::Unfreeze, EnclaveOwnerOnRecord, States::USABLE).operator(Scope::Unfreeze, States::USABLE),
    rule(Action::Deprovision, EnclaveOwnerOnRecord, States::ALL).operator(Scope::Deprovision, States::ALL),
    service(Action::ChannelReport, Service::Relay, States::ALL),
    service(Action::ChannelMap, Service::Relay, States::ALL),
    service(Action::Notices, Service::Relay, States::ALL),
    itself(Action::Whoami),
    itself(Action::Bind).operator(Scope::Bind, States::ALL),
    itself(Action::Unlink).operator(Scope::Unlink, States::ALL),
    itself(Action::Accept),
    itself(Action::AskToJoin),
    rule(Action::Trail, Person::EnclaveOwner, States::ALL).operator(Scope::Read, States::ALL),
    service(Action::TriggerRun, Service::Trigger, States::ACTIVE),
    service(Action::Revoke, Service::Reconciler, States::ALL),
    service(Action::Reown, Service::Reconciler, States::ALL),
    service(Action::Repair, Service::Reconciler, States::ACTIVE),
    read(Action::ClusterProfile, Nobody),
    itself(Action::ClusterSummary),
    rule(Action::ConfirmRestore, Nobody, States::ALL).operator(Scope::ConfirmRestore, States::ALL),
];

// INVARIANT: the row of an action stands at the action's own place, so a look-up can neither fail nor mix rows up.
const _: () = {
    let mut rows: &[Rule] = &TABLE;
    let mut place = 0;
    while let [row, rest @ ..] = rows {
        assert!(row.action as usize == place);
        rows = rest;
        place += 1;
    }
};

impl Action {
    /// This action's row of the table.
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "the table has a row for every action, at its place")]
    pub const fn rule(self) -> &'static Rule {
        const ROWS: &[Rule; Action::ALL.len()] = &TABLE;
        &ROWS[self as usize]
    }
}
