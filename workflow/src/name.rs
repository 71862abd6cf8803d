//! The two names that people choose: an enclave's and a tentacle's. Parsed once at the edge, never checked again.

use crate::reserved::is_reserved;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Why a text is not a name. Each text says what was wrong and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing was given.
    #[error("the name is empty: use lower-case letters, digits and hyphens, such as `{example}`")]
    Empty {
        /// A name of this kind that would do.
        example: &'static str,
    },
    /// Longer than the kind allows.
    #[error("`{shown}` is too long ({length} characters): use at most {most}, because {why}")]
    TooLong {
        /// The beginning of what was given.
        shown: String,
        /// How many characters it has.
        length: usize,
        /// How many it may have.
        most: usize,
        /// What would not fit.
        why: &'static str,
    },
    /// The characters or their order do not fit the kind.
    #[error("`{shown}` is not a name: {rule}, such as `{example}`")]
    Malformed {
        /// The beginning of what was given.
        shown: String,
        /// The rule of the kind.
        rule: &'static str,
        /// A name that would do: what was given, mended, where that is possible.
        example: String,
    },
    /// An enclave's name that the cluster gives a meaning of its own.
    #[error(
        "`{0}` is kept for the platform itself, where other software would take the enclave for its own part: choose \
         a name of your team's own, such as `price-watch`"
    )]
    Reserved(String),
}

/// The name of an enclave: a DNS-1123 label (RFC 1123, 1 to 63 characters) that the cluster does not use itself.
///
/// It is fixed when the enclave is made, and is the name of its namespace.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EnclaveName(String);

/// The name of a tentacle: words of lower-case letters and digits, joined by single hyphens, at most 40 characters.
///
/// 40 leaves room for what derived object names add within a label's 63 characters: a purpose and a version's hash.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TentacleName(String);

impl EnclaveName {
    /// The most characters that a name has: a DNS label's.
    pub const MAX: usize = 63;
    const EXAMPLE: &str = "price-watch";
    const RULE: &str =
        "use lower-case letters, digits and hyphens, with a letter or digit at the beginning and the end";

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TentacleName {
    /// The most characters that a name has.
    pub const MAX: usize = 40;
    const EXAMPLE: &str = "price-monitor";
    const RULE: &str =
        "use words of lower-case letters and digits joined by single hyphens, with a letter at the beginning";

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EnclaveName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length(text, Self::MAX, Self::EXAMPLE, "it becomes a part of host names")?;
        if !is_label(text) {
            return Err(malformed(text, Self::RULE, is_label, Self::EXAMPLE));
        }
        if is_reserved(text) {
            return Err(NameError::Reserved(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }
}

impl FromStr for TentacleName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        check_length(text, Self::MAX, Self::EXAMPLE, "the names of its parts are made from it")?;
        if !is_kebab(text) {
            return Err(malformed(text, Self::RULE, is_kebab, Self::EXAMPLE));
        }
        Ok(Self(text.to_owned()))
    }
}

/// `[a-z0-9]([-a-z0-9]*[a-z0-9])?`: RFC 1123, as Kubernetes reads it.
fn is_label(text: &str) -> bool {
    let alphanumeric = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.chars().all(|c| alphanumeric(c) || c == '-')
        && text.starts_with(alphanumeric)
        && text.ends_with(alphanumeric)
}

/// `[a-z][a-z0-9]*(-[a-z0-9]+)*`.
pub(crate) fn is_kebab(text: &str) -> bool {
    is_label(text) && text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.contains("--")
}

fn check_length(text: &str, most: usize, example: &'static str, why: &'static str) -> Result<(), NameError> {
    let length = text.chars().count();
    if length == 0 {
        return Err(NameError::Empty { example });
    }
    if length > most {
        return Err(NameError::TooLong { shown: shown(text), length, most, why });
    }
    Ok(())
}

fn malformed(text: &str, rule: &'static str, valid: fn(&str) -> bool, example: &str) -> NameError {
    let mended = mend(text);
    let example = if valid(&mended) { mended } else { example.to_owned() };
    NameError::Malformed { shown: shown(text), rule, example }
}

/// What the writer probably meant: `Price Watch_2` becomes `price-watch-2`.
fn mend(text: &str) -> String {
    let lower = text.to_lowercase();
    let words = lower
        .split(|c: char| !(c.is_ascii_lowercase() || c.is_ascii_digit()))
        .filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-")
}

/// The beginning of a text that somebody else chose, fit to be printed: bounded, one line, nothing that steers a
/// terminal or turns the reading direction.
pub(crate) fn shown(text: &str) -> String {
    const MOST: usize = 64;
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '`' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    };
    let mut shown: String = text.chars().take(MOST).map(|c| if steers(c) { '\u{fffd}' } else { c }).collect();
    if text.chars().nth(MOST).is_some() {
        shown.push('…');
    }
    shown
}

macro_rules! name_traits {
    ($name:ident, $pattern:literal, $description:literal) => {
        impl TryFrom<String> for $name {
            type Error = NameError;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(name: $name) -> Self {
                name.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({
                    "type": "string",
                    "description": $description,
                    "minLength": 1,
                    "maxLength": $name::MAX,
                    "pattern": $pattern,
                })
            }
        }
    };
}

name_traits!(EnclaveName, "^[a-z0-9]([-a-z0-9]*[a-z0-9])?$", "An enclave's name, such as `price-watch`");
name_traits!(TentacleName, "^[a-z][a-z0-9]*(-[a-z0-9]+)*$", "A tentacle's name, such as `price-monitor`");

#[cfg(test)]
mod tests;
