//! The YAML around the values: what SOPS keeps under `sops`, and the order of the rest, which its MAC covers.

use super::value::DataKey;
use super::{AgeKey, ENCLAVE, Recipient, SopsError, TENTACLE, is_reserved};
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};
use std::collections::BTreeSet;
use std::fmt::{self, Write};

/// The version of SOPS whose format is written.
const VERSION: &str = "3.13.3";

/// What stays in clear, as SOPS is told.
pub(super) const CLEAR: &str = "^(enclave|tentacle)$";

/// The most recipients of a file.
const MOST_RECIPIENTS: usize = 50;

/// A file, read.
#[derive(Debug, Clone)]
pub(super) struct Document {
    /// All keys with their texts, in order.
    pub(super) values: Vec<(String, String)>,
    /// What is under `sops`.
    pub(super) metadata: Metadata,
}

/// What SOPS says of a file.
#[derive(Debug, Clone, serde::Deserialize)]
pub(super) struct Metadata {
    #[serde(default)]
    age: Option<Vec<Encrypted>>,
    pub(super) lastmodified: String,
    pub(super) mac: String,
    #[serde(default)]
    mac_only_encrypted: Option<bool>,
    #[serde(default)]
    key_groups: Option<IgnoredAny>,
    #[serde(default)]
    shamir_threshold: Option<u64>,
}

/// The data key, encrypted to somebody.
#[derive(Debug, Clone, serde::Deserialize)]
struct Encrypted {
    recipient: String,
    enc: String,
}

impl Document {
    pub(super) fn read(text: &str) -> Result<Self, SopsError> {
        // What the reader would say could quote what is in clear.
        serde_saphyr::from_str(text).map_err(|_| SopsError::NotOne)
    }

    /// The keys and values besides those that say where it belongs.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let all = self.values.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        all.filter(|(key, _)| !is_reserved(key))
    }

    /// The text under a key.
    pub(super) fn text_of(&self, key: &str) -> Option<&str> {
        self.values.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// The file's text.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        // INVARIANT: names and what is encrypted hold nothing that YAML would read otherwise.
        for (key, value) in &self.values {
            let quote = if matches!(key.as_str(), ENCLAVE | TENTACLE) { "\"" } else { "" };
            let _infallible = writeln!(text, "{key}: {quote}{value}{quote}");
        }
        text.push_str("sops:\n    age:\n");
        for Encrypted { recipient, enc } in self.metadata.age.iter().flatten() {
            let _infallible = writeln!(text, "        - recipient: {recipient}\n          enc: |");
            for line in enc.lines() {
                let _infallible = writeln!(text, "            {line}");
            }
        }
        let Metadata { lastmodified, mac, .. } = &self.metadata;
        let _infallible = write!(
            text,
            "    lastmodified: \"{lastmodified}\"\n    mac: {mac}\n    unencrypted_regex: {CLEAR}\n    version: {VERSION}\n"
        );
        text
    }
}

impl Metadata {
    pub(super) fn new(
        data_key: &DataKey,
        recipients: &[Recipient],
        lastmodified: String,
        mac: String,
    ) -> Result<Self, SopsError> {
        if recipients.len() > MOST_RECIPIENTS {
            return Err(SopsError::TooLarge);
        }
        let to = |recipient: &Recipient| {
            let enc = recipient.close(data_key.bytes())?;
            Ok(Encrypted { recipient: recipient.to_string(), enc })
        };
        let age = recipients.iter().map(to).collect::<Result<_, _>>()?;
        let (mac_only_encrypted, key_groups, shamir_threshold) = (None, None, None);
        Ok(Self { age: Some(age), lastmodified, mac, mac_only_encrypted, key_groups, shamir_threshold })
    }

    /// Refuses what would prove less than the rest of this relies on.
    pub(super) fn check(&self) -> Result<(), SopsError> {
        match self {
            Self { mac_only_encrypted: Some(true), .. } => Err(SopsError::Setting("mac_only_encrypted")),
            Self { key_groups: Some(_), .. } => Err(SopsError::Setting("key_groups")),
            Self { shamir_threshold: Some(1..), .. } => Err(SopsError::Setting("shamir_threshold")),
            Self { age: Some(age), .. } if age.len() > MOST_RECIPIENTS => Err(SopsError::TooLarge),
            _ => Ok(()),
        }
    }

    pub(super) fn recipients(&self) -> impl Iterator<Item = &str> {
        self.age.iter().flatten().map(|encrypted| encrypted.recipient.as_str())
    }

    /// The data key, as one of our identities opens it.
    pub(super) fn data_key(&self, key: &AgeKey) -> Result<DataKey, SopsError> {
        let ours = self.age.iter().flatten().filter(|encrypted| key.has(&encrypted.recipient));
        let mut opened = ours.filter_map(|encrypted| DataKey::of(&key.open(&encrypted.enc)?));
        opened.next().ok_or_else(|| SopsError::NotForUs(key.recipient().to_string()))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Entries)
    }
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text under each key, and `sops`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Document, A::Error> {
        let (mut values, mut known) = (Vec::new(), BTreeSet::new());
        let mut metadata = None;
        while let Some(key) = map.next_key::<String>()? {
            if !known.insert(key.clone()) {
                return Err(A::Error::custom("a key is there twice"));
            }
            if key == "sops" {
                metadata = Some(map.next_value()?);
            } else {
                values.push((key, map.next_value()?));
            }
        }
        let metadata = metadata.ok_or_else(|| A::Error::custom("`sops` is missing"))?;
        Ok(Document { values, metadata })
    }
}
