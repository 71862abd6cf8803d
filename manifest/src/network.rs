//! What may be talked to: nothing, but the cluster's name service by what is no tentacle.

use crate::annotation::TENTACLE;
use crate::spec::EnclaveSpec;
use k8s_openapi::api::networking::v1::{
    NetworkPolicy, NetworkPolicyEgressRule, NetworkPolicyPeer, NetworkPolicyPort, NetworkPolicySpec,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, LabelSelectorRequirement};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;

/// Denies all traffic to and from every pod of the enclave. Whatever else is allowed is a policy of its own.
#[must_use]
pub fn default_deny(spec: &EnclaveSpec) -> NetworkPolicy {
    NetworkPolicy {
        metadata: spec.meta("default-deny"),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(LabelSelector::default()),
            policy_types: Some(vec!["Ingress".to_owned(), "Egress".to_owned()]),
            ..NetworkPolicySpec::default()
        }),
    }
}

/// Allows every pod of the enclave to ask the cluster's name service, and only its pods; but for those of tentacles, which need
/// no names: what is asked for could be what somebody wants to tell.
#[must_use]
pub fn allow_dns(spec: &EnclaveSpec) -> NetworkPolicy {
    let port = |protocol: &str| NetworkPolicyPort {
        port: Some(IntOrString::Int(53)),
        protocol: Some(protocol.to_owned()),
        ..NetworkPolicyPort::default()
    };
    // both selectors in one peer: these pods of that namespace, not either
    let name_service = NetworkPolicyPeer {
        namespace_selector: Some(selector("kubernetes.io/metadata.name", "kube-system")),
        pod_selector: Some(selector("k8s-app", "kube-dns")),
        ..NetworkPolicyPeer::default()
    };
    NetworkPolicy {
        metadata: spec.meta("allow-dns"),
        spec: Some(NetworkPolicySpec {
            pod_selector: Some(no_tentacle()),
            policy_types: Some(vec!["Egress".to_owned()]),
            egress: Some(vec![NetworkPolicyEgressRule {
                ports: Some(vec![port("UDP"), port("TCP")]),
                to: Some(vec![name_service]),
            }]),
            ..NetworkPolicySpec::default()
        }),
    }
}

fn no_tentacle() -> LabelSelector {
    let unlabelled = LabelSelectorRequirement {
        key: TENTACLE.to_owned(),
        operator: "DoesNotExist".to_owned(),
        values: None,
    };
    LabelSelector { match_expressions: Some(vec![unlabelled]), match_labels: None }
}

pub(crate) fn selector(key: &str, value: &str) -> LabelSelector {
    LabelSelector {
        match_labels: Some(BTreeMap::from([(key.to_owned(), value.to_owned())])),
        ..LabelSelector::default()
    }
}
