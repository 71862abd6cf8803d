//! What a decision is made from: facts, gathered before and never looked up during it.

use crate::mode::{Class, Mode};

/// The state of an enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Being made; not yet usable.
    Provisioning,
    /// In normal use.
    Active,
    /// What runs goes on, nothing changes.
    Frozen,
    /// Being removed.
    Deprovisioning,
}

impl State {
    /// All states, in the order of an enclave's life.
    pub const ALL: [Self; 4] = [Self::Provisioning, Self::Active, Self::Frozen, Self::Deprovisioning];

    /// The state's name, as records and annotations carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Deprovisioning => "deprovisioning",
        }
    }
}

/// Why an enclave is frozen; each reason is lifted only by its own side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Frozen {
    /// The owner asked for it.
    pub by_owner: bool,
    /// The Slack channel is archived.
    pub by_archive: bool,
    /// An operator asked for it with the break-glass token.
    pub by_operator: bool,
}

impl Frozen {
    /// Whether any reason holds.
    #[must_use]
    pub const fn any(self) -> bool {
        self.by_owner || self.by_archive || self.by_operator
    }
}

/// What kind of Slack account a person has bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Account {
    /// No Slack account is bound to this identity.
    Unbound,
    /// A full member of the Slack workspace.
    Full,
    /// A guest of the Slack workspace.
    Guest,
    /// Somebody of another company, in a Slack Connect channel.
    External,
}

/// Where a person stands towards one enclave; [`Standing::class`] derives owner, member or other from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Standing {
    /// The record names this person as the enclave's owner.
    pub owner_on_record: bool,
    /// The kind of Slack account that is bound to this person.
    pub account: Account,
    /// The bond to the enclave: through its channel, or by name where it has no channel.
    pub bond: Bond,
    /// The owner removed this person (the identity or the account); nothing but an `add` lifts that.
    pub blocked: bool,
    /// New members need the owner's approval here, and this person has none.
    pub waits_for_approval: bool,
    /// The channel's member list is too old to rely on for a change.
    pub stale: bool,
}

/// How a person is tied to an enclave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bond {
    /// The enclave has a channel and the person is in it.
    InChannel,
    /// The enclave has a channel and the person is not in it.
    NotInChannel,
    /// The enclave has no channel and its record names the person.
    Named,
    /// The enclave has no channel and its record does not name the person.
    NotNamed,
}

/// Why a person is a visitor and not more; [`None`] where they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VisitorBecause {
    /// The owner removed them.
    Blocked,
    /// They have no bound Slack account, and the enclave lives in a channel.
    Unbound,
    /// Their account is a guest's.
    Guest,
    /// Their account is of another company.
    External,
    /// They are not in the channel.
    NotInChannel,
    /// They own the enclave but have left its channel.
    OwnerLeft,
    /// The owner has not approved them yet.
    WaitsForApproval,
    /// The enclave has no channel and does not name them.
    NotNamed,
}

impl VisitorBecause {
    /// The reason in a few words, about somebody else.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Self::Blocked => "removed by the owner",
            Self::Unbound => "has not signed in",
            Self::Guest => "a guest of the workspace",
            Self::External => "from another company",
            Self::NotInChannel => "not in the channel",
            Self::OwnerLeft => "the owner, but has left the channel",
            Self::WaitsForApproval => "waits for the owner's approval",
            Self::NotNamed => "not a member",
        }
    }
}

impl Standing {
    /// A person of whom nothing is known.
    pub const STRANGER: Self = Self {
        owner_on_record: false,
        account: Account::Unbound,
        bond: Bond::NotInChannel,
        blocked: false,
        waits_for_approval: false,
        stale: false,
    };

    /// The class in this enclave.
    #[must_use]
    pub const fn class(&self) -> Class {
        match self.visitor_because() {
            Some(_) => Class::Other,
            None if self.owner_on_record => Class::Owner,
            None => Class::Member,
        }
    }

    /// Why the person is only a visitor, or `None` for a member or owner.
    #[must_use]
    pub const fn visitor_because(&self) -> Option<VisitorBecause> {
        if self.blocked {
            return Some(VisitorBecause::Blocked);
        }
        match self.bond {
            Bond::Named => return None,
            Bond::NotNamed if self.owner_on_record => return None,
            Bond::NotNamed => return Some(VisitorBecause::NotNamed),
            Bond::InChannel | Bond::NotInChannel => {}
        }
        match self.account {
            Account::Unbound => return Some(VisitorBecause::Unbound),
            Account::Guest => return Some(VisitorBecause::Guest),
            Account::External => return Some(VisitorBecause::External),
            Account::Full => {}
        }
        match self.bond {
            Bond::NotInChannel if self.owner_on_record => Some(VisitorBecause::OwnerLeft),
            Bond::NotInChannel => Some(VisitorBecause::NotInChannel),
            _ if self.waits_for_approval && !self.owner_on_record => Some(VisitorBecause::WaitsForApproval),
            _ => None,
        }
    }
}

/// An enclave, as the one who asks meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Enclave {
    /// Its state.
    pub state: State,
    /// Why it is frozen, where it is.
    pub frozen: Frozen,
    /// Its mode; `None` when the record cannot be read as one, which denies.
    pub mode: Option<Mode>,
    /// Where the one who asks stands.
    pub standing: Standing,
}

/// A tentacle, as the one who asks meets it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tentacle {
    /// Its mode; `None` when the record cannot be read as one, which denies.
    pub mode: Option<Mode>,
    /// The record names the one who asks as the tentacle's owner.
    pub owner_on_record: bool,
}

/// An enclave that does not exist yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NewEnclave {
    /// Who made the channel that it would live in.
    pub channel: Channel,
    /// The kind of Slack account that is bound to the one who asks.
    pub account: Account,
    /// How many enclaves the one who asks owns already.
    pub owned: u32,
    /// The enclave is there in state provisioning because this very request was interrupted.
    pub resumed: bool,
}

/// The channel of an enclave that is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// It will have none.
    None,
    /// The one who asks made it.
    Own,
    /// Somebody else made it.
    Foreign,
}

/// What an action is aimed at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target<'a> {
    /// The one who asks, or the service as a whole.
    Itself,
    /// An enclave to be made.
    NewEnclave(NewEnclave),
    /// An enclave.
    Enclave(&'a Enclave),
    /// A tentacle that an enclave does not have yet.
    NewTentacle(&'a Enclave),
    /// A tentacle of an enclave.
    Tentacle(&'a Enclave, &'a Tentacle),
    /// Something of which there is no record.
    Unknown,
}

impl<'a> Target<'a> {
    /// The enclave that is aimed at, where one is.
    #[must_use]
    pub const fn enclave(&self) -> Option<&'a Enclave> {
        match *self {
            Self::Enclave(enclave) | Self::NewTentacle(enclave) | Self::Tentacle(enclave, _) => Some(enclave),
            Self::Itself | Self::NewEnclave(_) | Self::Unknown => None,
        }
    }
}
