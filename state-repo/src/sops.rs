//! Secrets in git: `.secrets/<service>.enc.yaml` beside a tentacle, as SOPS writes and reads it, with age keys. A text under
//! each key, encrypted; in clear only where the file belongs, so that one which is copied elsewhere is refused there. That
//! stands in it once more, encrypted: SOPS's MAC is of the values one after the other, whatever their keys and their lengths.

mod age_key;
mod document;
mod rules;
mod value;

pub use age_key::{AgeKey, Recipient};
pub use rules::SopsRules;

use crate::layout::Layout;
use document::{Document, Metadata};
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha512};
use std::collections::BTreeMap;
use value::DataKey;
use workflow::{EnclaveName, SecretName, TentacleName};

/// The values of a file, by key.
pub type SecretValues = BTreeMap<String, SecretString>;

/// The most bytes of a file.
pub(crate) const MOST_BYTES: usize = 256 * 1024;
/// The most values in one.
const MOST_VALUES: usize = 100;
/// The most bytes of a value.
const MOST_OF_A_VALUE: usize = 16 * 1024;

/// The keys that say where a file belongs, in clear.
const ENCLAVE: &str = "enclave";
const TENTACLE: &str = "tentacle";
/// The key under which the same stands encrypted, as `enclave/tentacle`: a name has no slash.
const SEALED_FOR: &str = "sealed_for";

/// Why a file of secrets is not taken. None of them shows a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SopsError {
    /// It is too large.
    #[error(
        "it has more than {MOST_BYTES} bytes, {MOST_VALUES} values or {MOST_OF_A_VALUE} bytes in a value"
    )]
    TooLarge,
    /// It is something else.
    #[error("it is no YAML that SOPS encrypted, with one text under each key")]
    NotOne,
    /// A value is not encrypted.
    #[error("`{0}` is in clear, or empty")]
    Clear(String),
    /// A key is none.
    #[error(
        "`{0}` is no key of a secret: it is a word such as `api-key`, in lower case, and not `enclave`, `tentacle` or `sealed_for`"
    )]
    Key(String),
    /// It does not say where it belongs.
    #[error("it does not say where it belongs: `enclave` and `tentacle` in clear are missing")]
    Unbound,
    /// It does not say so in the part that is encrypted.
    #[error(
        "it does not say encrypted where it belongs, as `sealed_for: <enclave>/<tentacle>`: set its secrets anew"
    )]
    NotSealedFor,
    /// It belongs elsewhere.
    #[error("it belongs to `{0}`, and was copied from there")]
    Elsewhere(String),
    /// It is encrypted in a way that proves less.
    #[error("it is encrypted with `{0}`, which is not taken here")]
    Setting(&'static str),
    /// Nobody's key opens it.
    #[error("it is not encrypted to this key ({0})")]
    NotForUs(String),
    /// A value does not fit its place.
    #[error("`{0}` was altered, or comes from another place")]
    Altered(String),
    /// A value is none that can be used.
    #[error("`{0}` is not a text")]
    NotText(String),
    /// The whole does not fit together.
    #[error("something in it was altered, removed or moved: its MAC does not fit")]
    Mac,
    /// The key file is none.
    #[error("there is no age identity in it (`AGE-SECRET-KEY-1…`); `age-keygen` makes one")]
    NoKey,
    /// A recipient is none.
    #[error("`{0}` is no recipient of age that is known here (`age1…`)")]
    Recipient(String),
    /// Nobody could open it.
    #[error("no recipient is named who could open it")]
    NoRecipients,
    /// The rules cannot be read.
    #[error("`.sops.yaml` cannot be read: {0}")]
    Rules(&'static str),
    /// The cryptography says no.
    #[error("it could not be encrypted")]
    Sealed,
}

/// A file of secrets as it lies in git: encrypted, and none of its values is known.
#[derive(Debug, Clone)]
pub struct SecretFile {
    enclave: EnclaveName,
    tentacle: TentacleName,
    document: Document,
}

impl SecretFile {
    /// Reads a file. Whether its values are those that were put into it shows only when it is opened.
    ///
    /// # Errors
    /// When it is none, or something in it is in clear.
    pub fn read(text: &str) -> Result<Self, SopsError> {
        if text.len() > MOST_BYTES {
            return Err(SopsError::TooLarge);
        }
        let document = Document::read(text)?;
        if document.secrets().count() > MOST_VALUES {
            return Err(SopsError::TooLarge);
        }
        document.metadata.check()?;
        for (key, value) in document.secrets() {
            usable(key)?;
            if !value::is_sealed(value) {
                return Err(SopsError::Clear(key.to_owned()));
            }
        }
        let enclave = document.text_of(ENCLAVE).and_then(|name| name.parse().ok());
        let tentacle = document.text_of(TENTACLE).and_then(|name| name.parse().ok());
        let (Some(enclave), Some(tentacle)) = (enclave, tentacle) else { return Err(SopsError::Unbound) };
        match document.text_of(SEALED_FOR) {
            None => Err(SopsError::NotSealedFor),
            Some(text) if !value::is_sealed(text) => Err(SopsError::Clear(SEALED_FOR.to_owned())),
            Some(_) => Ok(Self { enclave, tentacle, document }),
        }
    }

    /// Whether it belongs to this tentacle, as far as it says so in clear: whether that is true shows when it is opened.
    ///
    /// # Errors
    /// When it says that it belongs to another.
    pub fn belongs_to(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> Result<(), SopsError> {
        if self.enclave == *enclave && self.tentacle == *tentacle {
            return Ok(());
        }
        Err(SopsError::Elsewhere(Layout::tentacle(&self.enclave, &self.tentacle)))
    }

    /// Its keys, in the order of the file.
    pub fn keys(&self) -> impl Iterator<Item = &str> {
        self.document.secrets().map(|(key, _)| key)
    }

    /// Who can open it, as it says.
    pub fn recipients(&self) -> impl Iterator<Item = &str> {
        self.document.metadata.recipients()
    }

    /// Opens it for the tentacle that it is to belong to.
    ///
    /// # Errors
    /// When it belongs to another, is not encrypted to this key, or anything in it is not as it was written.
    pub fn open(
        &self,
        key: &AgeKey,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<SecretValues, SopsError> {
        self.belongs_to(enclave, tentacle)?;
        let mut values = self.values(key)?;
        let sealed_for = values.remove(SEALED_FOR).ok_or(SopsError::NotSealedFor)?;
        was_sealed_for(sealed_for.expose_secret(), enclave, tentacle)?;
        Ok(values)
    }

    /// All that is encrypted in it, if nothing was altered that the MAC covers.
    fn values(&self, key: &AgeKey) -> Result<SecretValues, SopsError> {
        let metadata = &self.document.metadata;
        let data_key = metadata.data_key(key)?;
        let mut all = Sha512::new();
        let mut values = SecretValues::new();
        for (name, value) in &self.document.values {
            if matches!(name.as_str(), ENCLAVE | TENTACLE) {
                all.update(value.as_bytes());
                continue;
            }
            let text = data_key.open(value, &path(name)).map_err(|error| error.of(name))?;
            all.update(text.expose_secret().as_bytes());
            if text.expose_secret().len() > MOST_OF_A_VALUE {
                return Err(SopsError::TooLarge);
            }
            values.insert(name.clone(), text);
        }
        let mac = data_key.open(&metadata.mac, &metadata.lastmodified).map_err(|_| SopsError::Mac)?;
        if *mac.expose_secret() != shown(all) {
            return Err(SopsError::Mac);
        }
        Ok(values)
    }
}

/// Encrypts values for a tentacle, with a new data key, so that each of the recipients can open them.
///
/// # Errors
/// When there are too many or too large ones, or nobody could open them.
pub fn seal(
    enclave: &EnclaveName,
    tentacle: &TentacleName,
    values: &SecretValues,
    recipients: &[Recipient],
) -> Result<String, SopsError> {
    if recipients.is_empty() {
        return Err(SopsError::NoRecipients);
    }
    let data_key = DataKey::new();
    let mut all = Sha512::new();
    let mut sealed = Vec::new();
    for (name, place) in [(ENCLAVE, enclave.as_str()), (TENTACLE, tentacle.as_str())] {
        all.update(place.as_bytes());
        sealed.push((name.to_owned(), place.to_owned()));
    }
    let whole = format!("{enclave}/{tentacle}");
    all.update(whole.as_bytes());
    sealed.push((SEALED_FOR.to_owned(), data_key.close(&whole, &path(SEALED_FOR))?));
    for (key, value) in values {
        usable(key)?;
        let text = value.expose_secret();
        match text.len() {
            0 => return Err(SopsError::Clear(key.clone())),
            1..=MOST_OF_A_VALUE => all.update(text.as_bytes()),
            _ => return Err(SopsError::TooLarge),
        }
        sealed.push((key.clone(), data_key.close(text, &path(key))?));
    }
    let lastmodified = now();
    let mac = data_key.close(&shown(all), &lastmodified)?;
    let metadata = Metadata::new(&data_key, recipients, lastmodified, mac)?;
    let text = Document { values: sealed, metadata }.text();
    if text.len() > MOST_BYTES || values.len() > MOST_VALUES {
        return Err(SopsError::TooLarge);
    }
    Ok(text)
}

/// Whether contracts can name it.
fn usable(key: &str) -> Result<(), SopsError> {
    let named = format!("a.{key}").parse::<SecretName>().is_ok();
    if named && !is_reserved(key) {
        return Ok(());
    }
    Err(SopsError::Key(key.escape_debug().take(60).collect()))
}

/// Whether a key is none of a secret: it says where the file belongs.
fn is_reserved(key: &str) -> bool {
    matches!(key, ENCLAVE | TENTACLE | SEALED_FOR)
}

/// Whether what is encrypted says this tentacle, too.
fn was_sealed_for(text: &str, enclave: &EnclaveName, tentacle: &TentacleName) -> Result<(), SopsError> {
    let place = text.split_once('/').and_then(|(of, name)| Some((of.parse().ok()?, name.parse().ok()?)));
    match place {
        Some((of, name)) if of == *enclave && name == *tentacle => Ok(()),
        Some((of, name)) => Err(SopsError::Elsewhere(Layout::tentacle(&of, &name))),
        // What else stands there may be a secret.
        None => Err(SopsError::NotSealedFor),
    }
}

/// What a value is bound to: its path, as SOPS has it.
fn path(key: &str) -> String {
    format!("{key}:")
}

fn shown(all: Sha512) -> String {
    all.finalize().iter().map(|byte| format!("{byte:02X}")).collect()
}

/// Now, to the second, as SOPS writes it.
fn now() -> String {
    Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests;
