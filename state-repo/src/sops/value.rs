//! One value as SOPS writes it: `ENC[AES256_GCM,data:…,iv:…,tag:…,type:str]`, with its path as additional data.

use super::SopsError;
use aes_gcm::aead::consts::U32;
use aes_gcm::aead::{Aead, Generate, KeyInit, Payload};
use aes_gcm::aes::Aes256;
use aes_gcm::{AesGcm, Nonce};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;
use zeroize::Zeroizing;

/// AES-256 in Galois/Counter Mode, with the 32 bytes of nonce that SOPS uses.
type Cipher = AesGcm<Aes256, U32>;

const TAG: usize = 16;

/// The key of one file, with which all its values are encrypted.
pub(super) struct DataKey(Zeroizing<[u8; 32]>);

/// Why a value is not opened.
pub(super) enum Unopened {
    /// It is not what was written there.
    Altered,
    /// It is something else than a text.
    NotText,
}

impl Unopened {
    pub(super) fn of(&self, name: &str) -> SopsError {
        match self {
            Self::Altered => SopsError::Altered(name.to_owned()),
            Self::NotText => SopsError::NotText(name.to_owned()),
        }
    }
}

impl DataKey {
    /// A new one.
    pub(super) fn new() -> Self {
        Self(Zeroizing::new(rand::random()))
    }

    /// The key of these bytes.
    pub(super) fn of(bytes: &[u8]) -> Option<Self> {
        Some(Self(Zeroizing::new(bytes.try_into().ok()?)))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    fn cipher(&self) -> Option<Cipher> {
        Cipher::new_from_slice(self.bytes()).ok()
    }

    /// Encrypts a text for its place.
    pub(super) fn close(&self, text: &str, place: &str) -> Result<String, SopsError> {
        let cipher = self.cipher().ok_or(SopsError::Sealed)?;
        let nonce = Nonce::<U32>::generate();
        let payload = Payload { msg: text.as_bytes(), aad: place.as_bytes() };
        let sealed = cipher.encrypt(&nonce, payload).map_err(|_| SopsError::Sealed)?;
        let (data, tag) = sealed
            .len()
            .checked_sub(TAG)
            .and_then(|at| sealed.split_at_checked(at))
            .ok_or(SopsError::Sealed)?;
        let [data, iv, tag] = [data, nonce.as_slice(), tag].map(|bytes| STANDARD.encode(bytes));
        Ok(format!("ENC[AES256_GCM,data:{data},iv:{iv},tag:{tag},type:str]"))
    }

    /// Decrypts what was encrypted for this place.
    pub(super) fn open(&self, sealed: &str, place: &str) -> Result<SecretString, Unopened> {
        let Parts { data, iv, tag, kind } = Parts::of(sealed).ok_or(Unopened::Altered)?;
        let (Some(cipher), Ok(nonce)) = (self.cipher(), Nonce::<U32>::try_from(iv.as_slice())) else {
            return Err(Unopened::Altered);
        };
        let whole = [data, tag].concat();
        let payload = Payload { msg: &whole, aad: place.as_bytes() };
        let opened = Zeroizing::new(cipher.decrypt(&nonce, payload).map_err(|_| Unopened::Altered)?);
        // What SOPS reads as a number is one's text here as there.
        if !matches!(kind, "str" | "int" | "float") {
            return Err(Unopened::NotText);
        }
        std::str::from_utf8(&opened).map(SecretString::from).map_err(|_| Unopened::NotText)
    }
}

/// Whether a text is an encrypted value, as far as its form says.
pub(super) fn is_sealed(text: &str) -> bool {
    Parts::of(text).is_some_and(|parts| !parts.data.is_empty())
}

struct Parts<'t> {
    data: Vec<u8>,
    iv: Vec<u8>,
    tag: Vec<u8>,
    kind: &'t str,
}

impl<'t> Parts<'t> {
    fn of(text: &'t str) -> Option<Self> {
        let inner = text.strip_prefix("ENC[AES256_GCM,")?.strip_suffix(']')?;
        let mut parts = inner.split(',');
        let mut next = |name: &str| parts.next()?.strip_prefix(name)?.strip_prefix(':');
        let (data, iv, tag, kind) = (next("data")?, next("iv")?, next("tag")?, next("type")?);
        if parts.next().is_some() {
            return None;
        }
        let bytes = |text: &str| STANDARD.decode(text).ok();
        Some(Self {
            data: bytes(data)?,
            iv: bytes(iv)?,
            tag: bytes(tag).filter(|tag| tag.len() == TAG)?,
            kind,
        })
    }
}
