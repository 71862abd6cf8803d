//! Device authorization (RFC 8628): a code for the device, and one for the person.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use http::HeaderMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::clients::{self, Client, Grant};
use super::fault::OauthError;
use super::ledger::{Answer, Consent, Device, Digest, Entry};
use super::params::Params;
use super::{Issuer, pkce};
use crate::door::digest;
use crate::random;
use crate::serve::Served;

/// What a client that polls too fast has to wait longer (RFC 8628 §3.5).
const SLOWER: Duration = Duration::from_secs(5);

/// When each device asked last. Not kept over a restart, which only forgives.
#[derive(Default)]
pub(super) struct Polls(HashMap<Digest, (Instant, Duration)>);

impl Polls {
    /// Counts a poll.
    fn count(&mut self, code: &Digest, interval: Duration, now: Instant) -> Result<(), OauthError> {
        let (last, pause) = self.0.get(code).copied().unwrap_or((now - interval, interval));
        let early = now.duration_since(last) < pause;
        let pause = if early { pause + SLOWER } else { pause };
        self.0.insert(code.clone(), (now, pause));
        if early { Err(OauthError::SlowDown) } else { Ok(()) }
    }

    fn forget(&mut self, code: &Digest) {
        self.0.remove(code);
    }
}

/// Starts.
pub(super) async fn start(
    State(served): State<Arc<Served>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, OauthError> {
    let params = Params::read(&body)?;
    let client = clients::authenticate(&headers, &params, &served.credentials)?;
    client.must(Grant::Device)?;
    let challenge = pkce::challenge(&params)?;
    let issuer = &served.issuer;
    let (code, user_code) = (random::mixed(43), random::user_code());
    let lives = issuer.lifetimes.device_code;
    let scope = params.scope();
    issuer
        .write(|draft, now| {
            let device = Device {
                user_code: user_code.clone(),
                client: client.id.to_owned(),
                scope,
                challenge,
                expires: later(now, lives)?,
                answer: Answer::Pending,
            };
            draft.make(Entry::DeviceStarted { code: digest(&code), device, at: now });
            Ok(())
        })
        .await?;
    issuer.issued.note(|given| given.device_codes.push(code.clone()));
    let page = issuer.address("verify");
    Ok(Json(json!({
        "device_code": code,
        "user_code": user_code,
        "verification_uri": page,
        "verification_uri_complete": format!("{page}?user_code={user_code}"),
        "expires_in": lives.as_secs(),
        "interval": issuer.lifetimes.poll_interval.as_secs(),
    })))
}

/// The time so much later.
pub(super) fn later(now: Timestamp, by: Duration) -> Result<Timestamp, OauthError> {
    now.checked_add(by).map_err(|_| OauthError::ServerError)
}

/// A device's code that was approved.
pub(super) struct Approved {
    pub(super) code: Digest,
    pub(super) scope: String,
    pub(super) consent: Consent,
}

impl Issuer {
    /// What came of a device's code so far.
    pub(super) fn poll(&self, client: &Client, params: &Params) -> Result<Approved, OauthError> {
        let code = digest(params.required("device_code", "`device_code` is missing")?);
        let ledger = self.now();
        let unknown = OauthError::InvalidGrant("the device code is not known");
        let device = ledger.devices.get(&code).filter(|device| device.client == client.id).ok_or(unknown)?;
        if device.expires <= Timestamp::now() {
            self.polls().forget(&code);
            return Err(OauthError::ExpiredToken);
        }
        self.polls().count(&code, self.lifetimes.poll_interval, Instant::now())?;
        match &device.answer {
            Answer::Pending => Err(OauthError::AuthorizationPending),
            Answer::Denied => Err(OauthError::AccessDenied),
            Answer::Approved(consent) => {
                pkce::check(device.challenge.as_deref(), params.get("code_verifier"))?;
                self.polls().forget(&code);
                Ok(Approved { code, scope: device.scope.clone(), consent: consent.clone() })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hasty_device_has_to_wait_longer_each_time() {
        let (mut polls, code, pause) = (Polls::default(), "d".to_owned(), Duration::from_secs(5));
        let start = Instant::now() + Duration::from_secs(60);
        let mut at = |seconds| polls.count(&code, pause, start + Duration::from_secs(seconds));
        assert_eq!(at(0), Ok(()));
        assert_eq!(at(5), Ok(()));
        assert_eq!(at(9), Err(OauthError::SlowDown));
        assert_eq!(at(15), Err(OauthError::SlowDown));
        assert_eq!(at(30), Ok(()));
    }
}
