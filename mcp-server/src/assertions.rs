//! Checks the Kraken's channel assertions: that one goes with a call exactly where it must, fits the token, the tool,
//! the arguments and the binding, and is used once.

use crate::identity::{Client, Person};
use crate::store::{Store, StoreError};
use std::path::Path;
use wire::Tool as _;
use wire::assertion::{Assertion, AssertionError, Kind, verify};
use wire::signing::{PublicKeys, PublicKeysError};
use wire::tools::person::AccountUnlink;

/// Why a call is not taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotTaken {
    /// The Kraken's client must send one.
    #[error("a call of the Kraken must carry a channel assertion")]
    Missing,
    /// Other clients must not.
    #[error("only the Kraken's calls carry a channel assertion")]
    NotTheKraken,
    /// It does not hold.
    #[error("the channel assertion is not accepted: {0}")]
    Invalid(#[from] AssertionError),
    /// It was made for another token, tool or arguments.
    #[error("the channel assertion is for another {0}")]
    OtherCall(&'static str),
    /// It names no channel where there must be one, or one where there is none.
    #[error("the channel assertion does not say where the request was made")]
    OutOfPlace,
    /// It was used before.
    #[error("the channel assertion was used before")]
    Replayed,
    /// The Slack account is not bound to the token's identity.
    #[error("this Slack account is not signed in as that person")]
    NotBound,
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl NotTaken {
    /// The reason as one word, for the trail.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Missing => "assertion_missing",
            Self::NotTheKraken => "assertion_unexpected",
            Self::Invalid(_) => "assertion_invalid",
            Self::OtherCall(_) => "assertion_of_other_call",
            Self::OutOfPlace => "assertion_out_of_place",
            Self::Replayed => "assertion_replayed",
            Self::NotBound => "account_not_bound",
            Self::Store(_) => "store",
        }
    }
}

/// What is needed to check assertions.
#[derive(Debug)]
pub(crate) struct Assertions {
    audience: String,
    keys: PublicKeys,
}

/// The call that an assertion must fit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fits<'a> {
    pub(crate) person: &'a Person,
    pub(crate) tool: &'a str,
    pub(crate) arguments_sha256: &'a str,
}

impl Assertions {
    /// Reads the Kraken's public keys, a JWK set.
    ///
    /// # Errors
    /// When the file cannot be read or holds anything but Ed25519 keys with ids.
    pub(crate) fn read(path: &Path, audience: String) -> Result<Self, PublicKeysError> {
        Ok(Self { audience, keys: PublicKeys::read(path)? })
    }

    /// Takes what goes with a call: the assertion where there must be one, nothing where there must be none.
    pub(crate) async fn take(
        &self,
        store: &Store,
        jws: Option<&str>,
        fits: Fits<'_>,
    ) -> Result<Option<Assertion>, NotTaken> {
        let jws = match (jws, fits.person.client) {
            (Some(jws), Client::Kraken) => jws,
            (None, Client::Kraken) => return Err(NotTaken::Missing),
            (Some(_), _) => return Err(NotTaken::NotTheKraken),
            (None, _) => return Ok(None),
        };
        let assertion = verify(jws, &self.audience, |kid| self.keys.get(kid))?;
        fit(&assertion, fits)?;
        let rights = store.rights().await?;
        let bound = rights.person_of(&assertion.team, &assertion.user.id);
        // Signing in is what makes the binding, so that kind alone is taken without one.
        if assertion.kind != Kind::SignIn && bound != Some(&fits.person.id) {
            return Err(NotTaken::NotBound);
        }
        if !store.use_assertion(assertion.jti).await? {
            return Err(NotTaken::Replayed);
        }
        Ok(Some(assertion))
    }
}

fn fit(assertion: &Assertion, fits: Fits<'_>) -> Result<(), NotTaken> {
    let id = &fits.person.id;
    if assertion.person_issuer != id.issuer || assertion.person_subject != id.subject {
        return Err(NotTaken::OtherCall("person"));
    }
    if assertion.tool != fits.tool {
        return Err(NotTaken::OtherCall("tool"));
    }
    if assertion.arguments_sha256 != fits.arguments_sha256 {
        return Err(NotTaken::OtherCall("set of arguments"));
    }
    if !in_place(assertion) {
        return Err(NotTaken::OutOfPlace);
    }
    Ok(())
}

/// Whether it names a channel exactly where one decides the enclave: were there none, an argument could. No enclave is decided
/// when somebody confirms in a direct message that their own account is to be unlinked.
fn in_place(assertion: &Assertion) -> bool {
    match assertion.kind {
        Kind::Click if assertion.channel.is_none() => assertion.tool == AccountUnlink::NAME,
        Kind::Message | Kind::Click | Kind::Command | Kind::Agent => {
            assertion.channel.as_ref().is_some_and(|channel| !channel.id.is_empty())
        }
        Kind::Dm | Kind::Home | Kind::SignIn => assertion.channel.is_none(),
    }
}
