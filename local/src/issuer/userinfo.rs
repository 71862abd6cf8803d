//! Who an access token stands for (OpenID Connect Core §5.3).

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use http::{HeaderMap, header};
use serde_json::Value;

use super::Issuer;
use super::claims::{AUDIENCE, Access, about};
use super::fault::OauthError;
use crate::serve::Served;

pub(super) async fn answer(
    State(served): State<Arc<Served>>,
    headers: HeaderMap,
) -> Result<Json<Value>, OauthError> {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = token.and_then(|value| value.strip_prefix("Bearer ")).ok_or(OauthError::InvalidToken)?;
    let access = served.issuer.check_access(token)?;
    if !access.scope.split(' ').any(|scope| scope == "openid") {
        return Err(OauthError::InvalidToken);
    }
    let ledger = served.issuer.now();
    let account = ledger.accounts.values().find(|account| account.subject == access.sub && !account.disabled);
    account.map(|account| Json(about(account))).ok_or(OauthError::InvalidToken)
}

impl Issuer {
    /// The claims of an access token that is still good.
    pub(super) fn check_access(&self, token: &str) -> Result<Access, OauthError> {
        let access: Access =
            self.keys.check(token, &self.name, Some(AUDIENCE)).map_err(|_| OauthError::InvalidToken)?;
        let ledger = self.now();
        let ended = access.sid.is_some_and(|id| ledger.grant(id).is_none_or(|(_, grant)| grant.ended));
        if access.typ != "Bearer" || ended || ledger.withdrawn.contains_key(&access.jti) {
            return Err(OauthError::InvalidToken);
        }
        Ok(access)
    }
}
