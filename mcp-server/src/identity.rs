//! Who is calling. Every request is identified by its own token, and by nothing that came before it.

mod authenticator;
mod break_glass;
mod keys;
mod one_person;
mod token;

pub use authenticator::{Authenticator, Unauthenticated};
pub use break_glass::{BreakGlass, OperatorEntry};
pub use keys::{Discovery, KeyError, Keys};
pub(crate) use one_person::{NotOne, OnePerson};
pub use token::{Clients, TokenError};

use crate::store::{AccountId, PersonId};

/// The one who calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A person, with a token of the issuer.
    Person(Person),
    /// The Kraken's own identity.
    Relay {
        /// The subject of its service account.
        subject: String,
        /// The client that the token was issued to.
        client: String,
    },
    /// A person with a break-glass token.
    Operator(OperatorEntry),
}

impl Caller {
    /// One text for each who calls: what is kept for one is for no other.
    #[must_use]
    pub fn owner(&self) -> String {
        match self {
            Self::Person(Person { id, client_id, .. }) => {
                format!("person {} {} {client_id}", id.issuer, id.subject)
            }
            Self::Relay { subject, client } => format!("relay {subject} {client}"),
            Self::Operator(entry) => format!("operator {}", entry.operator),
        }
    }
}

/// A person who has signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The identity: issuer and subject.
    pub id: PersonId,
    /// The name to show.
    pub name: Option<String>,
    /// The e-mail address, where the issuer has verified it. It grants nothing.
    pub verified_email: Option<String>,
    /// The Slack account that they signed in to the issuer with, where the issuer says so: it proves at sign-in whose the
    /// account is, and grants nothing.
    pub slack: Option<AccountId>,
    /// The client that the token was issued to.
    pub client: Client,
    /// That client's id.
    pub client_id: String,
}

impl Person {
    /// The name to show: what the issuer calls them, else their address, else their subject.
    #[must_use]
    pub fn shown(&self) -> &str {
        self.name.as_deref().or(self.verified_email.as_deref()).unwrap_or(&self.id.subject)
    }
}

/// Which client a person's token was issued to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client {
    /// The Kraken: every call carries a channel assertion.
    Kraken,
    /// The command line: it asks by itself before it destroys.
    Tntc,
    /// Any other client on the server's list.
    Other,
    /// The server's own page, where somebody has just signed in for one approval. No token is taken of it.
    Page,
}
