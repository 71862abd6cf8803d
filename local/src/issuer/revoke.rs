//! Token revocation (RFC 7009). A token that is not known is as good as revoked.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use jiff::Timestamp;

use super::clients;
use super::fault::OauthError;
use super::ledger::Entry;
use super::params::Params;
use super::token::family;
use crate::serve::Served;

pub(super) async fn answer(
    State(served): State<Arc<Served>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, OauthError> {
    let params = Params::read(&body)?;
    let client = clients::authenticate(&headers, &params, &served.credentials)?;
    let token = params.required("token", "`token` is missing")?;
    let issuer = &served.issuer;
    if let Ok(access) = issuer.check_access(token) {
        if access.azp != client.id {
            return Err(OauthError::UnauthorizedClient);
        }
        let expires = Timestamp::from_second(access.exp).map_err(|_| OauthError::ServerError)?;
        issuer
            .write(|draft, now| {
                draft.make(Entry::Withdrawn { token: access.jti, expires, at: now });
                Ok(())
            })
            .await?;
        return Ok(StatusCode::OK);
    }
    let Some(id) = family(token) else { return Ok(StatusCode::OK) };
    issuer
        .write(|draft, _| match draft.grants.get(&id) {
            Some(grant) if grant.client != client.id => Err(OauthError::UnauthorizedClient),
            Some(_) => {
                draft.make(Entry::GrantEnded { family: id });
                Ok(())
            }
            None => Ok(()),
        })
        .await?;
    Ok(StatusCode::OK)
}
