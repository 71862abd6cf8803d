//! Tokens for a device whose code a person approved.

use super::Wanted;
use crate::issuer::Issuer;
use crate::issuer::claims::Tokens;
use crate::issuer::clients::{Client, Grant};
use crate::issuer::fault::OauthError;
use crate::issuer::ledger::Entry;
use crate::issuer::params::Params;

pub(super) async fn redeem(
    issuer: &Issuer,
    client: &'static Client,
    params: &Params,
) -> Result<Tokens, OauthError> {
    client.must(Grant::Device)?;
    let approved = issuer.poll(client, params)?;
    issuer
        .write(|draft, now| {
            // Looked at again: of two polls at the same time, one gets the tokens.
            if !draft.devices.contains_key(&approved.code) {
                return Err(OauthError::InvalidGrant("the device code was used"));
            }
            draft.make(Entry::DeviceDone { code: approved.code });
            let wanted = Wanted { client, scope: approved.scope, nonce: None, consent: approved.consent };
            issuer.start_grant(draft, wanted, now).map(|(_, tokens)| tokens)
        })
        .await
}
