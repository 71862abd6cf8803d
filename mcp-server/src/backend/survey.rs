//! What there is to run on, what is missing, and how much is used: for operators, and in short for everybody.

pub use wire::tools::cluster::{
    Check, Cni, NetworkPolicySupport, Node, ResourceUse, RuntimeClassEntry, StorageClassEntry,
};

use std::collections::BTreeMap;

/// What there is to run on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Survey {
    /// The version of Kubernetes, or of the kernel.
    pub version: String,
    /// Whose it is.
    pub distribution: String,
    /// The nodes.
    pub nodes: Vec<Node>,
    /// The runtime classes.
    pub runtime_classes: Vec<RuntimeClassEntry>,
    /// Whether gVisor is there.
    pub gvisor: bool,
    /// The network plugin.
    pub cni: Cni,
    /// What is known of policies.
    pub network_policy: NetworkPolicySupport,
    /// Classes of storage.
    pub storage_classes: Vec<StorageClassEntry>,
    /// Drivers of storage.
    pub csi_drivers: Vec<String>,
    /// What is installed besides.
    pub extensions: BTreeMap<String, bool>,
    /// What could not be looked at, in plain words.
    pub unseen: Vec<String>,
}

/// What an enclave may use and uses.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Usage {
    /// Of what, how much.
    pub resources: Vec<ResourceUse>,
    /// What one container may use at most.
    pub each: BTreeMap<String, String>,
    /// To which Pod Security level it is held; empty where there is no such thing.
    pub pod_security: String,
    /// What the numbers are, in plain words.
    pub measured: &'static str,
}

/// A check: `wrong` says why it does not pass.
#[must_use]
pub fn check(name: &str, wrong: Option<String>, remedy: &str) -> Check {
    let passed = wrong.is_none();
    let remediation = if passed { String::new() } else { remedy.to_owned() };
    Check { name: name.to_owned(), passed, warning: wrong.unwrap_or_default(), remediation }
}

/// A check that passes, with something that could be better.
#[must_use]
pub fn warning(name: &str, could_be: Option<String>, remedy: &str) -> Check {
    Check { passed: true, ..check(name, could_be, remedy) }
}
