//! Whether a call was made by somebody who knows the secret.

use super::{NotTaken, header};
use axum::http::HeaderMap;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use wire::canonical::{self, hex};
use workflow::Scheme;

/// How far a call's own time may be from ours.
const APART: SignedDuration = SignedDuration::from_secs(300);

/// How many signatures one call may bring: while a secret is replaced there are two.
const SIGNATURES: usize = 4;

/// In which headers a timed call says which delivery it is, and of which event.
pub(super) const DELIVERY: &str = "x-tentacular-delivery";
pub(super) const EVENT: &str = "x-tentacular-event";

/// A call whose signature is to be checked.
pub(super) struct Signed<'a> {
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) now: Timestamp,
}

impl Signed<'_> {
    /// Checks the signature, in a time that does not depend on where it is wrong; answers the digest of what was signed, where
    /// that is good for one call only: whichever secret and whichever letters it was signed with, it is the same.
    pub(super) fn fits(&self, scheme: Scheme, secret: &[u8]) -> Result<Option<String>, NotTaken> {
        match scheme {
            Scheme::Github => {
                let given =
                    header(self.headers, "x-hub-signature-256").and_then(|text| text.strip_prefix("sha256="));
                self.verify(secret, &[self.body], given)?;
                Ok(None)
            }
            Scheme::Timed => {
                let timed = header(self.headers, "x-tentacular-signature").and_then(Timed::read);
                let timed = timed.ok_or(NotTaken::Signature)?;
                let at = Timestamp::from_second(timed.seconds).map_err(|_| NotTaken::Signature)?;
                let about = self.about()?;
                let about = about.as_deref().unwrap_or(".");
                let parts = [timed.text.as_bytes(), about.as_bytes(), self.body];
                let fitting =
                    timed.signatures.iter().find(|given| self.verify(secret, &parts, Some(given)).is_ok());
                // A stale call is told apart from a forged one by nobody.
                let fresh = self.now.duration_since(at).abs() <= APART;
                fitting.filter(|_| fresh).ok_or(NotTaken::Signature)?;
                Ok(Some(hex(&Sha256::digest(parts.concat()))))
            }
        }
    }

    /// What stands between the time and the body where the call says which delivery it is, or of which event: a line for each,
    /// so that nobody who has seen a call can say either of it.
    fn about(&self) -> Result<Option<String>, NotTaken> {
        let [delivery, event] = [DELIVERY, EVENT].map(|name| match header(self.headers, name) {
            Some(said) if !said.is_empty() => Ok(Some(said)),
            _ if self.headers.contains_key(name) => Err(NotTaken::Signature),
            _ => Ok(None),
        });
        let (delivery, event) = (delivery?, event?);
        let says = delivery.is_some() || event.is_some();
        let lines = format!("\n{}\n{}\n", delivery.unwrap_or_default(), event.unwrap_or_default());
        Ok(says.then_some(lines))
    }

    /// Does the work of a check for a webhook that there is not.
    pub(super) fn fits_none(&self) {
        let _ = self.fits(Scheme::Github, b"there is no such webhook");
    }

    fn verify(&self, secret: &[u8], parts: &[&[u8]], given: Option<&str>) -> Result<(), NotTaken> {
        // INVARIANT: a key of any length will do
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).map_err(|_| NotTaken::Signature)?;
        for part in parts {
            mac.update(part);
        }
        let given =
            given.and_then(|given| canonical::from_hex(&given.to_ascii_lowercase())).unwrap_or_default();
        mac.verify_slice(&given).map_err(|_| NotTaken::Signature)
    }
}

/// `t=1767225600,v1=<hex>`.
struct Timed<'a> {
    /// The time as it was written: that is what was signed.
    text: &'a str,
    seconds: i64,
    signatures: Vec<&'a str>,
}

impl<'a> Timed<'a> {
    fn read(header: &'a str) -> Option<Self> {
        let (mut text, mut signatures) = (None, Vec::new());
        for part in header.split(',') {
            match part.trim().split_once('=')? {
                ("t", time) if text.is_none() => text = Some(time),
                ("v1", signature) if signatures.len() < SIGNATURES => signatures.push(signature),
                // Other kinds of signatures may come later, and are nothing to us.
                (kind, _) if kind.starts_with('v') && kind != "v1" => {}
                _ => return None,
            }
        }
        let text = text?;
        Some(Self { text, seconds: text.parse().ok()?, signatures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    /// The example of GitHub's documentation of webhooks.
    #[test]
    fn github_s_own_example_fits() {
        let mut headers = HeaderMap::new();
        let signature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        headers.insert("x-hub-signature-256", HeaderValue::from_static(signature));
        let signed = Signed { headers: &headers, body: b"Hello, World!", now: Timestamp::UNIX_EPOCH };
        assert!(signed.fits(Scheme::Github, b"It's a Secret to Everybody").is_ok());
        assert!(signed.fits(Scheme::Github, b"It's a secret to Everybody").is_err());
        assert!(signed.fits(Scheme::Timed, b"It's a Secret to Everybody").is_err());
    }
}
