//! `enclave.yaml`: what an enclave is, as the server wrote it down and signed it. People can read it, and a server that has lost its
//! store can be given it back. It grants nothing by itself, whoever wrote it.

use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use serde::{Deserialize, Serialize};
use wire::canonical::{self, NotCanonical};
use wire::signing::{self, SigningKey};
use workflow::{EnclaveName, TentacleName};

/// What stands above a record.
const HEADING: &str = "\
# Written and signed by the Tentacular server. It says what the enclave is, so that it can be restored; it grants nothing.
# A change by hand is shown as drift and never applied: ask in the channel instead.
";

/// Which kind of record it is. It is signed with the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Format {
    /// The first.
    #[serde(rename = "tentacular-enclave-record/1")]
    One,
}

/// An enclave's record. The order of the fields is that of the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnclaveRecord {
    /// Which kind of record it is.
    pub format: Format,
    /// Which of two records of an enclave is newer.
    pub generation: u64,
    /// The enclave's name.
    pub name: EnclaveName,
    /// Its own id: one that was made anew under the same name is another.
    pub id: String,
    /// When it was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// Why it is frozen; empty where it is not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frozen: Vec<String>,
    /// Its mode; absent where the server could not read its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// How people become members.
    pub enrollment: String,
    /// How much it may use.
    pub quota: String,
    /// What becomes of what somebody changes where its tentacles run; absent where that is only told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<String>,
    /// What it asks of changes before they run; absent where it asks nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review: Option<String>,
    /// Its channel, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<RecordedChannel>,
    /// Who owns it.
    pub owner: Identity,
    /// Who is in its channel, and the members that it names where it has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<RecordedMember>,
    /// Whom the owner let in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approved: Vec<RecordedVerdict>,
    /// Whom the owner keeps out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocked: Vec<RecordedVerdict>,
    /// Its tentacles, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tentacles: Vec<RecordedTentacle>,
    /// The server's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<RecordSignature>,
}

/// The Slack channel of an enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedChannel {
    /// The workspace.
    pub team: String,
    /// The channel.
    pub id: String,
    /// The name to show.
    pub name: String,
    /// The Slack user who made it.
    pub creator: String,
}

/// A person: issuer and subject are who it is, the name is to show.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The name to show.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// The issuer.
    pub issuer: String,
    /// The subject there.
    pub subject: String,
}

/// Somebody in an enclave: a Slack account, an identity, or both where they are bound.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedMember {
    /// The name to show.
    pub name: String,
    /// The Slack user; absent where the enclave has no channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// What kind of account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The issuer of whoever is bound to the account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The subject there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// Whom the owner let in or keeps out: an account, an identity, or both; either suffices.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedVerdict {
    /// The Slack user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// The issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
    /// The subject there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
}

/// A tentacle as it ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedTentacle {
    /// Its name.
    pub name: TentacleName,
    /// Who owns it.
    pub owner: Identity,
    /// Its mode; absent where the server could not read its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
    /// When it was first deployed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Timestamp>,
    /// The name of the content that ran.
    pub version: String,
    /// When that was deployed, by whom and with what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployed: Option<RecordedDeploy>,
    /// Who changed its mode or its owner last; absent while nobody has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<RecordedChange>,
    /// The commit that it was deployed from; absent where its source came with a call, and is not in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The digest of all that it may reach, as it was approved.
    pub reach: String,
}

/// A deploy that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedDeploy {
    /// When.
    pub at: Timestamp,
    /// Who, by the name to show.
    pub by: String,
    /// With which client.
    pub via: String,
    /// Which agent chose it; absent where none said that it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// Which version of the tentacle it made, from 1; absent where whoever wrote the record did not write it down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The words of the commit that it was deployed from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
}

/// A change of a tentacle's mode or owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordedChange {
    /// When.
    pub at: Timestamp,
    /// Who, by the name to show.
    pub by: String,
    /// With which client; absent where there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub via: Option<String>,
    /// Which agent chose it; absent where none said that it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
}

/// Who signed, and the signature over the canonical JSON (RFC 8785) of the record without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordSignature {
    /// The key's id.
    pub key: String,
    /// The Ed25519 signature, in base64url.
    pub ed25519: String,
}

/// Why a record is not the server's word.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordFault {
    /// It is no record.
    #[error("it cannot be read as a record: {0}")]
    Unreadable(String),
    /// Nobody signed it.
    #[error("it is not signed")]
    Unsigned,
    /// By another key.
    #[error("it is signed with another key than this server's")]
    OtherKey,
    /// Somebody changed it after it was signed.
    #[error("it was altered after the server signed it")]
    Altered,
}

impl EnclaveRecord {
    /// Reads a record, whoever wrote it.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(bytes: &[u8]) -> Result<Self, RecordFault> {
        let text = std::str::from_utf8(bytes).map_err(|error| RecordFault::Unreadable(error.to_string()))?;
        serde_saphyr::from_str(text).map_err(|error| {
            let told = error.to_string();
            RecordFault::Unreadable(told.lines().next().unwrap_or_default().chars().take(200).collect())
        })
    }

    /// Reads a record that the key which `key_of` knows under its id has signed, and that is as it was written, to the letter.
    ///
    /// # Errors
    /// When it is none.
    pub fn verified<'k>(
        bytes: &[u8],
        key_of: impl FnOnce(&str) -> Option<&'k DecodingKey>,
    ) -> Result<Self, RecordFault> {
        let record = Self::read(bytes)?;
        let signature = record.signature.as_ref().ok_or(RecordFault::Unsigned)?;
        let key = key_of(&signature.key).ok_or(RecordFault::OtherKey)?;
        let unreadable = |error: NotCanonical| RecordFault::Unreadable(error.to_string());
        let signed = record.signed_bytes().map_err(unreadable)?;
        let as_written = record.to_yaml().is_some_and(|text| text.as_bytes() == bytes);
        if signing::holds(&signed, &signature.ed25519, key) && as_written {
            Ok(record)
        } else {
            Err(RecordFault::Altered)
        }
    }

    /// The record with the server's signature; `None` for one that has no canonical form.
    #[must_use]
    pub fn sign(mut self, key: &SigningKey) -> Option<Self> {
        let ed25519 = key.signature(&self.signed_bytes().ok()?)?;
        self.signature = Some(RecordSignature { key: key.id().to_owned(), ed25519 });
        Some(self)
    }

    /// The name of what it says: the SHA-256 of what is signed.
    ///
    /// # Errors
    /// When it has no canonical form.
    pub fn digest(&self) -> Result<String, NotCanonical> {
        canonical::sha256(&Self { signature: None, ..self.clone() })
    }

    /// The same for what it says but for its generation: two records that say the same of an enclave have the same.
    ///
    /// # Errors
    /// When it has no canonical form.
    pub fn content(&self) -> Result<String, NotCanonical> {
        canonical::sha256(&Self { signature: None, generation: 0, ..self.clone() })
    }

    /// The file; `None` for a record that has no such form.
    #[must_use]
    pub fn to_yaml(&self) -> Option<String> {
        let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
        let text = serde_saphyr::to_string_with_options(self, options).ok()?;
        Some(format!("{HEADING}{text}"))
    }

    fn signed_bytes(&self) -> Result<Vec<u8>, NotCanonical> {
        canonical::to_json(&Self { signature: None, ..self.clone() })
    }
}

#[cfg(test)]
mod tests;
