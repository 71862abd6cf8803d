//! What stands in for nodes on a cluster that has none: it says of every pod that it is ready, or that it cannot be, and runs nothing.

use crate::cluster::Cluster;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::ResourceExt;
use serde_json::{Value, json};
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// For the pods of one namespace.
pub(crate) struct Kubelet(JoinHandle<()>);

impl Kubelet {
    pub(crate) fn start(cluster: &Cluster, namespace: &str) -> Self {
        let ready = json!({"type": "Ready", "status": "True"});
        let status = json!({"phase": "Running", "podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}],
            "conditions": [ready]});
        Self::saying(cluster, namespace, status)
    }

    /// One whose new pods do not start.
    pub(crate) fn without_images(cluster: &Cluster, namespace: &str) -> Self {
        let waiting = json!({"reason": "ErrImagePull", "message": "there is none"});
        let engine = json!({"name": "engine", "image": "", "imageID": "", "ready": false, "restartCount": 0,
            "state": {"waiting": waiting}});
        Self::saying(cluster, namespace, json!({"phase": "Pending", "containerStatuses": [engine]}))
    }

    /// One that says this of each pod that has no address yet.
    fn saying(cluster: &Cluster, namespace: &str, status: Value) -> Self {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        Self(tokio::spawn(async move {
            loop {
                let there = pods.list(&ListParams::default()).await;
                for pod in there.into_iter().flat_map(|list| list.items) {
                    if pod.status.as_ref().is_none_or(|status| status.pod_ip.is_none()) {
                        let change = Patch::Merge(json!({"status": status}));
                        // A pod that is just going needs to say nothing.
                        let _ = pods.patch_status(&pod.name_any(), &PatchParams::default(), &change).await;
                    }
                }
                tokio::time::sleep(LOOK_AGAIN).await;
            }
        }))
    }
}

impl Drop for Kubelet {
    fn drop(&mut self) {
        self.0.abort();
    }
}
