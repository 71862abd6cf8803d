//! The sidecars of a pod: containers that are held as the engine is, see none of its volumes, and share one folder with it.

use super::walls::{quantities, variable, walls};
use k8s_openapi::api::core::v1::{
    Container, ContainerPort, EmptyDirVolumeSource, HTTPGetAction, Probe, ResourceRequirements,
    TCPSocketAction, Volume, VolumeMount,
};
use k8s_openapi::apimachinery::pkg::api::resource::Quantity;
use k8s_openapi::apimachinery::pkg::util::intstr::IntOrString;
use workflow::{Sandbox, Sidecar};

/// The volume of the shared folder.
const SHARED: &str = "shared";

/// Where a sidecar may write besides.
const SCRATCH: &str = "/tmp";

/// MiB of the node's disk for its log, which is all that it writes there.
const LOG_MIB: u32 = 64;

/// The containers.
pub(super) fn containers(sandbox: &Sandbox, ready_within: i32) -> impl Iterator<Item = Container> + '_ {
    sandbox.sidecars.iter().map(move |sidecar| container(sidecar, ready_within))
}

/// Their volumes, in memory, each with its size; none where there are no sidecars.
pub(super) fn volumes(sandbox: &Sandbox) -> impl Iterator<Item = Volume> + '_ {
    let shared = (!sandbox.sidecars.is_empty()).then(|| volume(SHARED.to_owned(), Sidecar::SHARED_MIB));
    let scratch = sandbox.sidecars.iter().map(|sidecar| volume(scratch(sidecar), Sidecar::SCRATCH_MIB));
    shared.into_iter().chain(scratch)
}

/// Where the engine has the shared folder; nowhere where no node does.
pub(super) fn engine_mount(sandbox: &Sandbox) -> Option<VolumeMount> {
    let shares = sandbox.nodes.iter().any(|node| !node.sidecars.is_empty());
    shares.then(|| mount(SHARED.to_owned(), Sidecar::SHARED))
}

fn container(sidecar: &Sidecar, ready_within: i32) -> Container {
    let words = |words: &[String]| {
        (!words.is_empty()).then(|| words.iter().map(|word| literal(word)).collect::<Vec<_>>())
    };
    let env: Vec<_> = sidecar.env.iter().map(|(name, value)| variable(name, &literal(value))).collect();
    Container {
        name: sidecar.name.to_string(),
        image: Some(sidecar.image.clone()),
        image_pull_policy: Some("IfNotPresent".to_owned()),
        command: words(&sidecar.command),
        args: words(&sidecar.args),
        env: (!env.is_empty()).then_some(env),
        ports: Some(vec![ContainerPort {
            container_port: sidecar.port.into(),
            protocol: Some("TCP".to_owned()),
            ..ContainerPort::default()
        }]),
        startup_probe: Some(probe(sidecar, 1, ready_within)),
        readiness_probe: Some(probe(sidecar, 5, 2)),
        liveness_probe: Some(probe(sidecar, number(Sidecar::ASKED_EVERY), number(Sidecar::BELIEVED_AFTER))),
        resources: Some(ResourceRequirements {
            requests: Some(quantities(sidecar.requests.memory_mib, sidecar.requests.cpu_millis, 16)),
            limits: Some(quantities(sidecar.limits.memory_mib, sidecar.limits.cpu_millis, LOG_MIB)),
            ..ResourceRequirements::default()
        }),
        security_context: Some(walls()),
        termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
        volume_mounts: Some(vec![
            mount(SHARED.to_owned(), Sidecar::SHARED),
            mount(scratch(sidecar), SCRATCH),
        ]),
        ..Container::default()
    }
}

/// As a cluster counts.
fn number(count: u32) -> i32 {
    i32::try_from(count).unwrap_or(i32::MAX)
}

/// Asked every so many seconds whether it is well; after so many times that it is not, it is believed.
fn probe(sidecar: &Sidecar, period: i32, failures: i32) -> Probe {
    let port = IntOrString::Int(sidecar.port.into());
    let probe = Probe {
        period_seconds: Some(period),
        failure_threshold: Some(failures),
        timeout_seconds: Some(5),
        ..Probe::default()
    };
    match &sidecar.health_path {
        Some(path) => Probe {
            http_get: Some(HTTPGetAction {
                path: Some(path.clone()),
                port,
                scheme: Some("HTTP".to_owned()),
                ..HTTPGetAction::default()
            }),
            ..probe
        },
        None => Probe { tcp_socket: Some(TCPSocketAction { port, host: None }), ..probe },
    }
}

/// A word as it is: a cluster puts variables in the place of `$(NAME)`, and takes `$$` for `$`.
fn literal(word: &str) -> String {
    word.replace('$', "$$")
}

/// The name of the volume of a sidecar's own folder. A name of a volume has 63 characters, and a sidecar's may have as many.
fn scratch(sidecar: &Sidecar) -> String {
    format!("scratch-{}", sidecar.port)
}

fn volume(name: String, mib: u32) -> Volume {
    let empty_dir = EmptyDirVolumeSource {
        medium: Some("Memory".to_owned()),
        size_limit: Some(Quantity(format!("{mib}Mi"))),
    };
    Volume { name, empty_dir: Some(empty_dir), ..Volume::default() }
}

fn mount(name: String, path: &str) -> VolumeMount {
    VolumeMount { name, mount_path: path.to_owned(), ..VolumeMount::default() }
}
