//! Somebody changes an enclave's namespace behind the server's back: whoever asks about the enclave hears of it.

use crate::cluster::kubectl;
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::json;

/// What the enclave's information says is not enforced.
async fn not_enforced(site: &Site, name: &str) -> String {
    let info = site.call("ana", "enclave_info", json!({"name": name})).await.unwrap();
    assert_eq!(info["status"], "active");
    info["not_enforced"].to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_somebody_removed_is_told() {
    let site = Site::start("heads").await;
    let [gone, stays] = [unique("gone"), unique("stays")];
    for name in [&gone, &stays] {
        site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    }
    assert!(!not_enforced(&site, &gone).await.contains("namespace"));
    kubectl(&["delete", "namespace", &gone]).unwrap();
    until("it is told", async || not_enforced(&site, &gone).await.contains("is gone from the cluster")).await;

    // one of the same name is not the enclave
    kubectl(&["create", "namespace", &gone]).unwrap();
    kubectl(&["label", "namespace", &gone, "app.kubernetes.io/managed-by=tentacular"]).unwrap();
    until("it is told", async || not_enforced(&site, &gone).await.contains("another has its name")).await;
    assert!(!not_enforced(&site, &stays).await.contains("namespace"));
    kubectl(&["delete", "namespace", &gone]).unwrap();
    for name in [&gone, &stays] {
        site.deprovision("ana", name).await;
    }
}
