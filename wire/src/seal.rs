//! Encrypts what is kept at rest (the Kraken's sign-ins, the server's secrets), with an age key that is in a file of its
//! own.

use age::secrecy::ExposeSecret;
use age::x25519::Identity;
use secrecy::SecretString;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::fmt;

/// Why something cannot be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The key file holds no age identity.
    #[error("the age key file holds no identity (`AGE-SECRET-KEY-1…`); make one with `age-keygen`")]
    NoKey,
    /// It was sealed with another key, or it was altered.
    #[error("it was sealed with another key, or it was altered")]
    Opened,
    /// It could not be sealed.
    #[error("it could not be sealed")]
    Sealed,
}

/// The key.
#[derive(Clone)]
pub struct Seal {
    identity: Identity,
}

impl Seal {
    /// Reads the text of a key file, with or without the comments that `age-keygen` writes.
    ///
    /// # Errors
    /// When it holds no age identity.
    pub fn read(file: &SecretString) -> Result<Self, SealError> {
        use secrecy::ExposeSecret;
        let line =
            file.expose_secret().lines().map(str::trim).find(|line| line.starts_with("AGE-SECRET-KEY-"));
        let identity = line.and_then(|line| line.parse().ok()).ok_or(SealError::NoKey)?;
        Ok(Self { identity })
    }

    /// Seals a value.
    ///
    /// # Errors
    /// When it cannot be written as JSON or encrypted.
    pub fn close(&self, value: &impl Serialize) -> Result<Vec<u8>, SealError> {
        let plain = serde_json::to_vec(value).map_err(|_| SealError::Sealed)?;
        age::encrypt(&self.identity.to_public(), &plain).map_err(|_| SealError::Sealed)
    }

    /// Opens a sealed value.
    ///
    /// # Errors
    /// When it was sealed with another key, altered, or is of another kind.
    pub fn open<T: DeserializeOwned>(&self, sealed: &[u8]) -> Result<T, SealError> {
        let plain = age::decrypt(&self.identity, sealed).map_err(|_| SealError::Opened)?;
        serde_json::from_slice(&plain).map_err(|_| SealError::Opened)
    }
}

/// A new age identity, as the text of a key file.
#[must_use]
pub fn new_age_key() -> SecretString {
    SecretString::from(Identity::generate().to_string().expose_secret().to_owned())
}

impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Seal").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_sealed_is_opened_by_the_same_key_alone() {
        let seal = Seal::read(&new_age_key()).unwrap();
        let sealed = seal.close(&"canary").unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"canary"));
        assert_eq!(seal.open::<String>(&sealed).unwrap(), "canary");
        let other = Seal::read(&new_age_key()).unwrap();
        assert!(matches!(other.open::<String>(&sealed), Err(SealError::Opened)));
        assert!(matches!(Seal::read(&SecretString::from("nothing")), Err(SealError::NoKey)));
    }
}
