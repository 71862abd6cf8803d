//! Tokens for an authorization code, once.

use super::Wanted;
use crate::door::digest;
use crate::issuer::claims::Tokens;
use crate::issuer::clients::{Client, Grant};
use crate::issuer::fault::OauthError;
use crate::issuer::ledger::Entry;
use crate::issuer::params::Params;
use crate::issuer::{Issuer, pkce};

/// What came of looking at the code; ending what a used code gave is a change that must be kept although the answer is
/// a refusal.
enum Outcome {
    Given(Tokens),
    Replayed,
}

pub(super) async fn redeem(
    issuer: &Issuer,
    client: &'static Client,
    params: &Params,
) -> Result<Tokens, OauthError> {
    client.must(Grant::Code)?;
    let id = digest(params.required("code", "`code` is missing")?);
    let outcome = issuer.write(|draft, now| {
        let unknown = OauthError::InvalidGrant("the code is not known");
        let code = draft.codes.get(&id).filter(|code| code.client == client.id).cloned().ok_or(unknown)?;
        if let Some(family) = code.used {
            draft.make(Entry::GrantEnded { family });
            return Ok(Outcome::Replayed);
        }
        if code.expires <= now {
            return Err(OauthError::InvalidGrant("the code is over"));
        }
        if params.get("redirect_uri") != Some(code.redirect_uri.as_str()) {
            return Err(OauthError::InvalidGrant("`redirect_uri` is not the one of the request"));
        }
        pkce::check(Some(&code.challenge), params.get("code_verifier"))?;
        let wanted = Wanted { client, scope: code.scope, nonce: code.nonce, consent: code.consent };
        let (family, tokens) = issuer.start_grant(draft, wanted, now)?;
        draft.make(Entry::CodeUsed { code: id, grant: family });
        Ok(Outcome::Given(tokens))
    });
    match outcome.await? {
        Outcome::Given(tokens) => Ok(tokens),
        Outcome::Replayed => Err(OauthError::InvalidGrant("the code was used; what it gave is withdrawn")),
    }
}
