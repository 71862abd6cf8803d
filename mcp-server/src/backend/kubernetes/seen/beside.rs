//! What is known of a pod's sidecars.

use super::{ENGINE, Seen, statuses};
use k8s_openapi::api::core::v1::{ContainerStateTerminated, ContainerStatus, Pod};
use kube::core::ResourceExt;
use manifest::annotation::STANDING;

/// Whether it has any.
pub(in super::super) fn has_sidecars(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| spec.containers.len() > 1)
}

/// Why one of them does not start, where it will not by itself.
pub(super) fn why_not(pod: &Pod) -> Option<String> {
    sidecars(pod).filter(|status| !status.ready).find_map(|status| {
        let why = match last_end(status) {
            Some(end) => how(pod, &status.name, end),
            None => super::why_not(status)?,
        };
        Some(format!("the sidecar `{}`: {why}", status.name))
    })
}

/// Which of them ended since a pod was looked at, and how.
pub(in super::super) fn ended_since(before: &Pod, now: &Pod) -> Vec<String> {
    let ends = |pod: &Pod, name: &str| {
        let status = sidecars(pod).find(|status| status.name == name)?;
        last_end(status)?.container_id.clone()
    };
    let ended = sidecars(now).filter(|status| ends(before, &status.name) != ends(now, &status.name));
    let told = |status: &ContainerStatus| {
        let end = last_end(status)?;
        Some(format!("the sidecar `{}` ended: {}", status.name, how(now, &status.name, end)))
    };
    ended.filter_map(told).collect()
}

/// What of the pod with this standing is not ready, for whoever waited in vain.
pub(in super::super) fn not_ready(seen: &Seen, standing: &str) -> Option<String> {
    let made_with =
        |pod: &&std::sync::Arc<Pod>| pod.annotations().get(STANDING).is_some_and(|own| own == standing);
    let pod = seen.pods.iter().find(made_with)?;
    let waits = sidecars(pod).find(|status| !status.ready)?;
    Some(format!("the sidecar `{}` does not answer at its port, on all addresses", waits.name))
}

fn sidecars(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    statuses(pod).filter(|status| status.name != ENGINE)
}

/// How a container ended last.
fn last_end(status: &ContainerStatus) -> Option<&ContainerStateTerminated> {
    let now = status.state.as_ref().and_then(|state| state.terminated.as_ref());
    now.or_else(|| status.last_state.as_ref().and_then(|state| state.terminated.as_ref()))
}

fn how(pod: &Pod, name: &str, end: &ContainerStateTerminated) -> String {
    if end.reason.as_deref() == Some("OOMKilled") {
        return format!("it used more memory than it may, {}", memory(pod, name).unwrap_or("little"));
    }
    let said = end.message.as_deref().map(super::last_words).filter(|said| !said.is_empty());
    let code = format!("it ended with code {}", end.exit_code);
    said.map_or_else(|| code.clone(), |said| format!("{code}: {said}"))
}

fn memory<'a>(pod: &'a Pod, name: &str) -> Option<&'a str> {
    let container = pod.spec.as_ref()?.containers.iter().find(|it| it.name == name)?;
    Some(container.resources.as_ref()?.limits.as_ref()?.get("memory")?.0.as_str())
}
