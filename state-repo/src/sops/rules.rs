//! `.sops.yaml` at the root of a state repo: to whom its files are encrypted. SOPS reads the same.

use super::{Recipient, SopsError};
use regex::RegexBuilder;
use serde::Deserialize;

/// The most bytes of the file, and of a pattern once it is made ready.
const MOST_BYTES: usize = 64 * 1024;

/// The rules.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct SopsRules {
    #[serde(default)]
    creation_rules: Vec<Rule>,
}

#[derive(Debug, Clone, Deserialize)]
struct Rule {
    #[serde(default)]
    path_regex: Option<String>,
    #[serde(default)]
    age: Option<Keys>,
}

/// One text with commas, or a list.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum Keys {
    Text(String),
    List(Vec<String>),
}

impl SopsRules {
    /// Where they lie in a state repo.
    pub const FILE: &str = ".sops.yaml";

    /// Reads the file's text.
    ///
    /// # Errors
    /// When it is no such file.
    pub fn read(text: &str) -> Result<Self, SopsError> {
        if text.len() > MOST_BYTES {
            return Err(SopsError::Rules("it is too large"));
        }
        serde_saphyr::from_str(text).map_err(|_| SopsError::Rules("it is no YAML with `creation_rules`"))
    }

    /// To whom the file at `path` is encrypted, by the first rule that is for it; nobody where there is none.
    ///
    /// # Errors
    /// When a pattern or a recipient is none.
    pub fn recipients(&self, path: &str) -> Result<Vec<Recipient>, SopsError> {
        for rule in &self.creation_rules {
            if !rule.is_for(path)? {
                continue;
            }
            let texts: Vec<&str> = match &rule.age {
                None => Vec::new(),
                Some(Keys::Text(text)) => text.split(',').collect(),
                Some(Keys::List(list)) => list.iter().flat_map(|text| text.split(',')).collect(),
            };
            let texts = texts.into_iter().map(str::trim).filter(|text| !text.is_empty());
            return texts.map(str::parse).collect();
        }
        Ok(Vec::new())
    }
}

impl Rule {
    fn is_for(&self, path: &str) -> Result<bool, SopsError> {
        let Some(pattern) = &self.path_regex else { return Ok(true) };
        let pattern = RegexBuilder::new(pattern).size_limit(MOST_BYTES).build();
        let pattern = pattern.map_err(|_| SopsError::Rules("a `path_regex` is none"))?;
        Ok(pattern.is_match(path))
    }
}
