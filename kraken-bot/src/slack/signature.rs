//! Whether a request is Slack's, and new: its signature over the body as it came, its time, and that it was not seen before.
//! <https://docs.slack.dev/authentication/verifying-requests-from-slack>

use hmac::{Hmac, KeyInit as _, Mac as _};
use http::HeaderMap;
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use wire::canonical;

/// How far a request's time may be from ours, in seconds, before and after.
const FAR: i64 = 300;

/// The most requests that are remembered within that time. Beyond, new ones are refused, and Slack sends them again.
const MOST: usize = 100_000;

/// The only version that there is.
const VERSION: &str = "v0";

/// Why a request is not taken. Whoever sent it is told nothing of this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum NotSlack {
    /// A header is missing, there twice, or no text.
    #[error("it is not signed")]
    Unsigned,
    /// The time is no number.
    #[error("its time is none")]
    NoTime,
    /// Too long ago, or in the future.
    #[error("it is of another time: look at this machine's clock")]
    AnotherTime,
    /// The signature is not of this body, time and secret.
    #[error("its signature is wrong: look at the signing secret")]
    Wrong,
    /// The same request was here before.
    #[error("it was here before")]
    Again,
    /// Too many within the time in which they are remembered.
    #[error("too many requests at the same time")]
    TooMany,
}

/// What tells Slack's requests from others.
pub(crate) struct Signatures {
    secret: SecretString,
    seen: Mutex<Seen>,
}

/// Signatures that were taken, with their times, in the order in which they came.
#[derive(Default)]
struct Seen {
    known: HashSet<[u8; 32]>,
    order: VecDeque<(i64, [u8; 32])>,
}

impl Signatures {
    pub(crate) fn new(secret: SecretString) -> Self {
        Self { secret, seen: Mutex::default() }
    }

    /// Takes a request as Slack's, once. `now` is in seconds since 1970.
    pub(crate) fn take(&self, headers: &HeaderMap, body: &[u8], now: i64) -> Result<(), NotSlack> {
        let time = only(headers, "x-slack-request-timestamp")?;
        let given = only(headers, "x-slack-signature")?;
        let plain = !time.is_empty() && time.len() <= 12 && time.bytes().all(|byte| byte.is_ascii_digit());
        let at = time.parse::<i64>().ok().filter(|_| plain).ok_or(NotSlack::NoTime)?;
        if (now - at).abs() > FAR {
            return Err(NotSlack::AnotherTime);
        }
        let signature = digest(given).ok_or(NotSlack::Wrong)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(self.secret.expose_secret().as_bytes())
            .map_err(|_| NotSlack::Wrong)?;
        for part in [VERSION.as_bytes(), b":", time.as_bytes(), b":", body] {
            mac.update(part);
        }
        // In a time that does not depend on how much of it fits.
        mac.verify_slice(&signature).map_err(|_| NotSlack::Wrong)?;
        self.once(signature, at, now)
    }

    /// Something that was taken could not be written down: the same request may come again.
    pub(crate) fn forget(&self, headers: &HeaderMap) {
        let signature = only(headers, "x-slack-signature").ok().and_then(digest);
        if let Some(signature) = signature {
            self.seen.lock().unwrap_or_else(PoisonError::into_inner).known.remove(&signature);
        }
    }

    fn once(&self, signature: [u8; 32], at: i64, now: i64) -> Result<(), NotSlack> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((oldest, old)) = seen.order.front().copied() {
            // One that was in the future when it came is taken for as long as one that was not.
            if now - oldest <= 2 * FAR {
                break;
            }
            seen.order.pop_front();
            seen.known.remove(&old);
        }
        if seen.order.len() >= MOST {
            return Err(NotSlack::TooMany);
        }
        if !seen.known.insert(signature) {
            return Err(NotSlack::Again);
        }
        seen.order.push_back((at, signature));
        Ok(())
    }
}

/// The header's one value.
fn only<'a>(headers: &'a HeaderMap, name: &str) -> Result<&'a str, NotSlack> {
    let mut all = headers.get_all(name).iter();
    match (all.next(), all.next()) {
        (Some(value), None) => value.to_str().map_err(|_| NotSlack::Unsigned),
        _ => Err(NotSlack::Unsigned),
    }
}

/// The digest of a signature, as Slack writes it, and in no other way.
fn digest(text: &str) -> Option<[u8; 32]> {
    canonical::from_hex(text.strip_prefix(VERSION)?.strip_prefix('=')?)?.try_into().ok()
}
