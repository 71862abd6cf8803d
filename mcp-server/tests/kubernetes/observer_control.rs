//! The control of the observer: it finds fault with what is not safe.

use crate::cluster::Cluster;
use crate::observer::Observer;
use crate::site::unique;
use k8s_openapi::api::core::v1::{Namespace, ServiceAccount};
use kube::Api;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use manifest::{EnclaveSpec, FIELD_MANAGER, Mirror, QuotaPreset, ServerAccount, Status};
use serde_json::json;

fn spec(name: &str) -> EnclaveSpec {
    EnclaveSpec {
        name: name.parse().unwrap(),
        id: name.to_owned(),
        quota: QuotaPreset::Small,
        mirror: Mirror::default(),
        server: ServerAccount::default(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_observer_complains_of_an_enclave_that_is_active_too_early() {
    let cluster = Cluster::connect().await;
    let observer = Observer::start(&cluster).await;
    let name = unique("early");
    let spec = spec(&name);
    let apply = PatchParams::apply(FIELD_MANAGER).force();
    let params = PostParams::default();
    // active from the first moment, and all of its parts only then
    cluster.namespaces().create(&params, &manifest::namespace(&spec, Status::Active)).await.unwrap();
    let policies = Api::namespaced(cluster.client.clone(), &name);
    policies.create(&params, &manifest::default_deny(&spec)).await.unwrap();
    Api::namespaced(cluster.client.clone(), &name).create(&params, &manifest::quota(&spec)).await.unwrap();
    Api::namespaced(cluster.client.clone(), &name).create(&params, &manifest::limits(&spec)).await.unwrap();
    let accounts: Api<ServiceAccount> = Api::namespaced(cluster.client.clone(), &name);
    accounts.patch("default", &apply, &Patch::Apply(manifest::service_account(&spec))).await.unwrap();
    // and then for a moment without its Pod Security
    let unsafe_pods = json!({"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "privileged"}}});
    cluster.namespaces().patch(&name, &PatchParams::default(), &Patch::Merge(unsafe_pods)).await.unwrap();
    let stopped = manifest::namespace(&spec, Status::Frozen);
    let namespaces: Api<Namespace> = cluster.namespaces();
    namespaces.patch(&name, &apply, &Patch::Apply(&stopped)).await.unwrap();
    namespaces.delete(&name, &DeleteParams::default()).await.unwrap();

    let complaints = observer.complaints(&name).await;
    for part in ["Namespace", "default-deny", "tentacular-quota", "tentacular-limits", "ServiceAccount"] {
        assert!(complaints.iter().any(|complaint| complaint.contains(part)), "{part}: {complaints:?}");
    }
}
