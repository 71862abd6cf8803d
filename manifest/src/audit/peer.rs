//! Whom a rule of a policy lets through.

use super::finding::Severity;
use crate::network::selector;
use crate::spec::EnclaveSpec;
use crate::tentacle::{GATEWAY, NAMED, PORT, SERVER};
use k8s_openapi::api::networking::v1::{IPBlock, NetworkPolicyPeer, NetworkPolicyPort};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;

/// The label with a namespace's own name, which nobody but the cluster can set.
const NAME: &str = "kubernetes.io/metadata.name";

/// The address from which clouds hand out credentials.
const METADATA: &str = "169.254.169.254";

/// Which way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    In,
    Out,
}

/// What is broken, how bad it is, and what the policy does.
type Broken = (&'static str, Severity, String);

/// Where a rule is wider than one of ours is: the server comes in at the port of tentacles, and they reach the gateway at one port.
pub(super) fn wider(
    spec: &EnclaveSpec,
    way: Way,
    (peers, ports): (&[NetworkPolicyPeer], &[NetworkPolicyPort]),
) -> Vec<Broken> {
    if peers.is_empty() {
        return vec![match way {
            Way::In => {
                ("ingress-from-everywhere", Severity::High, "lets everybody in, from everywhere".to_owned())
            }
            Way::Out => ("egress-to-everywhere", Severity::High, "lets pods out to everywhere".to_owned()),
        }];
    }
    let mut broken: Vec<Broken> = peers.iter().filter_map(|peer| of_peer(spec, way, peer)).collect();
    if broken.is_empty() && !is_narrow(way, ports) {
        let what = match way {
            Way::In => "lets the server in at other ports than that of tentacles",
            Way::Out => "lets pods out to the gateway at more than one port",
        };
        broken.push(("more-ports", Severity::Medium, what.to_owned()));
    }
    broken
}

/// Whether it is one port, and where the server comes in that of tentacles.
fn is_narrow(way: Way, ports: &[NetworkPolicyPort]) -> bool {
    let [NetworkPolicyPort { end_port: None, port: Some(IntOrString::Int(port)), protocol }] = ports else {
        return false;
    };
    let is_tcp = protocol.as_deref().is_none_or(|protocol| protocol == "TCP");
    is_tcp && (way == Way::Out || *port == i32::from(PORT))
}

fn of_peer(spec: &EnclaveSpec, way: Way, peer: &NetworkPolicyPeer) -> Option<Broken> {
    if let Some(block) = &peer.ip_block {
        return Some(of_addresses(way, block));
    }
    let Some(namespaces) = &peer.namespace_selector else {
        let what = match way {
            Way::In => "lets other pods of the enclave in",
            Way::Out => "lets pods talk to other pods of the enclave",
        };
        return Some(("within-the-enclave", Severity::Medium, format!("{what}: tentacles are kept apart")));
    };
    let named = name_of(namespaces);
    let meant = match way {
        Way::In => selector(NAMED, SERVER),
        Way::Out => selector(NAMED, GATEWAY),
    };
    if named == Some(spec.server.namespace.as_str()) && peer.pod_selector.as_ref() == Some(&meant) {
        return None;
    }
    let (whose, severity) = match named {
        Some(name) => (format!("the namespace `{name}`"), Severity::Medium),
        None if *namespaces == LabelSelector::default() => ("every namespace".to_owned(), Severity::High),
        None => ("whatever namespace has certain labels".to_owned(), Severity::High),
    };
    Some(match way {
        Way::In => ("ingress-from-namespaces", severity, format!("lets pods of {whose} in")),
        Way::Out => ("egress-to-namespaces", severity, format!("lets pods out to {whose}")),
    })
}

fn of_addresses(way: Way, block: &IPBlock) -> Broken {
    let all = block.cidr.ends_with("/0");
    let spared = block.except.iter().flatten().any(|range| range.starts_with("169.254."));
    let metadata = way == Way::Out && all && !block.cidr.contains(':') && !spared;
    let metadata = if metadata {
        format!(", {METADATA} included, where clouds hand out credentials")
    } else {
        String::new()
    };
    let severity = if all { Severity::High } else { Severity::Medium };
    let cidr = &block.cidr;
    match (way, all) {
        (Way::In, true) => ("ingress-from-everywhere", severity, format!("lets everybody in, from {cidr}")),
        (Way::In, false) => ("ingress-from-addresses", severity, format!("lets {cidr} in")),
        (Way::Out, true) => {
            ("egress-to-everywhere", severity, format!("lets pods out to {cidr}, past the gateway{metadata}"))
        }
        (Way::Out, false) => {
            ("egress-to-addresses", severity, format!("lets pods out to {cidr}, past the gateway"))
        }
    }
}

/// The one namespace that is meant by its name.
fn name_of(selector: &LabelSelector) -> Option<&str> {
    selector.match_labels.as_ref()?.get(NAME).map(String::as_str)
}
