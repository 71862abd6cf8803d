//! Somebody removes or replaces an enclave's namespace between two writes of the server: the later write is for the
//! namespace that the earlier one was for, and for no other.

use crate::cluster::kubectl;
use crate::observer::Observer;
use crate::proxy::{LEAVING, REMOVAL, STEPS};
use crate::site::{Site, call, unique};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use wire::Failure;

/// Ana asks for this, and one write of it is held.
async fn held(
    site: &Site,
    write: &(&str, axum::http::Method, &str),
    tool: &'static str,
    args: Value,
) -> JoinHandle<Result<Value, Failure>> {
    site.proxy.hold(write, args["name"].as_str().unwrap());
    let (endpoint, token) = (site.endpoint(), site.token("ana"));
    let asking = tokio::spawn(async move { call(&endpoint, &token, tool, args).await });
    site.proxy.until_held().await;
    asking
}

/// Somebody removes the namespace, and it is gone.
fn remove(name: &str) {
    kubectl(&["delete", "namespace", name, "--wait=true"]).unwrap();
}

/// Somebody makes one of the same name, marked as if it were ours.
fn make_another(name: &str) -> Value {
    kubectl(&["create", "namespace", name]).unwrap();
    kubectl(&["label", "namespace", name, "app.kubernetes.io/managed-by=tentacular"]).unwrap();
    namespace(name)
}

/// A namespace as it is.
fn namespace(name: &str) -> Value {
    serde_json::from_str(&kubectl(&["get", "namespace", name, "-o", "json"]).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_went_while_it_was_made_does_not_come_back_without_its_walls() {
    let site = Site::start("heads").await;
    let observer = Observer::start(&site.cluster).await;
    let name = unique("went");
    let active = STEPS.last().unwrap();
    let making = held(&site, active, "enclave_provision", json!({"name": name})).await;
    remove(&name);
    site.proxy.let_go();
    let refused = making.await.unwrap().unwrap_err();
    assert!(refused.message.contains("removed or replaced"), "{}", refused.message);
    assert!(site.cluster.namespaces().get_opt(&name).await.unwrap().is_none());
    assert!(!site.is("active", "ana", &name).await);
    // asked again, it is made whole
    site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    site.deprovision("ana", &name).await;
    assert_eq!(observer.complaints(&name).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_took_the_name_while_another_was_made_is_left_alone() {
    let site = Site::start("heads").await;
    let name = unique("swapped");
    let active = STEPS.last().unwrap();
    let making = held(&site, active, "enclave_provision", json!({"name": name})).await;
    remove(&name);
    let before = make_another(&name);
    site.proxy.let_go();
    making.await.unwrap().unwrap_err();
    assert_eq!(namespace(&name), before);
    remove(&name);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_took_the_name_while_another_was_removed_stays() {
    let site = Site::start("heads").await;
    for write in [&LEAVING, &REMOVAL] {
        let name = unique("swapped");
        site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
        let gone = json!({"name": name, "confirm": name});
        let removing = held(&site, write, "enclave_deprovision", gone).await;
        remove(&name);
        let before = make_another(&name);
        site.proxy.let_go();
        assert_eq!(removing.await.unwrap().unwrap()["deleted"], true, "{}", write.0);
        assert_eq!(namespace(&name), before, "{}", write.0);
        remove(&name);
    }
}
