//! What a browser holds between the steps: what it is about, how far the sign-in has come, and who it was. The
//! server keeps nothing, so that any replica can go on; what it gave is sealed with its key and soon over.

use super::matter::Matter;
use super::same;
use super::sign_in::{Secrets, SignedIn};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use wire::signing::SigningKey;

/// How long a sign-in may take, in seconds.
const TO_SIGN_IN: i64 = 600;

/// How long after it the question may be answered, in seconds.
const TO_DECIDE: i64 = 300;

/// One sign-in for one matter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    matter: Matter,
    /// Random: everything that belongs to this ticket alone is derived from it with the server's key.
    seed: String,
    /// When it was made, in seconds since 1970.
    pub(super) at: i64,
    /// Who has signed in; nobody yet while the issuer is asked.
    pub(super) person: Option<SignedIn>,
}

impl Ticket {
    /// A new one.
    pub(super) fn of(matter: Matter, at: i64, person: Option<SignedIn>) -> Self {
        let seed: [u8; 16] = rand::random();
        Self { matter, seed: URL_SAFE_NO_PAD.encode(seed), at, person }
    }

    /// How long it is good for, in seconds.
    pub(super) fn life(&self) -> i64 {
        if self.person.is_some() { TO_DECIDE } else { TO_SIGN_IN }
    }

    /// The ticket as a browser keeps it.
    pub(super) fn seal(&self, key: &SigningKey) -> String {
        // INVARIANT: texts and numbers are always JSON.
        let content = URL_SAFE_NO_PAD.encode(serde_json::to_vec(self).unwrap_or_default());
        let seal = seal(key, &content);
        format!("{content}.{seal}")
    }

    /// The ticket that a browser shows, where this server made it, for this matter, and not too long ago.
    pub(super) fn open(sealed: &str, key: &SigningKey, matter: &Matter, now: i64) -> Option<Self> {
        let (content, given) = sealed.split_once('.')?;
        if !same(given, &seal(key, content)) {
            return None;
        }
        let ticket: Self = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(content).ok()?).ok()?;
        (ticket.matter == *matter && now < ticket.at + ticket.life()).then_some(ticket)
    }

    /// What this sign-in alone knows.
    pub(super) fn secrets(&self, key: &SigningKey) -> Secrets {
        Secrets {
            state: format!("{}.{}", self.matter.key(), self.derived(key, "state")),
            nonce: self.derived(key, "nonce"),
            verifier: self.derived(key, "verifier"),
        }
    }

    /// What a form of the page that was shown for this sign-in holds.
    pub(super) fn form_token(&self, key: &SigningKey) -> String {
        self.derived(key, "form")
    }

    fn derived(&self, key: &SigningKey, what: &str) -> String {
        key.derived(&["page", what, &self.matter.key(), &self.seed])
    }
}

/// What a `state` is about. It proves nothing: it only says which ticket to look for.
pub(super) fn matter_of(state: &str) -> Option<Matter> {
    Matter::of_key(state.split_once('.')?.0)
}

fn seal(key: &SigningKey, content: &str) -> String {
    key.derived(&["page ticket", content])
}
