//! Keys of age: whoever has the identity opens what was encrypted to its recipient.

use super::SopsError;
use age::x25519;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::io::Read;
use std::str::FromStr;
use zeroize::Zeroizing;

/// The most bytes of what is encrypted to a recipient: a data key has 32.
const MOST_OPENED: u64 = 64;

/// Somebody to whom files are encrypted: `age1…`.
#[derive(Clone)]
pub struct Recipient(x25519::Recipient);

impl FromStr for Recipient {
    type Err = SopsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let unknown = |_| SopsError::Recipient(text.escape_debug().take(80).collect());
        text.parse().map(Self).map_err(unknown)
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Recipient({})", self.0)
    }
}

impl PartialEq for Recipient {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

impl Eq for Recipient {}

impl Recipient {
    /// Encrypts a data key to it, as armored text.
    pub(super) fn close(&self, data_key: &[u8]) -> Result<String, SopsError> {
        age::encrypt_and_armor(&self.0, data_key).map_err(|_| SopsError::Sealed)
    }
}

/// The identities of one key file. The first is the one that is told to others; those after it open what is older.
#[derive(Clone)]
pub struct AgeKey {
    first: x25519::Identity,
    older: Vec<x25519::Identity>,
}

impl AgeKey {
    /// Reads the text of a key file, with or without the comments that `age-keygen` writes.
    ///
    /// # Errors
    /// When it holds no identity, or a line that is none.
    pub fn read(text: &SecretString) -> Result<Self, SopsError> {
        let lines = text.expose_secret().lines().map(str::trim);
        let mut identities = Vec::new();
        for line in lines.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            identities.push(line.parse::<x25519::Identity>().map_err(|_| SopsError::NoKey)?);
        }
        let mut identities = identities.into_iter();
        let first = identities.next().ok_or(SopsError::NoKey)?;
        Ok(Self { first, older: identities.collect() })
    }

    /// To whom others encrypt, so that this key opens it.
    #[must_use]
    pub fn recipient(&self) -> Recipient {
        Recipient(self.first.to_public())
    }

    fn all(&self) -> impl Iterator<Item = &x25519::Identity> {
        std::iter::once(&self.first).chain(&self.older)
    }

    /// Whether what is encrypted to `recipient` can be opened.
    pub(super) fn has(&self, recipient: &str) -> bool {
        self.all().any(|identity| identity.to_public().to_string() == recipient)
    }

    /// Opens an armored text that was encrypted to one of them.
    pub(super) fn open(&self, armored: &str) -> Option<Zeroizing<Vec<u8>>> {
        let reader = age::armor::ArmoredReader::new(armored.as_bytes());
        let decryptor = age::Decryptor::new_buffered(reader).ok()?;
        let identities = self.all().map(|identity| identity as &dyn age::Identity);
        // As long as it can be, so that it does not move and leave a copy behind.
        let mut opened = Zeroizing::new(Vec::with_capacity(128));
        decryptor.decrypt(identities).ok()?.take(MOST_OPENED).read_to_end(&mut opened).ok()?;
        Some(opened)
    }
}

impl fmt::Debug for AgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AgeKey").field("recipient", &self.recipient()).finish_non_exhaustive()
    }
}
