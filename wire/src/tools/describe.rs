//! The tool that tells all that is on record of a tentacle.

use crate::tool::{EnclaveRef, tool};
use crate::tools::tentacle::TentacleEntry;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use workflow::TentacleName;

tool!(
    /// All that is on record of a tentacle.
    WfDescribe = "wf_describe": WfDescribeArgs => WfDescribeAnswer
);

/// Which tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfDescribeArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
}

/// All that is on record of a tentacle.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfDescribeAnswer {
    /// What lists show of it.
    #[serde(flatten)]
    pub tentacle: TentacleEntry,
    /// Who owns its enclave, to show.
    pub enclave_owner: String,
    /// The members of its enclave, to show.
    #[serde(default)]
    pub enclave_members: Vec<String>,
    /// The group that its `metadata` names, which lists show as `team`; empty for none.
    #[serde(default)]
    pub group: String,
    /// What its own code runs on, where the backend has images; else empty.
    #[serde(default)]
    pub image: String,
    /// What tools of earlier releases read of it on a cluster, by the annotations' names. It is shown there and decides nothing.
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
    /// What its `params.schema.json` says of its settings: a JSON Schema as text; empty where there is none, or where it has more than
    /// 64 KiB.
    #[serde(default)]
    pub params_schema: String,
    /// Prompts that it declares: a tentacle has no place for any, so that there are none.
    #[serde(default)]
    pub prompts: Vec<Value>,
    /// The author's own version, such as `1.0`.
    pub workflow_version: String,
    /// What makes it run.
    pub triggers: Vec<TriggerEntry>,
    /// Its code.
    pub nodes: Vec<NodeDescription>,
    /// Which node feeds which, as `from -> to`.
    pub edges: Vec<String>,
    /// What it talks to.
    pub dependencies: Vec<DependencyEntry>,
    /// Containers beside it, by name.
    pub sidecars: Vec<String>,
    /// All that it touches or is touched by, in words.
    pub reach: Vec<String>,
    /// The author's settings.
    pub config: Map<String, Value>,
    /// What its README says.
    pub readme: String,
    /// The versions whose source is kept, the newest first.
    pub versions: Vec<String>,
    /// Where the source is kept: the commit's words and its day, or `not in git`.
    pub source: String,
    /// When the running version was deployed.
    pub deployed_at: Timestamp,
    /// What the backend cannot enforce.
    pub not_enforced: Vec<String>,
}

/// A trigger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TriggerEntry {
    /// Its name.
    pub name: String,
    /// `manual`, `cron`, `webhook` or `queue`.
    #[serde(rename = "type")]
    pub kind: String,
    /// When it is due, in cron's fields.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule: Option<String>,
    /// In which time zone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timezone: Option<String>,
    /// When it is due next.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_at: Option<Timestamp>,
    /// Where it is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// How a call is signed: `github` or `timed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// With which secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// A node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeDescription {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: String,
    /// Its file.
    pub path: String,
}

/// A dependency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DependencyEntry {
    /// Its name.
    pub name: String,
    /// How one talks to it.
    pub protocol: String,
    /// With which secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}
