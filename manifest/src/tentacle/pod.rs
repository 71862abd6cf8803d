//! The pod in which a version runs, and the deployment that keeps one of it.

use super::spec::{PORT, TentacleSpec};
use super::supply::{PASS, PLAN};
use super::walls::{self, DENO, ENGINE, SUPPLY, quantities, read_only};
use super::{beside, code, packed, supply};
use crate::annotation;
use crate::fields::fields;
use crate::render::{RenderError, json};
use k8s_openapi::api::apps::v1::{Deployment, DeploymentSpec, DeploymentStrategy, RollingUpdateDeployment};
use k8s_openapi::api::core::v1::{
    Container, HostAlias, PodSpec, PodTemplateSpec, ResourceRequirements, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;
use workflow::{Gateway, Layout, LayoutError, Limits, Listen, Sandbox, SecretName};

/// The container of a pod that runs the tentacle's code; others are its sidecars.
pub const CONTAINER: &str = "engine";

/// Where its volumes are.
const CODE: &str = "/code";
const SECRETS: &str = "/secrets";
pub(super) const MODULES: &str = "/modules";

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
    let named = spec.named();
    let selector = LabelSelector { match_labels: Some(named.selector()), ..LabelSelector::default() };
    let annotations = annotations(spec);
    let metadata = ObjectMeta { annotations: Some(annotations.clone()), ..named.meta() };
    let deployment = Deployment {
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
                    labels: Some(named.labels()),
                    annotations: Some(annotations),
                    ..ObjectMeta::default()
                }),
                spec: Some(pod(spec)?),
            },
            ..DeploymentSpec::default()
        }),
        ..Deployment::default()
    };
    saying_its_fields(deployment)
}

/// The same, with the fields that it sets on it: that somebody took one away is noted nowhere else.
fn saying_its_fields(mut deployment: Deployment) -> Result<Deployment, RenderError> {
    let mut say = |fields: String| {
        let said = deployment.metadata.annotations.get_or_insert_default();
        said.insert(annotation::FIELDS.to_owned(), fields);
        json(&deployment)
    };
    // It is one of them itself.
    let with_itself = say(String::new())?;
    say(fields(&with_itself).to_string())?;
    Ok(deployment)
}

/// What deployment and pods say: which version they are, of which nodes, which secrets they hold, by name, and the words that
/// change with what they are given.
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
    let passing = spec.pass.map(|_| (annotation::PASSING, spec.passing.to_owned()));
    said.into_iter().chain(passing).map(|(key, value)| (key.to_owned(), value)).collect()
}

pub(super) fn pod(spec: &TentacleSpec<'_>) -> Result<PodSpec, LayoutError> {
    let before: Vec<Container> = packed::unpacking(spec)?.into_iter().collect();
    Ok(PodSpec {
        init_containers: (!before.is_empty()).then_some(before),
        containers: [container(spec)?]
            .into_iter()
            .chain(beside::containers(spec.sandbox, READY_WITHIN))
            .collect(),
        volumes: Some(volumes(spec)),
        termination_grace_period_seconds: i64::try_from((spec.sandbox.limits.drain + GRACE).as_secs()).ok(),
        host_aliases: host_aliases(spec.sandbox),
        ..walls::pod(spec.cluster)
    })
}

fn container(spec: &TentacleSpec<'_>) -> Result<Container, LayoutError> {
    let command = spec.sandbox.engine_command(&layout(spec)?);
    Ok(Container {
        resources: Some(resources(&spec.sandbox.limits, packed::room_mib(spec))),
        volume_mounts: Some(mounts(spec)),
        ..walls::serving(spec.cluster, CONTAINER, command, READY_WITHIN)
    })
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
    if spec.modules.is_some() {
        layout = layout.with_modules(MODULES)?;
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
    volumes.extend(packed::volumes(spec));
    volumes.extend(beside::volumes(spec.sandbox));
    volumes
}

fn mounts(spec: &TentacleSpec<'_>) -> Vec<VolumeMount> {
    let mut mounts = vec![("code", CODE), ("supply", SUPPLY)];
    if !spec.sandbox.secrets.is_empty() {
        mounts.push(("secrets", SECRETS));
    }
    if spec.modules.is_some() {
        mounts.push((packed::UNPACKED, MODULES));
    }
    let mount = |(name, path)| read_only(name, path);
    mounts.into_iter().map(mount).chain(beside::engine_mount(spec.sandbox)).collect()
}

/// What an engine asks for and what it may use, with so much of memory for its modules.
pub(super) fn resources(limits: &Limits, modules_mib: u32) -> ResourceRequirements {
    let waiting = WAITING_MIB.min(limits.memory_mib) + modules_mib;
    ResourceRequirements {
        requests: Some(quantities(waiting, WAITING_MILLIS.min(limits.cpu_millis), 16)),
        // its log is all that it can write
        limits: Some(quantities(limits.memory_mib + modules_mib, limits.cpu_millis, 64)),
        ..ResourceRequirements::default()
    }
}
