//! The name of a secret, as contracts and owners say it.

use crate::name::shown;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// A secret's name: `service.key`, two words of `[a-z][a-z0-9_-]*`, at most 127 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretName(String);

/// Why a text is not the name of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a secret's name: it is `service.key`, such as `github.token`, in lower case, at most {MAX} characters",
    MAX = SecretName::MAX
)]
pub struct SecretNameError(String);

impl SecretName {
    /// The most characters that a name has.
    pub const MAX: usize = 127;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The service, and the key within it.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        // INVARIANT: a name has a point
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }
}

impl FromStr for SecretName {
    type Err = SecretNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |word: &str| {
            word.starts_with(|c: char| c.is_ascii_lowercase())
                && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
        };
        let fits = text.split_once('.').is_some_and(|(service, key)| word(service) && word(key));
        if fits && text.len() <= Self::MAX {
            Ok(Self(text.to_owned()))
        } else {
            Err(SecretNameError(shown(text)))
        }
    }
}

impl TryFrom<String> for SecretName {
    type Error = SecretNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<SecretName> for String {
    fn from(name: SecretName) -> Self {
        name.0
    }
}

impl fmt::Display for SecretName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl JsonSchema for SecretName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "SecretName".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "string",
            "description": "A secret's name, `service.key`",
            "pattern": r"^[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*$",
            "maxLength": Self::MAX,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_two_words() {
        let name: SecretName = "my-shop.api_key2".parse().unwrap();
        assert_eq!(name.parts(), ("my-shop", "api_key2"));
        for text in [
            "",
            "shop",
            "shop.",
            ".key",
            "Shop.key",
            "a.b.c",
            "a.b/../c",
            "a.b\n",
            &format!("a.{}", "b".repeat(126)),
        ] {
            assert!(text.parse::<SecretName>().is_err(), "{text:?}");
        }
    }
}
