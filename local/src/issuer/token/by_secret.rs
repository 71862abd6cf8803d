//! The token of a client that acts for itself.

use jiff::Timestamp;
use uuid::Uuid;

use crate::door::digest;
use crate::issuer::Issuer;
use crate::issuer::claims::Tokens;
use crate::issuer::clients::{Client, Grant};
use crate::issuer::fault::OauthError;

pub(super) fn redeem(issuer: &Issuer, client: &'static Client) -> Result<Tokens, OauthError> {
    client.must(Grant::Credentials)?;
    issuer.own_token(client.id, subject(client), Timestamp::now())
}

/// The subject of a client's own account: always the same.
fn subject(client: &Client) -> Uuid {
    let bits = u128::from_str_radix(digest(client.id).get(..32).unwrap_or_default(), 16).unwrap_or_default();
    uuid::Builder::from_random_bytes(bits.to_be_bytes()).into_uuid()
}
