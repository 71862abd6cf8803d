//! From a request's token to the one who calls.

use super::Caller;
use super::break_glass::{BreakGlass, looks_like_jwt};
use super::keys::Keys;
use super::token::{Clients, Expectation, TokenError};
use jiff::Timestamp;
use quick_cache::sync::Cache;
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// How many believed tokens are remembered.
const REMEMBERED: usize = 10_000;

/// The longest token that is looked at, in bytes.
const MAX_TOKEN: usize = 16 * 1024;

/// Why nobody is recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unauthenticated {
    /// There is no bearer token.
    #[error("a bearer token is needed")]
    NoToken,
    /// The token is not believed.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// It is neither a token of the issuer nor a known break-glass token.
    #[error("the token is not known here")]
    Unknown,
}

/// Recognises callers by their tokens.
#[derive(Debug)]
pub struct Authenticator {
    keys: Arc<Keys>,
    expectation: Expectation,
    break_glass: Option<BreakGlass>,
    /// Believed tokens by their SHA-256; the token itself is not kept.
    believed: Cache<[u8; 32], Believed>,
}

#[derive(Debug, Clone)]
struct Believed {
    caller: Arc<Caller>,
    kid: Arc<str>,
    print: Arc<str>,
    expires: i64,
}

impl Authenticator {
    /// Recognises tokens of `issuer` for `audience` that were issued to `clients`, and break-glass tokens.
    #[must_use]
    pub fn new(
        keys: Arc<Keys>,
        issuer: String,
        audience: String,
        clients: Clients,
        break_glass: Option<BreakGlass>,
    ) -> Self {
        let expectation = Expectation { issuer, audience, clients };
        Self { keys, expectation, break_glass, believed: Cache::new(REMEMBERED) }
    }

    /// The issuer's keys.
    #[must_use]
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    /// The one who sent `authorization`, the value of the request's header.
    ///
    /// # Errors
    /// Says why nobody is recognised; the caller answers 401.
    pub async fn authenticate(&self, authorization: Option<&[u8]>) -> Result<Arc<Caller>, Unauthenticated> {
        let token = authorization.and_then(bearer).ok_or(Unauthenticated::NoToken)?;
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Malformed.into());
        }
        if !looks_like_jwt(token) {
            return self.operator(token);
        }
        let digest: [u8; 32] = Sha256::digest(token.as_bytes()).into();
        if let Some(believed) = self.believed.get(&digest)
            && Timestamp::now().as_second() < believed.expires
            && self.keys.holds(&believed.kid, &believed.print)
        {
            return Ok(believed.caller);
        }
        self.believed.remove(&digest);
        let verified = self.expectation.verify(token, &self.keys).await?;
        let caller = Arc::new(verified.caller);
        let believed = Believed {
            caller: Arc::clone(&caller),
            kid: verified.kid.into(),
            print: verified.print,
            expires: verified.expires,
        };
        self.believed.insert(digest, believed);
        Ok(caller)
    }

    fn operator(&self, token: &str) -> Result<Arc<Caller>, Unauthenticated> {
        let glass = self.break_glass.as_ref().ok_or(Unauthenticated::Unknown)?;
        match glass.find(token) {
            Ok(Some(entry)) => Ok(Arc::new(Caller::Operator(entry))),
            Ok(None) => Err(Unauthenticated::Unknown),
            Err(error) => {
                tracing::error!(%error, "emergency access is not possible");
                Err(Unauthenticated::Unknown)
            }
        }
    }
}

/// The token of `Bearer <token>` (RFC 6750, section 2.1).
fn bearer(header: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(header).ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let token = token.trim_matches(' ');
    (scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() && !token.contains(' ')).then_some(token)
}
