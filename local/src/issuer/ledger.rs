//! What the issuer remembers: accounts, who is signed in, and what it gave out. Secrets are kept as digests.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::journal::Replay;
use crate::people::Person;

/// A secret as it is kept: its SHA-256 in hexadecimal.
pub(super) type Digest = String;

/// All of it.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Ledger {
    /// By short name.
    pub(super) accounts: BTreeMap<String, Account>,
    /// Browsers that somebody signed in with.
    pub(super) sessions: BTreeMap<Digest, Session>,
    /// Device codes.
    pub(super) devices: BTreeMap<Digest, Device>,
    /// Authorization codes; used ones stay until they would be over.
    pub(super) codes: BTreeMap<Digest, Code>,
    /// What refresh tokens rest on, by their family.
    pub(super) grants: BTreeMap<Digest, Grant>,
    /// Access tokens that were withdrawn, with their end.
    pub(super) withdrawn: BTreeMap<Uuid, Timestamp>,
}

/// Somebody who can sign in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Account {
    pub(super) name: String,
    /// The one thing about an account that never changes.
    pub(super) subject: Uuid,
    pub(super) given: String,
    pub(super) family: String,
    pub(super) email: String,
    pub(super) email_verified: bool,
    pub(super) disabled: bool,
}

impl Account {
    pub(super) fn of(person: &Person) -> Self {
        Self {
            name: person.name.to_owned(),
            subject: Uuid::new_v4(),
            given: person.given.to_owned(),
            family: person.family.to_owned(),
            email: person.email(),
            email_verified: true,
            disabled: false,
        }
    }

    pub(super) fn full_name(&self) -> String {
        format!("{} {}", self.given, self.family)
    }
}

/// A browser that somebody signed in with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Session {
    pub(super) person: String,
    pub(super) auth_time: Timestamp,
}

/// Who said yes, and when they signed in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Consent {
    pub(super) person: String,
    pub(super) auth_time: Timestamp,
    /// The browser in which it was said.
    pub(super) session: Digest,
}

/// What a person answered to a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Answer {
    Pending,
    Approved(Consent),
    Denied,
}

/// A device that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Device {
    pub(super) user_code: String,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) challenge: Option<String>,
    pub(super) expires: Timestamp,
    pub(super) answer: Answer,
}

/// An authorization code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Code {
    pub(super) client: String,
    pub(super) redirect_uri: String,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) challenge: String,
    pub(super) consent: Consent,
    pub(super) expires: Timestamp,
    /// What came of it; a second use ends that.
    pub(super) used: Option<Digest>,
}

/// What refresh tokens rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grant {
    /// The session id in its tokens.
    pub(super) id: Uuid,
    pub(super) client: String,
    pub(super) scope: String,
    pub(super) nonce: Option<String>,
    pub(super) consent: Consent,
    /// The one refresh token that is good.
    pub(super) refresh: Digest,
    pub(super) expires: Timestamp,
    pub(super) ended: bool,
}

/// One thing that happened. Written to the journal.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Entry {
    AccountSaved(Account),
    SignedIn { session: Digest, what: Session },
    SignedOut { session: Digest },
    DeviceStarted { code: Digest, device: Device, at: Timestamp },
    DeviceAnswered { code: Digest, answer: Answer },
    DeviceDone { code: Digest },
    CodeIssued { code: Digest, what: Code, at: Timestamp },
    CodeUsed { code: Digest, grant: Digest },
    GrantStarted { family: Digest, grant: Grant, at: Timestamp },
    Refreshed { family: Digest, refresh: Digest, expires: Timestamp },
    GrantEnded { family: Digest },
    Withdrawn { token: Uuid, expires: Timestamp, at: Timestamp },
}

impl Replay for Ledger {
    type Change = Entry;

    fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::AccountSaved(account) => {
                self.accounts.insert(account.name.clone(), account.clone());
            }
            Entry::SignedIn { session, what } => {
                self.sessions.insert(session.clone(), what.clone());
            }
            Entry::SignedOut { session } => {
                self.sessions.remove(session);
            }
            Entry::DeviceStarted { code, device, at } => {
                self.devices.retain(|_, kept| kept.expires > *at);
                self.devices.insert(code.clone(), device.clone());
            }
            Entry::DeviceAnswered { code, answer } => {
                if let Some(device) = self.devices.get_mut(code) {
                    device.answer = answer.clone();
                }
            }
            Entry::DeviceDone { code } => {
                self.devices.remove(code);
            }
            Entry::CodeIssued { code, what, at } => {
                self.codes.retain(|_, kept| kept.expires > *at);
                self.codes.insert(code.clone(), what.clone());
            }
            Entry::CodeUsed { code, grant } => {
                if let Some(code) = self.codes.get_mut(code) {
                    code.used = Some(grant.clone());
                }
            }
            Entry::GrantStarted { family, grant, at } => {
                self.grants.retain(|_, kept| kept.expires > *at);
                self.grants.insert(family.clone(), grant.clone());
            }
            Entry::Refreshed { family, refresh, expires } => {
                if let Some(grant) = self.grants.get_mut(family) {
                    grant.refresh.clone_from(refresh);
                    grant.expires = *expires;
                }
            }
            Entry::GrantEnded { family } => {
                if let Some(grant) = self.grants.get_mut(family) {
                    grant.ended = true;
                }
            }
            Entry::Withdrawn { token, expires, at } => {
                self.withdrawn.retain(|_, end| *end > *at);
                self.withdrawn.insert(*token, *expires);
            }
        }
    }

    fn is_visible(_: &Entry) -> bool {
        true
    }
}

impl Ledger {
    /// The account, where it may sign in.
    pub(super) fn active(&self, name: &str) -> Option<&Account> {
        self.accounts.get(name).filter(|account| !account.disabled)
    }

    /// The grant with this session id.
    pub(super) fn grant(&self, id: Uuid) -> Option<(&Digest, &Grant)> {
        self.grants.iter().find(|(_, grant)| grant.id == id)
    }
}
