//! Commits signed with an SSH key, as `git` itself signs with `gpg.format = ssh`.

use ssh_key::{HashAlg, LineEnding, PrivateKey};
use std::fmt;
use std::path::Path;

/// What git asks a signature over a commit to be for.
const NAMESPACE: &str = "git";

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SigningKeyError {
    /// The file.
    #[error("the signing key cannot be read: {0}")]
    Read(#[from] std::io::Error),
    /// Its content.
    #[error("the signing key is no SSH key of the kind Ed25519: {0}")]
    Key(String),
    /// It wants a passphrase.
    #[error("the signing key is protected by a passphrase, and nobody is there to give it")]
    Protected,
}

/// A private Ed25519 key in OpenSSH's format.
pub struct SigningKey(PrivateKey);

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

impl SigningKey {
    /// Reads a key, such as `ssh-keygen -t ed25519 -N ""` makes.
    ///
    /// # Errors
    /// When it cannot be read, is of another kind, or has a passphrase.
    pub fn read(file: &Path) -> Result<Self, SigningKeyError> {
        let text = std::fs::read_to_string(file)?;
        let key = PrivateKey::from_openssh(&text).map_err(|error| SigningKeyError::Key(error.to_string()))?;
        if key.is_encrypted() {
            return Err(SigningKeyError::Protected);
        }
        if !key.algorithm().is_ed25519() {
            return Err(SigningKeyError::Key(format!("it is {}", key.algorithm())));
        }
        Ok(Self(key))
    }

    /// The signature that git keeps in the commit.
    pub(crate) fn sign(&self, commit: &[u8]) -> Result<String, String> {
        let signed = self.0.sign(NAMESPACE, HashAlg::Sha512, commit).map_err(|error| error.to_string())?;
        signed.to_pem(LineEnding::LF).map_err(|error| error.to_string())
    }
}
