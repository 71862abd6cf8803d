//! What is known of a pod's sidecars.

use super::{ENGINE, Seen, statuses};
use k8s_openapi::api::core::v1::{Container, ContainerStateTerminated, ContainerStatus, Pod};
use kube::core::ResourceExt;
use manifest::annotation::STANDING;

/// Whether it has any.
pub(in super::super) fn has_sidecars(pod: &Pod) -> bool {
    pod.spec.as_ref().is_some_and(|spec| spec.containers.len() > 1)
}

/// The MiB that all containers of a pod may use together, and how many they are.
pub(super) fn together(pod: &Pod) -> Option<(u64, usize)> {
    let containers = &pod.spec.as_ref()?.containers;
    let mib = |container: &Container| {
        let amount = container.resources.as_ref()?.limits.as_ref()?.get("memory")?.0.strip_suffix("Mi")?;
        amount.parse::<u64>().ok()
    };
    Some((containers.iter().map(mib).sum::<Option<u64>>()?, containers.len()))
}

/// Whether the sandbox as a whole is made anew after it was ended: until then none of its containers can start.
pub(super) fn is_restarting(pod: &Pod) -> bool {
    let waits = |status: &ContainerStatus| {
        let end = last_end(status).filter(|end| end.reason.as_deref() == Some("StartError"));
        let names_it = || end.and_then(|end| end.message.as_deref()).is_some_and(|it| it.contains("sandbox"));
        !status.ready && end.is_some() && (has_sidecars(pod) || names_it())
    };
    !pod_is_new(pod) && statuses(pod).all(waits)
}

/// Whether nothing is known of its containers yet.
fn pod_is_new(pod: &Pod) -> bool {
    statuses(pod).next().is_none()
}

/// Why one of them does not start, where it will not by itself.
pub(super) fn why_not(pod: &Pod) -> Option<String> {
    if let Some(all) = used_up_together(pod) {
        return Some(all);
    }
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

/// Behind gVisor a pod is ended as a whole when all of it has used too much: who took the most is not known.
fn used_up_together(pod: &Pod) -> Option<String> {
    let killed = |status: &ContainerStatus| {
        let end = last_end(status);
        !status.ready && end.is_some_and(|end| end.reason.as_deref() == Some("OOMKilled"))
    };
    let (mib, _) = together(pod).filter(|_| has_sidecars(pod) && statuses(pod).all(killed))?;
    Some(format!("the engine and its sidecars used more memory than they may, {mib}Mi together"))
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

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(engine: Value, sidecar: Value) -> Pod {
        let container = |name: &str, mib: u32| json!({"name": name, "resources": {"limits": {"memory": format!("{mib}Mi")}}});
        let status = |name: &str, last: Value| {
            let waiting = json!({"waiting": {"reason": "CrashLoopBackOff"}});
            json!({"name": name, "image": "", "imageID": "", "ready": false, "restartCount": 1, "state": waiting,
                   "lastState": {"terminated": last}})
        };
        let spec = json!({"containers": [container("engine", 384), container("s", 64)]});
        let statuses = json!([status("engine", engine), status("s", sidecar)]);
        serde_json::from_value(json!({"spec": spec, "status": {"containerStatuses": statuses}})).unwrap()
    }

    fn end(reason: &str, message: &str) -> Value {
        json!({"exitCode": 3, "reason": reason, "message": message, "containerID": reason})
    }

    #[test]
    fn a_sidecar_that_ended_is_told_with_its_last_words() {
        let told = why_not(&pod(Value::Null, end("Error", "no model"))).unwrap();
        assert_eq!(told, "the sidecar `s`: it ended with code 3: no model");
        let told = why_not(&pod(Value::Null, end("OOMKilled", ""))).unwrap();
        assert_eq!(told, "the sidecar `s`: it used more memory than it may, 64Mi");
    }

    #[test]
    fn nobody_is_blamed_for_what_all_used_together() {
        let told = why_not(&pod(end("OOMKilled", ""), end("OOMKilled", ""))).unwrap();
        assert_eq!(told, "the engine and its sidecars used more memory than they may, 448Mi together");
        assert!(is_restarting(&pod(end("StartError", ""), end("StartError", ""))));
        assert!(!is_restarting(&pod(Value::Null, end("StartError", "no such program"))));
    }

    #[test]
    fn what_ended_before_is_not_told_again() {
        let before = pod(Value::Null, end("Error", "no model"));
        assert!(ended_since(&before, &before).is_empty());
        let after = pod(Value::Null, end("OOMKilled", ""));
        assert_eq!(
            ended_since(&before, &after),
            ["the sidecar `s` ended: it used more memory than it may, 64Mi"]
        );
    }
}
