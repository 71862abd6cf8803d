//! What every tool has in common: a name, arguments, an answer; and how long lists are cut into pages.

use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use workflow::EnclaveName;

/// One MCP tool: the types that travel. What it does is the server's.
pub trait Tool: 'static {
    /// The name under which it is called.
    const NAME: &'static str;
    /// What it takes.
    type Args: Serialize + DeserializeOwned + JsonSchema + Send;
    /// What it answers.
    type Answer: Serialize + DeserializeOwned + JsonSchema + Send;
}

/// Declares a tool's marker type with its name, arguments and answer.
macro_rules! tool {
    ($(#[$doc:meta])* $marker:ident = $name:literal: $args:ty => $answer:ty) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy)]
        pub struct $marker;

        impl $crate::tool::Tool for $marker {
            const NAME: &'static str = $name;
            type Args = $args;
            type Answer = $answer;
        }
    };
}
pub(crate) use tool;

/// The enclave that a tentacle's tool is about. In a channel it may be left out: the channel decides.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveRef {
    /// The enclave's name; in a Slack channel it is taken from the channel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveName>,
    /// The older word for `enclave`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<EnclaveName>,
}

/// `enclave` and `namespace` were both given and differ.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`enclave` is `{enclave}` but `namespace`, its older name, is `{namespace}`: give one of them")]
pub struct ConflictingNames {
    enclave: EnclaveName,
    namespace: EnclaveName,
}

impl EnclaveRef {
    /// The enclave that is meant, where one is named.
    ///
    /// # Errors
    /// When both words are given and name different enclaves.
    pub fn name(self) -> Result<Option<EnclaveName>, ConflictingNames> {
        match (self.enclave, self.namespace) {
            (Some(enclave), Some(namespace)) if enclave != namespace => {
                Err(ConflictingNames { enclave, namespace })
            }
            (Some(name), _) | (None, Some(name)) => Ok(Some(name)),
            (None, None) => Ok(None),
        }
    }
}

impl From<EnclaveName> for EnclaveRef {
    fn from(name: EnclaveName) -> Self {
        Self { enclave: Some(name), namespace: None }
    }
}

/// Which part of a long list is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Page {
    /// Where to go on: the `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The most entries that are wanted; the server has a limit of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

impl Page {
    /// The most entries that one page holds.
    pub const MOST: u32 = 200;

    /// How many entries this page may hold.
    #[must_use]
    pub fn size(&self) -> usize {
        self.size_or(Self::MOST)
    }

    /// The same, where so many are meant when nothing is said.
    #[must_use]
    pub fn size_or(&self, usual: u32) -> usize {
        self.limit.unwrap_or(usual).clamp(1, Self::MOST) as usize
    }
}

/// Reads a list; `null`, which older clients send for an empty one, is one too.
pub(crate) fn list_or_null<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Takes no arguments.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Nothing {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_older_word_is_understood_and_a_contradiction_refused() {
        let read = |json: &str| serde_json::from_str::<EnclaveRef>(json).unwrap().name();
        let name = |text: &str| text.parse::<EnclaveName>().unwrap();
        assert_eq!(read(r#"{"enclave":"a"}"#), Ok(Some(name("a"))));
        assert_eq!(read(r#"{"namespace":"a"}"#), Ok(Some(name("a"))));
        assert_eq!(read(r#"{"namespace":"a","enclave":"a"}"#), Ok(Some(name("a"))));
        assert_eq!(read(r#"{"namespace":null}"#), Ok(None));
        assert!(read(r#"{"namespace":"a","enclave":"b"}"#).unwrap_err().to_string().contains("`b`"));
    }

    #[test]
    fn a_page_is_never_empty_and_never_unbounded() {
        let page = |limit| Page { cursor: None, limit }.size();
        assert_eq!([page(None), page(Some(0)), page(Some(7)), page(Some(9_999))], [200, 1, 7, 200]);
        let page = |limit| Page { cursor: None, limit }.size_or(20);
        assert_eq!([page(None), page(Some(0)), page(Some(7)), page(Some(9_999))], [20, 1, 7, 200]);
    }
}
