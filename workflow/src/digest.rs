//! The name of a tentacle's content.

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// The name of a tentacle's content: equal content has an equal name, wherever and in whatever order it is read.
///
/// It is the SHA-256 of a list with one line for each file, in the byte order of their paths: the SHA-256 of the
/// file's content in hexadecimal, two spaces, the path, a line feed. Texts (valid UTF-8 without a zero byte) have
/// their line endings written as line feeds first. So for files with Unix line endings it can be made again by
///
/// ```sh
/// find * -type f | LC_ALL=C sort | xargs sha256sum | sha256sum
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ContentHash([u8; 32]);

/// Why a text is not a content hash.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a content hash: expected `sha256:` and 64 hexadecimal digits in lower case")]
pub struct ParseHashError;

impl ContentHash {
    /// The hash of files in the order of their paths.
    pub(crate) fn of<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Self {
        let mut list = Sha256::new();
        for (path, bytes) in files {
            list.update(format!("{}  {path}\n", hex(&sha256(bytes))));
        }
        Self(list.finalize().into())
    }

    /// The first 12 hexadecimal digits: enough to tell the versions of one tentacle apart, short enough for names.
    #[must_use]
    pub fn short(&self) -> String {
        hex(&self.0).chars().take(12).collect()
    }
}

/// SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// Hexadecimal digits in lower case.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{}", hex(&self.0))
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ContentHash {
    type Err = ParseHashError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("sha256:").ok_or(ParseHashError)?;
        let lower = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        if digits.len() != 64 || !digits.bytes().all(lower) {
            return Err(ParseHashError);
        }
        let mut bytes = [0; 32];
        for (index, byte) in bytes.iter_mut().enumerate() {
            let pair = digits.get(index * 2..index * 2 + 2).ok_or(ParseHashError)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| ParseHashError)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for ContentHash {
    type Error = ParseHashError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<ContentHash> for String {
    fn from(hash: ContentHash) -> Self {
        hash.to_string()
    }
}

impl JsonSchema for ContentHash {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ContentHash".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "The name of a tentacle's content",
            "pattern": "^sha256:[0-9a-f]{64}$",
        })
    }
}
