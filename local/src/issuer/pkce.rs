//! Proof Key for Code Exchange (RFC 7636), with S256 alone: `plain` proves nothing to who can read the request.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use super::fault::OauthError;
use super::params::Params;
use crate::door::same;

/// The challenge of a request, where there is one.
pub(super) fn challenge(params: &Params) -> Result<Option<String>, OauthError> {
    let Some(challenge) = params.get("code_challenge") else {
        return match params.get("code_challenge_method") {
            Some(_) => Err(OauthError::InvalidRequest("`code_challenge` is missing")),
            None => Ok(None),
        };
    };
    if params.get("code_challenge_method") != Some("S256") {
        return Err(OauthError::InvalidRequest("`code_challenge_method` must be S256"));
    }
    // SHA-256 in base64url has exactly this many characters.
    if challenge.len() != 43 || !challenge.bytes().all(is_unreserved) {
        return Err(OauthError::InvalidRequest("`code_challenge` is not a SHA-256 in base64url"));
    }
    Ok(Some(challenge.to_owned()))
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// Whether the verifier belongs to the challenge. One without the other is refused.
pub(super) fn check(challenge: Option<&str>, verifier: Option<&str>) -> Result<(), OauthError> {
    match (challenge, verifier) {
        (None, None) => Ok(()),
        (Some(challenge), Some(verifier)) => {
            let well_formed = (43..=128).contains(&verifier.len()) && verifier.bytes().all(is_unreserved);
            let made = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
            if well_formed && same(&made, challenge) {
                Ok(())
            } else {
                Err(OauthError::InvalidGrant("`code_verifier` does not belong to `code_challenge`"))
            }
        }
        (Some(_), None) => Err(OauthError::InvalidGrant("`code_verifier` is missing")),
        (None, Some(_)) => Err(OauthError::InvalidGrant("there was no `code_challenge`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_the_rfc_holds() {
        let verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
        assert_eq!(check(Some(challenge), Some(verifier)), Ok(()));
        let other = verifier.replace('d', "e");
        assert!(check(Some(challenge), Some(&other)).is_err());
        assert!(check(Some(challenge), None).is_err());
        assert!(check(None, Some(verifier)).is_err());
        assert!(check(Some(challenge), Some(challenge)).is_err());
    }
}
