//! What is known of a version without asking: whether it serves, and if not, why.

mod beside;

pub(super) use beside::{ended_since, has_sidecars, not_ready};

use super::objects::QUOTA_USED_UP;
use super::workloads::Seen;
use crate::backend::{BackendError, CopyState};
use k8s_openapi::api::core::v1::{ContainerState, ContainerStatus, Pod};
use kube::core::ResourceExt;
use manifest::annotation::STANDING;
use std::sync::Arc;

/// The container that runs a tentacle.
const ENGINE: &str = manifest::CONTAINER;

/// The most characters of a reason that a tentacle wrote itself.
const MOST: usize = 2000;

/// Reasons for which a container that waits will not start by itself soon.
const HOPELESS: [&str; 7] = [
    "CrashLoopBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
];

/// What stands in a version's way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Why {
    /// The tentacle itself, or its image.
    Tentacle(String),
    /// The enclave's quota.
    Quota(String),
}

impl Why {
    /// As an error.
    pub(super) fn into_error(self) -> BackendError {
        match self {
            Self::Tentacle(why) => BackendError::DoesNotStart(why),
            Self::Quota(why) => BackendError::NoRoom(why),
        }
    }
}

impl Seen {
    /// What it is wanted to be given: [`STANDING`].
    pub(super) fn standing(&self) -> Option<&str> {
        self.deployment.as_ref()?.annotations().get(STANDING).map(String::as_str)
    }

    /// Whether there is to be a pod of it.
    pub(super) fn is_wanted(&self) -> bool {
        let replicas = self.deployment.as_ref().and_then(|it| it.spec.as_ref()?.replicas);
        replicas.is_some_and(|replicas| replicas > 0)
    }

    /// Whether it may still come to serve by itself.
    pub(super) fn is_starting(&self) -> bool {
        let standing = self.standing().unwrap_or_default();
        self.is_wanted() && self.hopeless(standing).is_none()
    }

    /// The pod that takes runs: the newest one that is ready.
    pub(super) fn serving(&self) -> Option<&Arc<Pod>> {
        self.pods.iter().find(|pod| is_ready(pod))
    }

    /// Whether what is wanted, and that alone, serves: the pod was made with this standing.
    pub(super) fn serves(&self, standing: &str) -> bool {
        self.deployment.is_some() && self.ready(standing).is_some()
    }

    /// The pod that takes runs, if it was made with this standing.
    pub(super) fn ready(&self, standing: &str) -> Option<&Arc<Pod>> {
        let made_with = |pod: &&Arc<Pod>| pod.annotations().get(STANDING).is_some_and(|own| own == standing);
        self.serving().filter(made_with)
    }

    /// Why the pod with this standing will not be ready, as far as that is known by now: from the kubelet, which saw it, or
    /// from the cluster, which makes no pod.
    pub(super) fn hopeless(&self, standing: &str) -> Option<Why> {
        let made_with = |pod: &&Arc<Pod>| pod.annotations().get(STANDING).is_some_and(|own| own == standing);
        match self.pods.iter().find(made_with) {
            Some(pod) if beside::is_restarting(pod) => None,
            Some(pod) => {
                let own = || engine(pod).and_then(why_not);
                before(pod).or_else(|| beside::why_not(pod)).or_else(own).map(Why::Tentacle)
            }
            None => self.no_pod(),
        }
    }

    /// Why the cluster makes no pod.
    fn no_pod(&self) -> Option<Why> {
        let conditions = self.deployment.as_ref()?.status.as_ref()?.conditions.as_ref()?;
        let failure = conditions.iter().find(|it| it.type_ == "ReplicaFailure" && it.status == "True")?;
        let message = failure.message.as_deref().unwrap_or("for no reason that it tells");
        // What the cluster says is for whoever runs it; people hear what it means.
        tracing::warn!(message, "the cluster makes no pod of a tentacle");
        Some(match message.contains("exceeded quota") {
            true => Why::Quota(QUOTA_USED_UP.to_owned()),
            false => {
                Why::Tentacle("no sandbox can be made of it; an operator finds in the log why".to_owned())
            }
        })
    }
}

/// Whether a pod takes runs.
pub(super) fn is_ready(pod: &Pod) -> bool {
    let status = pod.status.as_ref();
    let conditions = status.and_then(|status| status.conditions.as_ref()).into_iter().flatten();
    let ready = conditions.into_iter().any(|it| it.type_ == "Ready" && it.status == "True");
    ready && pod.metadata.deletion_timestamp.is_none() && address(pod).is_some()
}

/// A pod as people hear of it.
pub(super) fn copy(pod: &Pod) -> CopyState {
    let engine = engine(pod);
    let restarts = statuses(pod).map(|status| u64::from(status.restart_count.unsigned_abs()));
    CopyState {
        name: pod.name_any(),
        ready: is_ready(pod),
        restarts: restarts.sum(),
        image: engine.map(|engine| engine.image.clone()).filter(|image| !image.is_empty()),
        node: pod.spec.as_ref().and_then(|spec| spec.node_name.clone()),
    }
}

/// How much memory a pod may use, as its own specification says it.
pub(super) fn memory(pod: &Pod) -> Option<String> {
    match beside::together(pod)? {
        (mib, 1) => Some(format!("{mib}Mi")),
        (mib, _) => Some(format!("{mib}Mi together with its sidecars")),
    }
}

/// Where a pod is.
pub(super) fn address(pod: &Pod) -> Option<&str> {
    pod.status.as_ref()?.pod_ip.as_deref()
}

/// Whether something of a pod was killed for want of memory, now or the last time. Behind gVisor a pod is one process of the
/// node, and who of it took the most is not known.
pub(super) fn ran_out_of_memory(pod: &Pod) -> bool {
    let killed = |state: &Option<ContainerState>| {
        let end = state.as_ref().and_then(|state| state.terminated.as_ref());
        end.is_some_and(|end| end.reason.as_deref() == Some("OOMKilled"))
    };
    statuses(pod).any(|status| killed(&status.state) || killed(&status.last_state))
}

/// Whether the engine that a pod had still runs.
pub(super) fn has_same_engine(before: &Pod, now: &Pod) -> bool {
    let Some(engine) = engine(now) else { return true };
    let is_over = engine.state.as_ref().is_some_and(|state| state.terminated.is_some());
    !is_over && engine.container_id == self::engine(before).and_then(|engine| engine.container_id.clone())
}

/// What is known of each container.
fn statuses(pod: &Pod) -> impl Iterator<Item = &ContainerStatus> {
    pod.status.iter().flat_map(|status| &status.container_statuses).flatten()
}

fn engine(pod: &Pod) -> Option<&ContainerStatus> {
    statuses(pod).find(|it| it.name == ENGINE)
}

/// Why what comes before the engine does not end as it is to.
fn before(pod: &Pod) -> Option<String> {
    let statuses = pod.status.iter().flat_map(|status| &status.init_container_statuses).flatten();
    let done = |status: &&ContainerStatus| {
        let end = status.state.as_ref().and_then(|state| state.terminated.as_ref());
        end.is_some_and(|end| end.exit_code == 0)
    };
    statuses.filter(|status| !done(status)).find_map(why_not)
}

/// Why a container does not start, where it will not by itself: what it said when it ended, or what the kubelet says.
fn why_not(engine: &ContainerStatus) -> Option<String> {
    let state = engine.state.as_ref()?;
    let ended = state.terminated.as_ref();
    let ended = ended.or_else(|| engine.last_state.as_ref()?.terminated.as_ref());
    if let Some(end) = ended {
        if end.reason.as_deref() == Some("OOMKilled") {
            return Some("it used more memory than it may before it was ready".to_owned());
        }
        let said = end.message.as_deref().map(last_words).filter(|said| !said.is_empty());
        return Some(said.unwrap_or_else(|| format!("it ended with code {}", end.exit_code)));
    }
    let waiting = state.waiting.as_ref()?;
    let reason = waiting.reason.as_deref().filter(|reason| HOPELESS.contains(reason))?;
    let message = waiting.message.as_deref().unwrap_or_default();
    tracing::warn!(reason, message, "a container of a tentacle waits for what does not come");
    Some(in_words(reason).to_owned())
}

/// What the cluster's word for it means; the word itself is in the log.
fn in_words(reason: &str) -> &'static str {
    match reason {
        "CrashLoopBackOff" => "it ends again and again",
        "InvalidImageName" => "its image is not named as images are",
        "ErrImagePull" | "ErrImageNeverPull" | "ImagePullBackOff" => "its image cannot be fetched",
        _ => "it cannot be made as it is to be; an operator finds in the log why",
    }
}

/// What an engine said last: the messages of its own lines, anything else as it is.
fn last_words(message: &str) -> String {
    let lines =
        message.lines().map(|line| crate::backend::log_line::LogLine::read(line).message().to_owned());
    let said = lines.collect::<Vec<_>>().join("\n");
    let said = said.strip_prefix("cannot start: ").unwrap_or(&said);
    said.chars().take(MOST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn pod(standing: &str, status: Value) -> Arc<Pod> {
        let metadata = json!({"name": "p", "annotations": {STANDING: standing}});
        Arc::new(serde_json::from_value(json!({"metadata": metadata, "status": status})).unwrap())
    }

    fn told(why: &str) -> Option<Why> {
        Some(Why::Tentacle(why.to_owned()))
    }

    fn ready() -> Value {
        json!({"podIP": "10.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]})
    }

    fn seen(pods: Vec<Arc<Pod>>) -> Seen {
        Seen { deployment: Some(Arc::default()), pods }
    }

    #[test]
    fn the_pod_that_is_wanted_serves_and_no_other() {
        let old = seen(vec![pod("a", ready())]);
        assert!(old.serves("a") && !old.serves("b"));
        assert!(!seen(vec![pod("b", json!({})), pod("a", ready())]).serves("b"));
        assert!(!seen(vec![pod("b", json!({"podIP": "10.0.0.1"}))]).serves("b"));
    }

    #[test]
    fn what_an_engine_said_last_is_the_reason() {
        let line = json!({"time": "t", "run": null, "node": null, "level": "error",
                          "message": "cannot start: hello: no default export"});
        let ended = json!({"exitCode": 1, "message": line.to_string()});
        let status = |state: Value, last: Value| {
            json!({"containerStatuses": [{"name": "engine", "image": "", "imageID": "", "ready": false,
                                          "restartCount": 1, "state": state, "lastState": last}]})
        };
        let crashed =
            status(json!({"waiting": {"reason": "CrashLoopBackOff"}}), json!({"terminated": ended}));
        assert_eq!(seen(vec![pod("a", crashed)]).hopeless("a"), told("hello: no default export"));
        let pulls = status(json!({"waiting": {"reason": "ContainerCreating"}}), json!({}));
        assert_eq!(seen(vec![pod("a", pulls)]).hopeless("a"), None);
        let no_image = json!({"waiting": {"reason": "ErrImagePull", "message": "no such image"}});
        let seen = seen(vec![pod("a", status(no_image, json!({})))]);
        assert_eq!(seen.hopeless("a"), told("its image cannot be fetched"));
    }

    #[test]
    fn what_comes_before_the_engine_says_why_it_does_not_start() {
        let line = json!({"time": "t", "run": null, "node": null, "level": "error",
                          "message": "cannot start: its modules are not what was fetched"});
        let before = |state: Value| {
            let engine = json!({"name": "engine", "image": "", "imageID": "", "ready": false, "restartCount": 0,
                                "state": {"waiting": {"reason": "PodInitializing"}}});
            let modules = json!({"name": "modules", "image": "", "imageID": "", "ready": false,
                                 "restartCount": 0, "state": state});
            json!({"initContainerStatuses": [modules], "containerStatuses": [engine]})
        };
        let ended = |code: i32| json!({"terminated": {"exitCode": code, "message": line.to_string()}});
        let seen = |state: Value| seen(vec![pod("a", before(state))]).hopeless("a");
        assert_eq!(seen(ended(1)), told("its modules are not what was fetched"));
        assert_eq!(seen(ended(0)), None);
        assert_eq!(seen(json!({"running": {}})), None);
    }

    #[test]
    fn a_quota_that_is_used_up_is_told() {
        let failure = json!({"type": "ReplicaFailure", "status": "True",
                             "message": "pods is forbidden: exceeded quota: tentacular-quota"});
        let deployment = json!({"status": {"conditions": [failure]}});
        let deployment = Some(Arc::new(serde_json::from_value(deployment).unwrap()));
        let told = Seen { deployment, pods: Vec::new() }.hopeless("a").unwrap();
        assert!(matches!(told, Why::Quota(_)), "{told:?}");
    }
}
