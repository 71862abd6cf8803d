//! What the cluster is, as far as it shows to whoever may ask.

use super::objects::{Cluster, failed};
use crate::backend::BackendError;
use crate::backend::survey::{Cni, NetworkPolicySupport, Node, RuntimeClassEntry, StorageClassEntry, Survey};
use k8s_openapi::api::core::v1::Node as ClusterNode;
use k8s_openapi::api::node::v1::RuntimeClass;
use k8s_openapi::api::storage::v1::{CSIDriver, StorageClass};
use kube::api::ListParams;
use kube::core::{Resource, ResourceExt};
use kube::{Api, Error};
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;
use tokio::time::timeout;

/// How many of a kind are looked at.
const MOST: u32 = 500;

/// How long all of it may take.
const WITHIN: Duration = Duration::from_secs(15);

/// Network plugins by the group of their own kinds, and whether they enforce policies.
const PLUGINS: [(&str, &str, bool); 5] = [
    ("cilium.io", "cilium", true),
    ("crd.projectcalico.org", "calico", true),
    ("k8s.ovn.org", "ovn-kubernetes", true),
    ("crd.antrea.io", "antrea", true),
    ("kubeovn.io", "kube-ovn", true),
];

/// What is worth knowing of, by the group of its kinds.
const EXTENSIONS: [(&str, &str); 7] = [
    ("istio", "networking.istio.io"),
    ("certManager", "cert-manager.io"),
    ("gatewayApi", "gateway.networking.k8s.io"),
    ("prometheusOperator", "monitoring.coreos.com"),
    ("externalSecrets", "external-secrets.io"),
    ("spire", "spire.spiffe.io"),
    ("metricsServer", "metrics.k8s.io"),
];

/// Looks at the cluster.
pub(super) async fn survey(cluster: &Cluster) -> Result<Survey, BackendError> {
    let late =
        || BackendError::Unreachable(format!("the cluster did not answer within {} s", WITHIN.as_secs()));
    timeout(WITHIN, look(cluster)).await.map_err(|_| late())?
}

async fn look(cluster: &Cluster) -> Result<Survey, BackendError> {
    let client = cluster.client();
    let version = client.apiserver_version().await.map_err(failed)?.git_version;
    let groups = client.list_api_groups().await.map_err(failed)?.groups;
    let has = |group: &str| groups.iter().any(|there| there.name == group);
    let mut unseen = Vec::new();
    let nodes: Vec<ClusterNode> = list(cluster, &mut unseen).await?;
    let classes: Vec<RuntimeClass> = list(cluster, &mut unseen).await?;
    let storage: Vec<StorageClass> = list(cluster, &mut unseen).await?;
    let drivers: Vec<CSIDriver> = list(cluster, &mut unseen).await?;
    let plugin = PLUGINS.into_iter().find(|(group, ..)| has(group));
    let runtime_classes: Vec<RuntimeClassEntry> = classes
        .iter()
        .map(|class| RuntimeClassEntry { name: class.name_any(), handler: class.handler.clone() })
        .collect();
    Ok(Survey {
        distribution: distribution(&version).to_owned(),
        nodes: nodes.iter().map(node).collect(),
        gvisor: runtime_classes
            .iter()
            .any(|class| class.handler.contains("runsc") || class.handler.contains("gvisor")),
        runtime_classes,
        cni: Cni { name: plugin.map_or("unknown", |(_, name, _)| name).to_owned() },
        network_policy: policies(plugin),
        storage_classes: storage
            .iter()
            .map(|class| StorageClassEntry { name: class.name_any(), provisioner: class.provisioner.clone() })
            .collect(),
        csi_drivers: drivers.iter().map(ResourceExt::name_any).collect(),
        extensions: EXTENSIONS.into_iter().map(|(name, group)| (name.to_owned(), has(group))).collect(),
        version,
        unseen,
    })
}

/// All of a kind that lies in no namespace, up to a number.
async fn list<K>(cluster: &Cluster, unseen: &mut Vec<String>) -> Result<Vec<K>, BackendError>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
{
    let kinds = K::plural(&());
    match Api::<K>::all(cluster.client()).list(&ListParams::default().limit(MOST)).await {
        Ok(page) => {
            if page.metadata.continue_.as_ref().is_some_and(|more| !more.is_empty()) {
                unseen.push(format!("{kinds}: there are more than {MOST}"));
            }
            Ok(page.items)
        }
        Err(Error::Api(status)) if status.code == 403 => {
            unseen.push(format!("{kinds}: the server may not list them"));
            Ok(Vec::new())
        }
        Err(error) => Err(failed(error)),
    }
}

fn distribution(version: &str) -> &'static str {
    let known = ["k3s", "rke2", "eks", "gke", "aks", "k0s"];
    known.into_iter().find(|name| version.contains(name)).unwrap_or("kubernetes")
}

fn policies(plugin: Option<(&str, &str, bool)>) -> NetworkPolicySupport {
    match plugin {
        Some((_, name, true)) => NetworkPolicySupport {
            supported: true,
            details: format!("{name} is installed, which enforces policies"),
        },
        _ => NetworkPolicySupport {
            supported: false,
            details: "no network plugin shows that is known to enforce policies: try it".to_owned(),
        },
    }
}

fn node(node: &ClusterNode) -> Node {
    let status = node.status.clone().unwrap_or_default();
    let info = status.node_info.unwrap_or_default();
    let conditions = status.conditions.unwrap_or_default();
    let is_ready = conditions.iter().any(|it| it.type_ == "Ready" && it.status == "True");
    let cordoned = node.spec.as_ref().is_some_and(|spec| spec.unschedulable == Some(true));
    // The others say what is wrong when they hold; `Ready` when it does not.
    let mut problems: Vec<String> = conditions
        .iter()
        .filter(|it| (it.type_ == "Ready") != (it.status == "True"))
        .map(|it| {
            format!(
                "{} is {}: {}",
                it.type_,
                it.status,
                it.message.as_deref().unwrap_or("no reason is given")
            )
        })
        .collect();
    if cordoned {
        problems.push("it takes no new pods: it is cordoned".to_owned());
    }
    let capacity = status.capacity.unwrap_or_default();
    let amount = |of: &str| capacity.get(of).map(|amount| amount.0.clone()).unwrap_or_default();
    Node {
        name: node.name_any(),
        ready: is_ready && !cordoned,
        problems,
        kubelet_version: info.kubelet_version,
        container_runtime: info.container_runtime_version,
        os: info.os_image,
        arch: info.architecture,
        cpu: amount("cpu"),
        memory: amount("memory"),
    }
}

/// What an enclave's objects say of its share: the amounts of each by name.
pub(super) fn amounts(
    amounts: Option<&BTreeMap<String, k8s_openapi::apimachinery::pkg::api::resource::Quantity>>,
) -> BTreeMap<String, String> {
    amounts.into_iter().flatten().map(|(name, amount)| (name.clone(), amount.0.clone())).collect()
}
