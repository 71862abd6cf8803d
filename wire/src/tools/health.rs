//! Tools about how tentacles are.

use crate::tool::{EnclaveRef, Page, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// How is a tentacle?
    WfHealth = "wf_health": WfHealthArgs => WfHealthAnswer
);
tool!(
    /// How are the tentacles of an enclave?
    WfHealthEnclave = "wf_health_enclave": WfHealthEnclaveArgs => WfHealthEnclaveAnswer
);

/// Which tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHealthArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// With what happened last.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detail: bool,
}

/// How a tentacle is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHealthAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// `green`, `amber` (it can run, and something is to be looked at) or `red` (it cannot run).
    pub status: String,
    /// Why.
    pub reason: String,
    /// Whether it can be run.
    pub pod_ready: bool,
    /// What happened last, a line each; empty when not asked for.
    pub detail: String,
}

/// Which enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHealthEnclaveArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// How the tentacles of an enclave are that the caller may see.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHealthEnclaveAnswer {
    /// The tentacles, by name.
    pub workflows: Vec<HealthEntry>,
    /// How many of this page are how.
    pub summary: HealthSummary,
    /// How many there are in this page.
    pub total: u64,
    /// Whether there are more.
    pub truncated: bool,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// How one tentacle is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthEntry {
    /// Its name.
    pub name: TentacleName,
    /// `green`, `amber` or `red`.
    pub status: String,
    /// Why.
    pub reason: String,
}

/// How many are how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthSummary {
    /// Nothing to look at.
    pub green: u64,
    /// They can run, and something is to be looked at.
    pub amber: u64,
    /// They cannot run.
    pub red: u64,
}
