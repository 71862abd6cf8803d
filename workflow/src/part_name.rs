//! The name of a part of a workflow: a trigger, a node, a dependency.

use crate::name::shown;
use crate::problem::{Part, Position, Report, Rule};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A name within one workflow: `[a-z][a-z0-9_-]*`, at most 63 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PartName(String);

impl PartName {
    /// The most characters that a name has.
    pub const MAX: usize = 63;

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads a name, reported when it does not fit.
    pub(crate) fn read(text: &str, at: Position, part: &Part, report: &Report) -> Option<Self> {
        if fits(text) {
            return Some(Self(text.to_owned()));
        }
        report.add(at, part, Rule::PartName(shown(text)));
        None
    }
}

fn fits(text: &str) -> bool {
    text.len() <= PartName::MAX
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-')
}

/// Why a text is not the name of a part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` must match [a-z][a-z0-9_-]*")]
pub struct PartNameError(String);

impl TryFrom<String> for PartName {
    type Error = PartNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if fits(&text) { Ok(Self(text)) } else { Err(PartNameError(shown(&text))) }
    }
}

impl From<PartName> for String {
    fn from(name: PartName) -> Self {
        name.0
    }
}

impl FromStr for PartName {
    type Err = PartNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::try_from(text.to_owned())
    }
}

impl fmt::Display for PartName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_words_are_names() {
        for name in ["a", "fetch_all", "x-1", &"x".repeat(63)] {
            assert!(fits(name), "{name}");
        }
        for name in ["", "1a", "A", "_a", "a b", "a.b", "ä", &"x".repeat(64)] {
            assert!(!fits(name), "{name}");
        }
    }
}
