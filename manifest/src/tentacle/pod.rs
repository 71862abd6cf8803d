//! The pod in which a version runs, and the deployment that keeps one of it.

use super::spec::{Behind, PORT, TentacleSpec};
use super::supply::{PASS, PLAN};
use super::{beside, code, supply};
use crate::annotation;
use crate::render::RenderError;
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Capabilities, Container, ContainerPort, EnvVar, HTTPGetAction, HostAlias, PodDNSConfig,
    PodSecurityContext, PodSpec, PodTemplateSpec, Probe, ResourceRequirements, SeccompProfile,
    SecurityContext, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;
use workflow::{ENVIRONMENT, Gateway, Layout, LayoutError, Limits, Listen, Sandbox, SecretName};

/// The container of a pod that runs the tentacle's code; others are its sidecars.
pub const CONTAINER: &str = "engine";

/// Where things are in the engine's image, and where its pod's volumes are.
const DENO: &str = "/usr/bin/deno";
const ENGINE: &str = "/engine";
const CODE: &str = "/code";
const SUPPLY: &str = "/supply";
const SECRETS: &str = "/secrets";

/// Nobody: the image has no account for it.
const USER: i64 = 65_534;

/// How long the cluster waits for an engine that ends, beyond the engine's own patience with the runs that go on.
const GRACE: Duration = Duration::from_secs(15);

/// How long a version may take until it is ready, in seconds.
const READY_WITHIN: i32 = 120;

/// What a pod asks for of memory and processor: an engine that waits. What it may use at most is in its limits.
const WAITING_MIB: u32 = 128;
const WAITING_MILLIS: u32 = 50;

/// The deployment: one pod, and while it is replaced the old one serves until the new one is ready.
///
/// # Errors
/// When a path does not fit into the engine's command line, which none here does.
pub fn deployment(spec: &TentacleSpec<'_>) -> Result<Deployment, RenderError> {
    let selector = LabelSelector { match_labels: Some(spec.selector()), ..LabelSelector::default() };
    let annotations = annotations(spec);
    let metadata = ObjectMeta { annotations: Some(annotations.clone()), ..spec.meta() };
    Ok(Deployment {
        metadata,
        spec: Some(DeploymentSpec {
            replicas: Some(1),
            revision_history_limit: Some(1),
            progress_deadline_seconds: Some(READY_WITHIN),
            selector,
            strategy: Some(DeploymentStrategy {
                type_: Some("RollingUpdate".to_owned()),
                rolling_update: Some(RollingUpdateDeployment {
                    max_surge: Some(IntOrString::Int(1)),
                    max_unavailable: Some(IntOrString::Int(0)),
                }),
            }),
            template: PodTemplateSpec {
                metadata: Some(ObjectMeta {
                    labels: Some(spec.labels()),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(spec)?),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    })
}

/// What deployment and pods say: which version they are, of which nodes, which secrets they hold, by name, and the word that
/// changes with what they are given.
pub(super) fn annotations(spec: &TentacleSpec<'_>) -> BTreeMap<String, String> {
    let sandbox = spec.sandbox;
    let nodes: Vec<&str> = sandbox.nodes.iter().map(|node| node.name.as_str()).collect();
    let secrets: Vec<&str> = sandbox.secrets.iter().map(SecretName::as_str).collect();
    let said = [
        (annotation::VERSION, sandbox.version.to_string()),
        (annotation::NODES, nodes.join(",")),
        (annotation::SECRETS, secrets.join(",")),
        (annotation::STANDING, spec.standing.to_owned()),
    ];
    said.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}

pub(super) fn pod(spec: &TentacleSpec<'_>) -> Result<PodSpec, LayoutError> {
    let runtime_class_name = match &spec.cluster.behind {
        Behind::RuntimeClass(name) => Some(name.clone()),
        Behind::Nothing => None,
    };
    Ok(PodSpec {
        containers: [container(spec)?]
            .into_iter()
            .chain(beside::containers(spec.sandbox, READY_WITHIN))
            .collect(),
        volumes: Some(volumes(spec)),
        runtime_class_name,
        automount_service_account_token: Some(false),
        enable_service_links: Some(false),
        termination_grace_period_seconds: i64::try_from((spec.sandbox.limits.drain + GRACE).as_secs()).ok(),
        // It asks no name service: names of its contract lead to the engine, and the gateway resolves all others.
        dns_policy: Some("None".to_owned()),
        dns_config: Some(PodDNSConfig {
            nameservers: Some(vec![Ipv4Addr::LOCALHOST.to_string()]),
            ..PodDNSConfig::default()
        }),
        host_aliases: host_aliases(spec.sandbox),
        security_context: Some(PodSecurityContext {
            run_as_non_root: Some(true),
            run_as_user: Some(USER),
            run_as_group: Some(USER),
            seccomp_profile: Some(runtime_default()),
            ..PodSecurityContext::default()
        }),
        ..PodSpec::default()
    })
}

fn container(spec: &TentacleSpec<'_>) -> Result<Container, LayoutError> {
    let mut command = spec.sandbox.engine_command(&layout(spec)?).into_iter();
    let program = command.next().into_iter().collect();
    Ok(Container {
        name: CONTAINER.to_owned(),
        image: Some(spec.cluster.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: Some(program),
        args: Some(command.collect()),
        env: Some(ENVIRONMENT.iter().map(|(name, value)| variable(name, value)).collect()),
        ports: Some(vec![ContainerPort {
            name: Some("runs".to_owned()),
            container_port: PORT.into(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        startup_probe: Some(probe(1, READY_WITHIN)),
        readiness_probe: Some(probe(5, 2)),
        liveness_probe: Some(probe(10, 6)),
        resources: Some(resources(&spec.sandbox.limits)),
        security_context: Some(walls()),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(mounts(spec)),
        ..Container::default()
    })
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

fn layout(spec: &TentacleSpec<'_>) -> Result<Layout, LayoutError> {
    let listen = Listen::Tcp(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, PORT));
    let plan = format!("{SUPPLY}/{PLAN}");
    let mut layout = Layout::new([DENO, ENGINE, CODE, &plan], listen)?.loading_first();
    if let (Some(gateway), Some(_)) = (spec.cluster.gateway, spec.pass) {
        layout = layout.with_gateway(Gateway::Tcp(gateway), &format!("{SUPPLY}/{PASS}"))?;
    }
    if !spec.sandbox.secrets.is_empty() {
        layout = layout.with_secrets(SECRETS)?;
    }
    Ok(layout)
}

/// Names that lead to the engine's own listeners, from where it goes on through the gateway.
fn host_aliases(sandbox: &Sandbox) -> Option<Vec<HostAlias>> {
    let named: BTreeMap<String, Ipv4Addr> =
        sandbox.forwards().into_iter().map(|forward| (forward.host, forward.at)).collect();
    let alias =
        |(host, at): (String, Ipv4Addr)| HostAlias { ip: at.to_string(), hostnames: Some(vec![host]) };
    (!named.is_empty()).then(|| named.into_iter().map(alias).collect())
}

fn volumes(spec: &TentacleSpec<'_>) -> Vec<Volume> {
    let volume = |name: &str| Volume { name: name.to_owned(), ..Volume::default() };
    let mut volumes = vec![
        Volume { config_map: Some(code::volume(spec)), ..volume("code") },
        Volume { secret: Some(supply::volume(spec)), ..volume("supply") },
    ];
    let secrets = supply::secrets_volume(spec);
    volumes.extend(secrets.map(|secrets| Volume { secret: Some(secrets), ..volume("secrets") }));
    volumes.extend(beside::volumes(spec.sandbox));
    volumes
}

fn mounts(spec: &TentacleSpec<'_>) -> Vec<VolumeMount> {
    let mut mounts = vec![("code", CODE), ("supply", SUPPLY)];
    if !spec.sandbox.secrets.is_empty() {
        mounts.push(("secrets", SECRETS));
    }
    let mount = |(name, path): (&str, &str)| VolumeMount {
        name: name.to_owned(),
        mount_path: path.to_owned(),
        read_only: Some(true),
        ..VolumeMount::default()
    };
    mounts.into_iter().map(mount).chain(beside::engine_mount(spec.sandbox)).collect()
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

fn resources(limits: &Limits) -> ResourceRequirements {
    ResourceRequirements {
        requests: Some(quantities(
            WAITING_MIB.min(limits.memory_mib),
            WAITING_MILLIS.min(limits.cpu_millis),
            16,
        )),
        // its log is all that it can write
        limits: Some(quantities(limits.memory_mib, limits.cpu_millis, 64)),
        ..ResourceRequirements::default()
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
