//! What a version talks to on the cluster's network: the server asks it, and it asks the gateway, where its contract names
//! anything at all. Hosts are the gateway's business: a policy of the cluster knows addresses only.

use super::named::Named;
use super::spec::{ClusterSpec, PORT, TentacleSpec};
use crate::network::selector;
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyIngressRule, NetworkPolicyPeer, NetworkPolicyPort,
    NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The names by which the server's and the gateway's pods are known, in the server's namespace.
pub(crate) const SERVER: &str = "tentacular-mcp";
pub(crate) const GATEWAY: &str = "tentacular-egress";
/// The label that has them.
pub(crate) const NAMED: &str = "app.kubernetes.io/name";

/// The policy of its pods. What it does not allow the enclave's `default-deny` denies.
#[must_use]
pub fn policy(spec: &TentacleSpec<'_>) -> NetworkPolicy {
    let reaches = !spec.sandbox.egress.is_empty();
    let gateway = spec.cluster.gateway.filter(|_| reaches);
    of(&spec.named(), spec.cluster, gateway.map(|gateway| gateway.port()))
}

/// The policy of such pods: the server comes in, and they reach the gateway at this port.
pub(super) fn of(named: &Named<'_>, cluster: &ClusterSpec, gateway: Option<u16>) -> NetworkPolicy {
    let from_server =
        NetworkPolicyIngressRule { from: Some(vec![pods(cluster, SERVER)]), ports: Some(vec![tcp(PORT)]) };
    let to_gateway = |port: u16| NetworkPolicyEgressRule {
        to: Some(vec![pods(cluster, GATEWAY)]),
        ports: Some(vec![tcp(port)]),
    };
    NetworkPolicy {
        metadata: named.meta(),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector {
                match_labels: Some(named.selector()),
                ..LabelSelector::default()
            }),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ingress: Some(vec![from_server]),
            egress: Some(gateway.map(to_gateway).into_iter().collect()),
        }),
    }
}

/// Both selectors in one peer: these pods of that namespace, not either.
fn pods(cluster: &ClusterSpec, name: &str) -> NetworkPolicyPeer {
    NetworkPolicyPeer {
        namespace_selector: Some(selector("kubernetes.io/metadata.name", &cluster.server.namespace)),
        pod_selector: Some(selector(NAMED, name)),
        ..NetworkPolicyPeer::default()
    }
}

fn tcp(port: u16) -> NetworkPolicyPort {
    NetworkPolicyPort {
        port: Some(IntOrString::Int(port.into())),
        protocol: Some("TCP".to_owned()),
        ..NetworkPolicyPort::default()
    }
}
