//! What every pod and every container of a tentacle is held by, whatever is in it.

use super::spec::{Behind, ClusterSpec, PORT};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EnvVar, HTTPGetAction, PodDNSConfig, PodSecurityContext, PodSpec,
    Probe, SeccompProfile, SecurityContext, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use workflow::ENVIRONMENT;

/// Where things are in the engine's image, and where its pods' volumes are.
pub(super) const DENO: &str = "/usr/bin/deno";
pub(super) const ENGINE: &str = "/engine";
pub(super) const SUPPLY: &str = "/supply";

/// Nobody: the image has no account for it.
const USER: i64 = 65_534;

/// A pod with nothing in it yet.
pub(super) fn pod(cluster: &ClusterSpec) -> PodSpec {
    let runtime_class_name = match &cluster.behind {
        Behind::RuntimeClass(name) => Some(name.clone()),
        Behind::Nothing => None,
    };
    PodSpec {
        runtime_class_name,
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        // It asks no name service: names of its contract lead to the engine, and the gateway resolves all others.
        dns_policy: Some("None".to_owned()),
        dns_config: Some(PodDNSConfig {
            nameservers: Some(vec![Ipv4Addr::LOCALHOST.to_string()]),
            ..PodDNSConfig::default()
        }),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            seccomp_profile: Some(runtime_default()),
            ..PodSecurityContext::default()
        }),
        ..PodSpec::default()
    }
}

/// A container of the engine's image with one of its programs, which ends.
pub(super) fn program(cluster: &ClusterSpec, name: &str, command: Vec<String>) -> Container {
    let mut command = command.into_iter();
    let program = command.next().into_iter().collect();
    Container {
        name: name.to_owned(),
        image: Some(cluster.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(program),
        args: Some(command.collect()),
        env: Some(ENVIRONMENT.iter().map(|(name, value)| variable(name, value)).collect()),
        security_context: Some(walls()),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        ..Container::default()
    }
}

/// The same with one that serves at [`PORT`], from at most so many seconds on.
pub(super) fn serving(
    cluster: &ClusterSpec,
    name: &str,
    command: Vec<String>,
    ready_within: i32,
) -> Container {
    Container {
        ports: Some(vec![ContainerPort {
            name: Some("runs".to_owned()),
            container_port: PORT.into(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        startup_probe: Some(probe(1, ready_within)),
        readiness_probe: Some(probe(5, 2)),
        liveness_probe: Some(probe(10, 6)),
        ..program(cluster, name, command)
    }
}

/// A folder that is only read.
pub(super) fn read_only(name: &str, path: &str) -> VolumeMount {
    VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    }
}

/// What holds each container of a pod.
pub(super) fn walls() -> SecurityContext {
    SecurityContext {
        allow_privilege_escalation: Some(false),
        read_only_root_filesystem: Some(true),
        run_as_non_root: Some(true),
        privileged: Some(false),
        capabilities: Some(Capabilities { drop: Some(vec!["ALL".to_owned()]), add: None }),
        seccomp_profile: Some(runtime_default()),
        ..SecurityContext::default()
    }
}

/// Asked every so many seconds whether it is well; after so many times that it is not, it is believed.
fn probe(period: i32, failures: i32) -> Probe {
    Probe {
        http_get: Some(HTTPGetAction {
            path: Some("/health".to_owned()),
            port: IntOrString::Int(PORT.into()),
            scheme: Some("HTTP".to_owned()),
            ..HTTPGetAction::default()
        }),
        period_seconds: Some(period),
        failure_threshold: Some(failures),
        timeout_seconds: Some(5),
        ..Probe::default()
    }
}

/// Memory, processor time, and the node's disk, in MiB, thousandths and MiB.
pub(super) fn quantities(mib: u32, millis: u32, disk: u32) -> BTreeMap<String, Quantity> {
    BTreeMap::from([
        ("memory".to_owned(), Quantity(format!("{mib}Mi"))),
        ("cpu".to_owned(), Quantity(format!("{millis}m"))),
        ("ephemeral-storage".to_owned(), Quantity(format!("{disk}Mi"))),
    ])
}

fn runtime_default() -> SeccompProfile {
    SeccompProfile { type_: "RuntimeDefault".to_owned(), localhost_profile: None }
}

pub(super) fn variable(name: &str, value: &str) -> EnvVar {
    EnvVar { name: name.to_owned(), value: Some(value.to_owned()), value_from: None }
}
