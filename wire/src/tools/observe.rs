//! The tool that tells what a contract lacks.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// What would its contract have to say?
    ReachObserve = "reach_observe": ReachObserveArgs => ReachObserveAnswer
);

/// A tentacle's source, and what it is run with once.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ReachObserveArgs {
    /// Where it would be deployed.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// The tentacle's name, as its `workflow.yaml` says.
    pub name: TentacleName,
    /// The files, by path: `workflow.yaml`, `nodes/…`.
    pub files: BTreeMap<String, String>,
    /// The input of the first nodes; an empty object when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<serde_json::Value>,
    /// After how many seconds the run is stopped: 60 when left out, 300 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
}

/// What was seen. Nothing was deployed, and nothing was allowed by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReachObserveAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The content's hash.
    pub version: String,
    /// What this answer is, and what it is not, for people.
    pub told: String,
    /// What its nodes asked for, in order.
    pub attempts: Vec<ObservedAttempt>,
    /// The smallest contract that would allow what was denied: lines to put into `workflow.yaml`, each key under the one of
    /// its name.
    pub proposal: Vec<String>,
    /// Proposed dependencies of which nothing told where they are: their host has to be filled in.
    pub without_host: Vec<String>,
    /// What the contract has and no node asked for, for people. Only of nodes that came to their end.
    pub unused: Vec<String>,
    /// Nodes that did not come to their end, and why: what they would have asked for later is not known.
    pub stopped: BTreeMap<String, String>,
    /// What the egress gateway refused, for people.
    pub refused: Vec<String>,
    /// What this version reaches and the running one does not, for people: the owner has not approved it, so that it was
    /// denied here too.
    pub new_reach: Vec<String>,
    /// Secrets that it may read and that are not set.
    pub missing_secrets: Vec<String>,
    /// How long it took, in milliseconds, the sandbox's start included.
    pub duration_ms: u64,
    /// What this backend cannot enforce.
    pub not_enforced: Vec<String>,
}

/// One thing that a node asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ObservedAttempt {
    /// The node.
    pub node: String,
    /// By what: `ctx.fetch`, `ctx.secret`, `fetch`, `Deno.connect`, …; `code` where only an error tells of it.
    pub by: String,
    /// The dependency or secret that was asked for by its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// At which port.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// `https`, `http`, `ws`, or `tcp` for all else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    /// `allowed`; `lacking`: denied, and the proposal would allow it; `not_approved`: denied, the contract has it and its
    /// owner has not approved it; `never`: denied, and no contract allows it.
    pub verdict: String,
    /// The dependency of the contract, or of the proposal, that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependency: Option<String>,
    /// Why no contract allows it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
}
