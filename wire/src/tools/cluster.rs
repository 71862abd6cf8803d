//! Tools about what everything runs on: the cluster, or the machine.

use crate::enforcement::PropertyLine;
use crate::tool::{EnclaveRef, Nothing, Page, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use workflow::EnclaveName;

tool!(
    /// What is there to run on?
    ClusterProfile = "cluster_profile": ClusterProfileArgs => ClusterProfileAnswer
);
tool!(
    /// What is missing, and which command brings it?
    EnclavePreflight = "enclave_preflight": EnclavePreflightArgs => EnclavePreflightAnswer
);
tool!(
    /// How is each node?
    HealthNodes = "health_nodes": HealthNodesArgs => HealthNodesAnswer
);
tool!(
    /// How is the cluster, in numbers?
    HealthClusterSummary = "health_cluster_summary": Nothing => HealthClusterSummaryAnswer
);
tool!(
    /// How much of its share does an enclave use?
    HealthEnclaveUsage = "health_enclave_usage": HealthEnclaveUsageArgs => HealthEnclaveUsageAnswer
);
tool!(
    /// Does a proxy for modules run?
    ProxyStatus = "proxy_status": Nothing => ProxyStatusAnswer
);

/// What is there of a proxy for modules. The first five fields are those that older clients read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProxyStatusAnswer {
    /// Whether one runs.
    pub installed: bool,
    /// Whether it answers.
    pub ready: bool,
    /// Where it runs.
    pub namespace: String,
    /// Of which image it is.
    pub image: String,
    /// What it keeps modules in.
    pub storage: String,
    /// What is there instead, in a sentence.
    pub told: String,
}

/// With what of an enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ClusterProfileArgs {
    /// With the share and the walls of this enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
}

/// What there is to run on. What a person may not know of others is left out, and `summary` says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClusterProfileAnswer {
    /// When it was looked at.
    pub generated_at: Timestamp,
    /// `kubernetes`, `machine` or `simulator`.
    pub backend: String,
    /// Whether this is the short form that persons get.
    pub summary: bool,
    /// The version of Kubernetes; of the kernel on a machine.
    pub k8s_version: String,
    /// Whose Kubernetes; `machine` on a machine.
    pub distribution: String,
    /// The nodes; none in the short form.
    pub nodes: Vec<Node>,
    /// The runtime classes.
    pub runtime_classes: Vec<RuntimeClassEntry>,
    /// Whether gVisor is there to hold code.
    pub gvisor: bool,
    /// The network plugin.
    pub cni: Cni,
    /// What is known of policies.
    pub network_policy: NetworkPolicySupport,
    /// The classes of storage.
    pub storage_classes: Vec<StorageClassEntry>,
    /// The drivers of storage.
    pub csi_drivers: Vec<String>,
    /// What is installed besides, by what it is known by.
    pub extensions: BTreeMap<String, bool>,
    /// What the enclave may use; none where none was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<BTreeMap<String, String>>,
    /// What one container of it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit_range: Option<BTreeMap<String, String>>,
    /// To which Pod Security level it is held.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub pod_security: String,
    /// What to know when writing a tentacle for it.
    pub guidance: Vec<String>,
    /// What is not enforced here.
    pub warnings: Vec<String>,
    /// What stands around tentacles here: `kubernetes`, `machine, runsc`, `machine, bwrap` or `simulator`.
    #[serde(default)]
    pub walls: String,
    /// Each property, and whether it is enforced here. Older servers do not say.
    #[serde(default)]
    pub properties: Vec<PropertyLine>,
}

/// A node, or the machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Node {
    /// Its name.
    pub name: String,
    /// Whether it takes work.
    pub ready: bool,
    /// What is wrong with it, each in a sentence.
    pub problems: Vec<String>,
    /// The version of what runs pods there.
    pub kubelet_version: String,
    /// What runs containers there.
    pub container_runtime: String,
    /// Its operating system.
    pub os: String,
    /// Its processor's kind.
    pub arch: String,
    /// Its processors, such as `2`.
    pub cpu: String,
    /// Its memory, such as `8Gi`.
    pub memory: String,
}

/// A runtime class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RuntimeClassEntry {
    /// Its name.
    pub name: String,
    /// What it stands for on the nodes.
    pub handler: String,
}

/// The network plugin, as far as it shows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Cni {
    /// Its name; `unknown` where it does not show.
    pub name: String,
}

/// What is known of policies.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkPolicySupport {
    /// Whether the plugin is known to enforce them. False says only that nobody knows.
    pub supported: bool,
    /// Why.
    pub details: String,
}

/// A class of storage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StorageClassEntry {
    /// Its name.
    pub name: String,
    /// Who provides it.
    pub provisioner: String,
}

/// For which enclave. Older command lines send a name that no enclave can have when they mean none: so it is a text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclavePreflightArgs {
    /// The enclave. What is missing of the server's own is told without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclave: Option<String>,
    /// The older word for `enclave`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
}

/// What is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclavePreflightAnswer {
    /// What was looked at.
    pub checks: Vec<Check>,
    /// The same, under its older name.
    pub results: Vec<Check>,
    /// Whether nothing is missing. A warning is nothing that is missing.
    #[serde(rename = "allPass")]
    pub all_pass: bool,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Check {
    /// What it is, in a word.
    pub name: String,
    /// Whether it is as it has to be.
    pub passed: bool,
    /// What is wrong, or could be better; empty where all is well.
    pub warning: String,
    /// The command that brings it; empty where nothing is to be done.
    pub remediation: String,
}

/// Which nodes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthNodesArgs {
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// A page of nodes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthNodesAnswer {
    /// The nodes, by name.
    pub nodes: Vec<Node>,
    /// How many of all take work.
    pub ready: u64,
    /// How many there are in all.
    pub total: u64,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// The cluster in numbers. It says nothing of any enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthClusterSummaryAnswer {
    /// `kubernetes`, `machine` or `simulator`.
    pub backend: String,
    /// `green`: all nodes take work; `amber`: some; `red`: none, or nobody knows.
    pub status: String,
    /// Why.
    pub reason: String,
    /// How many nodes there are.
    pub nodes: u64,
    /// How many of them take work.
    pub nodes_ready: u64,
    /// How many enclaves there are; for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enclaves: Option<u64>,
    /// How many tentacles there are; for operators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tentacles: Option<u64>,
    /// How old at most is what the server knows of the cluster, in seconds; absent while it is being read anew.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_age_seconds: Option<u64>,
}

/// Which enclave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HealthEnclaveUsageArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
}

/// How much of its share an enclave uses.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HealthEnclaveUsageAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// Its size.
    pub quota_preset: String,
    /// Of what, how much.
    pub resources: Vec<ResourceUse>,
    /// What the numbers are.
    pub measured: String,
}

/// How much of one thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ResourceUse {
    /// Of what: `cpu`, `memory`, `pods`, …
    pub name: String,
    /// How much is used, as the backend writes it.
    pub used: String,
    /// How much may be used.
    pub limit: String,
    /// The first of the second, in percent.
    pub percent: f64,
}
