//! What a decision says: allowed and by what, or denied and why, and what each layer answered.

use crate::facts::State;
use crate::mode::{Class, Mode, Right};
use crate::principal::Scope;
use crate::table::Service;

/// The outcome, with what each layer said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// Allowed, and by what; or denied, and why.
    pub outcome: Result<Allowed, Denied>,
    /// What the enclave's mode said, where it was asked.
    pub enclave: Option<Layer>,
    /// What the tentacle's mode said, where it was asked.
    pub tentacle: Option<Layer>,
}

impl Decision {
    /// Whether the outcome is an allow.
    #[must_use]
    pub const fn allows(&self) -> bool {
        self.outcome.is_ok()
    }
}

/// One layer's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Layer {
    /// As whom the person was taken.
    pub class: Class,
    /// The mode that was read; `None` when the record could not be read as one.
    pub mode: Option<Mode>,
    /// The right that was asked for.
    pub right: Right,
    /// The answer.
    pub granted: bool,
    /// The layer was passed because the person owns the enclave, whatever the mode says.
    pub as_enclave_owner: bool,
}

/// What an allow rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Allowed {
    /// It concerns only the person itself.
    Itself,
    /// The person may make this enclave.
    Founder,
    /// The mode bits of every layer that was asked.
    Mode,
    /// The person owns the enclave.
    EnclaveOwner,
    /// The person owns the tentacle.
    TentacleOwner,
    /// A scope of the operator's break-glass entry.
    Operator(Scope),
    /// The service identity for this action.
    Service(Service),
    /// An earlier allow that is on record.
    Continuation,
}

/// Why something is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Denied {
    /// There is no record of what was aimed at.
    Unknown,
    /// The enclave's record cannot be read.
    EnclaveUnreadable,
    /// The tentacle's record cannot be read.
    TentacleUnreadable,
    /// This kind of principal may never ask for it.
    NotForThisPrincipal,
    /// Not while the enclave is in this state.
    State(State),
    /// The enclave's mode does not give the person's class this right.
    EnclaveLacks(Right, Class),
    /// The tentacle's mode does not give the person's class this right.
    TentacleLacks(Right, Class),
    /// Only the enclave's owner may.
    NotEnclaveOwner(Class),
    /// Only the tentacle's owner or the enclave's owner may.
    NotTentacleOwner(Class),
    /// The person has not bound a Slack account.
    Unbound,
    /// The person's Slack account is a guest's or of another company.
    NotFullAccount,
    /// Somebody else made the channel.
    NotChannelCreator,
    /// The person owns as many enclaves as one may.
    TooManyEnclaves,
    /// The channel's member list is too old to rely on.
    Stale,
    /// The freeze is not this side's to lift.
    FreezeOfOthers,
    /// The operator froze it, and the owner may not remove it before that is lifted.
    FrozenByOperator,
    /// The break-glass entry lacks this scope.
    NoScope(Scope),
    /// An operator's change needs a reason.
    NoReason,
    /// The trigger belongs to another tentacle.
    NotOwnTentacle,
    /// The stored allow is for another action.
    OtherContinuation,
    /// The one who asked has since lost the right.
    Removed,
}

impl Allowed {
    /// The reason as one word, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Itself => "itself",
            Self::Founder => "founder",
            Self::Mode => "mode",
            Self::EnclaveOwner => "enclave_owner",
            Self::TentacleOwner => "tentacle_owner",
            Self::Operator(_) => "operator",
            Self::Service(_) => "service",
            Self::Continuation => "continuation",
        }
    }
}

impl Denied {
    /// The reason as one word, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::EnclaveUnreadable => "enclave_unreadable",
            Self::TentacleUnreadable => "tentacle_unreadable",
            Self::NotForThisPrincipal => "not_for_this_principal",
            Self::State(_) => "state",
            Self::EnclaveLacks(..) => "enclave_mode",
            Self::TentacleLacks(..) => "tentacle_mode",
            Self::NotEnclaveOwner(_) => "not_enclave_owner",
            Self::NotTentacleOwner(_) => "not_tentacle_owner",
            Self::Unbound => "unbound",
            Self::NotFullAccount => "not_full_account",
            Self::NotChannelCreator => "not_channel_creator",
            Self::TooManyEnclaves => "too_many_enclaves",
            Self::Stale => "stale",
            Self::FreezeOfOthers => "freeze_of_others",
            Self::FrozenByOperator => "frozen_by_operator",
            Self::NoScope(_) => "no_scope",
            Self::NoReason => "no_reason",
            Self::NotOwnTentacle => "not_own_tentacle",
            Self::OtherContinuation => "other_continuation",
            Self::Removed => "removed",
        }
    }
}
