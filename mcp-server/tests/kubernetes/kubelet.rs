//! What stands in for nodes on a cluster that has none: it says of every pod that it is ready, and runs nothing.

use crate::cluster::Cluster;
use k8s_openapi::api::core::v1::Pod;
use kube::Api;
use kube::api::{ListParams, Patch, PatchParams};
use kube::core::ResourceExt;
use serde_json::json;
use std::time::Duration;
use tokio::task::JoinHandle;

/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// For the pods of one namespace.
pub(crate) struct Kubelet(JoinHandle<()>);

impl Kubelet {
    pub(crate) fn start(cluster: &Cluster, namespace: &str) -> Self {
        let pods: Api<Pod> = Api::namespaced(cluster.client.clone(), namespace);
        Self(tokio::spawn(async move {
            loop {
                let there = pods.list(&ListParams::default()).await;
                for pod in there.into_iter().flat_map(|list| list.items) {
                    if pod.status.as_ref().is_none_or(|status| status.pod_ip.is_none()) {
                        let ready = json!({"type": "Ready", "status": "True"});
                        let status = json!({"phase": "Running", "podIP": "10.9.9.9", "podIPs": [{"ip": "10.9.9.9"}],
                            "conditions": [ready]});
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
