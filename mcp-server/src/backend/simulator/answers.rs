//! What the simulator says of itself: there is nothing to look at, and none of it looks like something that holds.

use crate::backend::Audited;
use crate::backend::survey::{Check, Cni, NetworkPolicySupport, Node, Survey, check};

/// Why there is nothing.
const WHY: &str = "this server simulates: no code is run here";

/// Nothing was amiss, because nothing was there.
pub(super) fn audited() -> Audited {
    Audited { unseen: vec![format!("any wall: {WHY}")], ..Audited::default() }
}

/// What there is to run on: nothing that takes work.
pub(super) fn surveyed() -> Survey {
    let node = Node {
        name: "simulator".to_owned(),
        ready: false,
        problems: vec![WHY.to_owned()],
        kubelet_version: String::new(),
        container_runtime: String::new(),
        os: String::new(),
        arch: String::new(),
        cpu: String::new(),
        memory: String::new(),
    };
    Survey {
        distribution: "simulator".to_owned(),
        nodes: vec![node],
        cni: Cni { name: "none".to_owned() },
        network_policy: NetworkPolicySupport { supported: false, details: WHY.to_owned() },
        ..Survey::default()
    }
}

/// What is missing to run anything.
pub(super) fn missing() -> Vec<Check> {
    vec![check("sandbox", Some(WHY.to_owned()), "mcp-server --backend machine")]
}
