//! Who may ask for something: six kinds, and no other way to act without a person.

use crate::action::Action;

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Principal {
    /// Somebody who has signed in. Where they stand is part of the target's facts.
    Person,
    /// The Kraken's own identity: reports channel facts, reads the map, delivers notices.
    Relay,
    /// A person with a break-glass token.
    Operator(Operator),
    /// A trigger of one tentacle.
    Trigger {
        /// The target is the tentacle that the trigger belongs to.
        own_tentacle: bool,
    },
    /// The rest of an effect whose allow is on record.
    Continuation(Continuation),
    /// The server's own housekeeping.
    Reconciler,
}

/// What an operator's break-glass entry allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operator {
    /// The scopes of the entry.
    pub scopes: Scopes,
    /// A reason was given with this request.
    pub reason_given: bool,
}

/// An allow that was recorded and whose effect is not finished.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Continuation {
    /// The action that was allowed.
    pub of: Action,
    /// The one who asked has lost since what the allow rested on.
    pub removed: bool,
}

/// One thing that a break-glass entry can allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Every read.
    Read,
    /// Freeze an enclave.
    Freeze,
    /// Lift the operator's freeze.
    Unfreeze,
    /// Remove a member.
    RemoveMember,
    /// Offer an enclave to a new owner, who must accept.
    OfferTransfer,
    /// Remove an enclave.
    Deprovision,
    /// Remove a tentacle.
    RemoveTentacle,
    /// Restart a tentacle.
    Restart,
    /// Make an enclave for an owner, who must accept.
    Provision,
    /// Bind a Slack account to an identity.
    Bind,
    /// End such a binding.
    Unlink,
    /// Confirm the restore of a record.
    ConfirmRestore,
}

impl Scope {
    /// All scopes.
    pub const ALL: [Self; 12] = [
        Self::Read,
        Self::Freeze,
        Self::Unfreeze,
        Self::RemoveMember,
        Self::OfferTransfer,
        Self::Deprovision,
        Self::RemoveTentacle,
        Self::Restart,
        Self::Provision,
        Self::Bind,
        Self::Unlink,
        Self::ConfirmRestore,
    ];

    /// The scope's name in the break-glass file.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Freeze => "freeze",
            Self::Unfreeze => "unfreeze",
            Self::RemoveMember => "remove-member",
            Self::OfferTransfer => "offer-transfer",
            Self::Deprovision => "deprovision",
            Self::RemoveTentacle => "remove-tentacle",
            Self::Restart => "restart",
            Self::Provision => "provision",
            Self::Bind => "bind",
            Self::Unlink => "unlink",
            Self::ConfirmRestore => "confirm-restore",
        }
    }

    const fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Scopes(u16);

impl Scopes {
    /// The set with `scope` added.
    #[must_use]
    pub const fn with(self, scope: Scope) -> Self {
        Self(self.0 | scope.bit())
    }

    /// Whether `scope` is in the set.
    #[must_use]
    pub const fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().fold(Self::default(), Self::with)
    }
}
