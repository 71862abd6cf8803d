//! The records, as the rest of the program sees them, and what they say about one person.

use super::review::Review;
use super::told::Drift;
use jiff::{SignedDuration, Timestamp};
use policy::{Account, Bond, Enclave, Frozen, Mode, Standing, State, Tentacle};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use uuid::Uuid;
use wire::tools::channel::AccountClass;
use wire::tools::tentacle::{Metadata, SourceCommit};
use workflow::{EnclaveName, SecretName, TentacleName};

/// A channel's member list that nobody has confirmed for this long does not carry a change.
const STALE_AFTER: SignedDuration = SignedDuration::from_hours(1);

/// A person: an issuer and the stable subject there. Nothing else names one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PersonId {
    /// The issuer.
    pub issuer: String,
    /// The subject.
    pub subject: String,
}

/// A Slack account.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId {
    /// The workspace.
    pub team: String,
    /// The user.
    pub user: String,
}

/// How people become members.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Enrollment {
    /// By being in the channel and signing in.
    Open,
    /// The owner approves each besides.
    Approval,
}

impl Enrollment {
    /// The name, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
        }
    }

    /// The enrollment of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Open, Self::Approval].into_iter().find(|enrollment| enrollment.name() == name)
    }
}

/// How much an enclave may use, from the least to the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Quota {
    /// For a few small tentacles.
    Small,
    /// The usual size.
    Medium,
    /// For many.
    Large,
}

impl Quota {
    /// The name, as records carry it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Medium => "medium",
            Self::Large => "large",
        }
    }

    /// The quota of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Small, Self::Medium, Self::Large].into_iter().find(|quota| quota.name() == name)
    }
}

/// The Slack channel of an enclave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelRecord {
    /// The workspace.
    pub team: String,
    /// The channel.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// Who made it.
    pub creator: String,
    /// When Slack last gave the whole list below.
    pub observed_at: Timestamp,
    /// When it said the newest that is known of it.
    pub heard_at: Timestamp,
    /// Who is in it, by Slack user.
    pub people: BTreeMap<String, ChannelPersonRecord>,
}

/// Somebody in a channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChannelPersonRecord {
    /// What kind of account.
    pub class: AccountClass,
    /// The name to show.
    pub shown: String,
}

/// The owner's yes or no to one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Let in, or kept out.
    pub allowed: bool,
    /// The Slack account, where one was known.
    pub account: Option<String>,
    /// The identity, where one was bound.
    pub person: Option<PersonId>,
}

impl Verdict {
    fn is_about(&self, person: Option<&PersonId>, account: Option<&str>) -> bool {
        let same_account = account.is_some() && self.account.as_deref() == account;
        let same_person = person.is_some() && self.person.as_ref() == person;
        same_account || same_person
    }
}

/// A tentacle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TentacleRecord {
    /// The commit of the state repo that the version was deployed from; `None` where its source came with the call.
    pub commit: Option<SourceCommit>,
    /// Who owns it.
    pub owner: PersonId,
    /// Its mode; `None` when the record cannot be read as one.
    pub mode: Option<Mode>,
    /// What it says of itself.
    pub description: String,
    /// The content's hash.
    pub version: String,
    /// Who deployed it, to show.
    pub deployed_by: String,
    /// With which client.
    pub deployed_via: String,
    /// Which agent chose it; empty where none said that it did.
    pub deployed_agent: String,
    /// When it was first deployed.
    pub created_at: Timestamp,
    /// When this version was.
    pub deployed_at: Timestamp,
    /// Its number: how many deploys of it were carried out.
    pub deploys: i64,
    /// What its author wrote to find it by.
    pub metadata: Metadata,
    /// Who changed its mode or its owner last; `None` while nobody has.
    pub updated: Option<ChangedBy>,
}

/// Who changed something, and through what, to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedBy {
    /// Who.
    pub by: String,
    /// With which client; empty where there was none.
    pub via: String,
    /// Which agent chose it; empty where none said that it did.
    pub agent: String,
    /// When.
    pub at: Timestamp,
}

impl ChangedBy {
    /// Who does it now.
    pub(crate) fn now(by: String, via: String, agent: String) -> Self {
        // To the millisecond, as the store keeps all times.
        let now = Timestamp::now();
        Self { by, via, agent, at: Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now) }
    }

    /// What the server itself does.
    pub(crate) fn the_server() -> Self {
        Self::now("the server".to_owned(), String::new(), String::new())
    }
}

/// How a tentacle's last run went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// Whether every node succeeded.
    pub success: bool,
    /// Who asked for it, to show.
    pub asked_by: String,
}

/// An enclave that is offered to another owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    pub(crate) id: Uuid,
    pub(crate) enclave: EnclaveName,
    /// Who owned it when it was offered.
    pub(crate) owner: PersonId,
    /// Who may accept it.
    pub(crate) to: PersonId,
    /// Whether an operator offers it, so that no owner has to be there.
    pub(crate) by_operator: bool,
    pub(crate) expires_at: Timestamp,
}

/// Somebody who asked to be let in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct JoinRequest {
    pub(crate) id: Uuid,
    pub(crate) person: PersonId,
    /// Their Slack account; empty where they have none.
    pub(crate) account: String,
    /// Their name, to show.
    pub(crate) shown: String,
}

impl JoinRequest {
    /// Both sides of them, as the owner's yes keeps them.
    pub(crate) fn verdict(&self) -> Verdict {
        let account = (!self.account.is_empty()).then(|| self.account.clone());
        Verdict { allowed: true, account, person: Some(self.person.clone()) }
    }
}

/// That a secret is there; never what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SecretRecord {
    pub(crate) name: SecretName,
    /// Who set it, to show.
    pub(crate) set_by: String,
    pub(crate) set_at: Timestamp,
}

/// An enclave and all that a decision about it needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnclaveRecord {
    /// Its name.
    pub name: EnclaveName,
    /// The generation of its last change.
    pub changed: i64,
    /// Its own id: one that was made anew under the same name is another.
    pub id: Uuid,
    /// Its state.
    pub state: State,
    /// Why it is frozen.
    pub frozen: Frozen,
    /// Its mode; `None` when the record cannot be read as one.
    pub mode: Option<Mode>,
    /// How people become members.
    pub enrollment: Enrollment,
    /// What becomes of what somebody changed past this server.
    pub drift: Drift,
    /// What it asks of changes before they run.
    pub review: Review,
    /// How much it may use.
    pub quota: Quota,
    /// Who owns it.
    pub owner: PersonId,
    /// Its channel, where it has one.
    pub channel: Option<ChannelRecord>,
    /// The members that the record names, where it has no channel.
    pub named: Vec<PersonId>,
    /// The owner's verdicts.
    pub verdicts: Vec<Verdict>,
    /// Its tentacles.
    pub tentacles: BTreeMap<TentacleName, TentacleRecord>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When its record last changed.
    pub updated_at: Timestamp,
}

impl EnclaveRecord {
    /// Where somebody stands: an identity, a Slack account of this enclave's workspace, or both when they are bound.
    #[must_use]
    pub fn standing(&self, person: Option<&PersonId>, account: Option<&str>, now: Timestamp) -> Standing {
        let verdict = |allowed| {
            self.verdicts
                .iter()
                .any(|verdict| verdict.allowed == allowed && verdict.is_about(person, account))
        };
        let in_channel =
            |channel: &ChannelRecord| account.and_then(|account| channel.people.get(account)).cloned();
        let (account_class, bond) = match &self.channel {
            Some(channel) => match in_channel(channel) {
                // Somebody of whom only the account is known has not signed in.
                Some(found) if person.is_some() => (found.class.account(), Bond::InChannel),
                Some(_) => (Account::Unbound, Bond::InChannel),
                None if person.is_some() && account.is_some() => (Account::Full, Bond::NotInChannel),
                None => (Account::Unbound, Bond::NotInChannel),
            },
            None if person.is_some_and(|person| self.named.contains(person)) => {
                (Account::Unbound, Bond::Named)
            }
            None => (Account::Unbound, Bond::NotNamed),
        };
        Standing {
            owner_on_record: person == Some(&self.owner),
            account: account_class,
            bond,
            blocked: verdict(false),
            waits_for_approval: self.enrollment == Enrollment::Approval && !verdict(true),
            stale: self.is_stale(now),
        }
    }

    /// Whether its member list is too old to rely on for a change.
    pub(crate) fn is_stale(&self, now: Timestamp) -> bool {
        match &self.channel {
            // An archived channel has no members to confirm: they count as they stood.
            Some(channel) if !self.frozen.by_archive => now.duration_since(channel.observed_at) > STALE_AFTER,
            _ => false,
        }
    }

    /// The enclave as somebody with this standing meets it.
    #[must_use]
    pub fn facts(&self, standing: Standing) -> Enclave {
        Enclave { state: self.state, frozen: self.frozen, mode: self.mode, standing }
    }

    /// The name to show for a Slack account, where the channel knows it.
    #[must_use]
    pub fn account_shown(&self, account: &str) -> Option<&str> {
        let channel = self.channel.as_ref()?;
        channel.people.get(account).map(|person| person.shown.as_str())
    }

    /// The Slack workspace of its channel.
    #[must_use]
    pub fn team(&self) -> Option<&str> {
        self.channel.as_ref().map(|channel| channel.team.as_str())
    }
}

/// The reasons of a freeze, by name.
pub(crate) fn frozen_by(frozen: Frozen) -> Vec<String> {
    let reasons =
        [(frozen.by_owner, "owner"), (frozen.by_archive, "archive"), (frozen.by_operator, "operator")];
    reasons.into_iter().filter(|(holds, _)| *holds).map(|(_, name)| name.to_owned()).collect()
}

/// The freeze of these reasons.
///
/// # Errors
/// The name that is none.
pub(crate) fn frozen_named(names: &[String]) -> Result<Frozen, String> {
    let mut frozen = Frozen::default();
    for name in names {
        match name.as_str() {
            "owner" => frozen.by_owner = true,
            "archive" => frozen.by_archive = true,
            "operator" => frozen.by_operator = true,
            _ => return Err(name.clone()),
        }
    }
    Ok(frozen)
}

impl TentacleRecord {
    /// The tentacle as `person` meets it.
    #[must_use]
    pub fn facts(&self, person: Option<&PersonId>) -> Tentacle {
        Tentacle { mode: self.mode, owner_on_record: person == Some(&self.owner) }
    }
}
