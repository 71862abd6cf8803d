//! The copies in which tentacles run, for clients that ask for a copy's name before they ask for its output.

use crate::tool::{EnclaveRef, Page, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::TentacleName;

tool!(
    /// In which copies do tentacles run?
    WfPods = "wf_pods": WfPodsArgs => WfPodsAnswer
);

/// Which enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfPodsArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// The copies of the tentacles that the caller may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfPodsAnswer {
    /// The copies. Those of `a` come before those of `a-b`: older clients take the first whose name begins with `a-`.
    pub pods: Vec<PodEntry>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A copy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PodEntry {
    /// Its name: the tentacle's, a hyphen, and what tells it apart.
    pub name: String,
    /// The tentacle.
    pub tentacle: TentacleName,
    /// `Running`, `Pending` or `Failed`.
    pub phase: String,
    /// How long ago its version was deployed.
    pub age: String,
    /// What it runs on.
    pub images: Vec<String>,
    /// How often it was started anew, where that is counted.
    pub restarts: u64,
    /// Whether it can be used.
    pub ready: bool,
}
