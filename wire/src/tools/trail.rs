//! Tools about the trail.

use crate::tool::tool;
use crate::trail::Record;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use workflow::EnclaveName;

tool!(
    /// What was decided and done?
    TrailTail = "trail_tail": TrailTailArgs => TrailTailAnswer
);

/// Which records.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TrailTailArgs {
    /// Only those about this enclave. Persons must name one that they own; in a channel it is the channel's.
    #[serde(default, alias = "name", alias = "namespace", skip_serializing_if = "Option::is_none")]
    pub enclave: Option<EnclaveName>,
    /// Whole chains from their beginning, as a verifier needs them; otherwise the newest records.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub export: bool,
    /// Where to go on: the `next_cursor` of the page before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<String>,
    /// The most records that are wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
}

/// A page of the trail.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrailTailAnswer {
    /// The records as they are stored: with `export` by writer and number, otherwise the newest, oldest first.
    #[schemars(with = "Vec<Record>")]
    pub records: Vec<Value>,
    /// With `export`, to operators: the newest signed head of each writer, as compact JWS.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub heads: Vec<String>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
