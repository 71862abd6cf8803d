//! New tokens for a refresh token, which is replaced. One that was replaced before is in the wrong hands, or the new one
//! is: nobody can tell, so both end.

use super::{Refresh, family};
use crate::door::{digest, same};
use crate::issuer::Issuer;
use crate::issuer::claims::Tokens;
use crate::issuer::clients::Client;
use crate::issuer::fault::OauthError;
use crate::issuer::ledger::Entry;
use crate::issuer::params::Params;
use crate::random;

enum Outcome {
    Given(Tokens),
    Reused,
}

pub(super) async fn redeem(
    issuer: &Issuer,
    client: &'static Client,
    params: &Params,
) -> Result<Tokens, OauthError> {
    let token = params.required("refresh_token", "`refresh_token` is missing")?;
    let unknown = || OauthError::InvalidGrant("the refresh token is not known");
    let old = Refresh::read(token).ok_or_else(unknown)?;
    let id = family(token).ok_or_else(unknown)?;
    let outcome = issuer.write(|draft, now| {
        let mut grant =
            draft.grants.get(&id).filter(|grant| grant.client == client.id).cloned().ok_or_else(unknown)?;
        if grant.ended || grant.expires <= now {
            return Err(OauthError::InvalidGrant("the refresh token is over"));
        }
        if !same(&digest(&old.secret), &grant.refresh) {
            draft.make(Entry::GrantEnded { family: id });
            return Ok(Outcome::Reused);
        }
        let gone = OauthError::InvalidGrant("the account is disabled");
        let account = draft.active(&grant.consent.person).cloned().ok_or(gone)?;
        let new = Refresh { family: old.family, secret: random::mixed(40) };
        let expires = crate::issuer::device::later(now, issuer.lifetimes.refresh_token)?;
        draft.make(Entry::Refreshed { family: id, refresh: digest(&new.secret), expires });
        issuer.issued.note(|given| given.refresh_tokens.push(new.secret.clone()));
        // The nonce belongs to the answer of the first request (OpenID Connect Core §12.2).
        grant.nonce = None;
        issuer.tokens(&account, &grant, new.token(), now).map(Outcome::Given)
    });
    match outcome.await? {
        Outcome::Given(tokens) => Ok(tokens),
        Outcome::Reused => {
            Err(OauthError::InvalidGrant("the refresh token was used before; all of its kind end"))
        }
    }
}
