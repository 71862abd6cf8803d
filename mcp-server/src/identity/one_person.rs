//! What proves that a Slack account and an identity are one person's.

use super::Person;
use crate::call::Call;
use crate::store::{AccountId, PersonId, Rights};
use wire::assertion::{Assertion, Kind};

/// A Slack account and an identity that are one person's. Nothing else can be bound, and only what proves it makes one: a
/// sign-in for just this account, or an operator's word for an identity that has signed in before.
#[derive(Debug, Clone)]
pub(crate) struct OnePerson {
    account: AccountId,
    person: PersonId,
}

/// Why the two are not taken for one person's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotOne {
    /// It is no sign-in to the Kraken.
    NoSignIn,
    /// They signed in to the issuer with another Slack account.
    OtherAccount,
    /// The issuer's verified address is not the account's.
    OtherAddress,
    /// An operator did not say which two are meant.
    Unnamed,
    /// Nobody with that identity has signed in yet.
    Unknown,
}

impl OnePerson {
    /// By the sign-in that this call ends. It is looked at now and never again.
    pub(crate) fn by_sign_in(call: &Call) -> Result<Self, NotOne> {
        let via = call.via.as_ref().filter(|via| via.kind == Kind::SignIn);
        let (Some(signed_in), Some(via)) = (call.person(), via) else { return Err(NotOne::NoSignIn) };
        is_same(signed_in, via)?;
        let account = AccountId { team: via.team.clone(), user: via.user.id.clone() };
        Ok(Self { account, person: signed_in.id.clone() })
    }

    /// By the operator who calls, for an identity that has signed in before.
    pub(crate) fn by_operator(
        call: &Call,
        rights: &Rights,
        account: AccountId,
        person: PersonId,
    ) -> Result<Self, NotOne> {
        if call.operator().is_none() {
            return Err(NotOne::NoSignIn);
        }
        if !rights.knows(&person) {
            return Err(NotOne::Unknown);
        }
        Ok(Self { account, person })
    }

    /// The Slack account.
    pub(crate) const fn account(&self) -> &AccountId {
        &self.account
    }

    /// The identity.
    pub(crate) const fn person(&self) -> &PersonId {
        &self.person
    }
}

/// Where the issuer says with which Slack account they signed in to it, that is the answer; else it must have verified the very
/// address that Slack has.
fn is_same(signed_in: &Person, via: &Assertion) -> Result<(), NotOne> {
    if let Some(slack) = &signed_in.slack {
        let same = slack.team == via.team && slack.user == via.user.id;
        return if same { Ok(()) } else { Err(NotOne::OtherAccount) };
    }
    let same = signed_in.verified_email.is_some() && signed_in.verified_email == via.user.email;
    if same { Ok(()) } else { Err(NotOne::OtherAddress) }
}
