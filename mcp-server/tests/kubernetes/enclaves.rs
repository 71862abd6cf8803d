//! What an enclave's life is on the cluster.

use crate::calls::in_a_row;
use crate::cluster::{Cluster, kubectl};
use crate::observer::Observer;
use crate::proxy::STEPS;
use crate::site::{Site, call, unique};
use crate::until::until;
use futures::future::join_all;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::PostParams;
use serde_json::{Value, json};
use std::time::Duration;
use wire::{Failure, FailureCode};

/// The annotations of an enclave's namespace.
async fn shown(site: &Site, name: &str) -> Value {
    json!(site.cluster.namespaces().get(name).await.unwrap().metadata.annotations)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cluster_shows_what_the_record_says_until_nothing_is_left() {
    let site = Site::start("heads").await;
    let name = unique("life");
    let before = rights();
    let made = site.call("ana", "enclave_provision", json!({"name": name, "quota_preset": "small"})).await;
    assert_eq!(made.unwrap()["status"], "active");
    assert_eq!(shown(&site, &name).await["tentacular.io/enclave-status"], "active");

    for (tool, status) in [("enclave_freeze", "frozen"), ("enclave_unfreeze", "active")] {
        site.call("ana", tool, json!({"name": name})).await.unwrap();
        let mirrored = async || shown(&site, &name).await["tentacular.io/enclave-status"] == status;
        until(&format!("the cluster shows `{status}`"), mirrored).await;
    }

    let pods = || kubectl(&["get", "quota", "-n", &name, "-o", "jsonpath={.items[0].spec.hard.pods}"]);
    let (small, changed) =
        (pods().unwrap(), json!({"name": name, "new_mode": "private", "new_quota_preset": "large"}));
    site.call("ana", "enclave_sync", changed).await.unwrap();
    let mode = async || shown(&site, &name).await["tentacular.io/mode"] == "rwx------";
    until("the cluster shows the mode", mode).await;
    until("the quota is larger", async || pods().unwrap() != small).await;

    site.deprovision("ana", &name).await;
    assert_eq!(rights(), before, "the server leaves no rights behind");
}

#[tokio::test(flavor = "multi_thread")]
async fn making_an_enclave_takes_four_calls_in_a_row() {
    let site = Site::start("heads").await;
    let name = unique("row");
    site.proxy.calls();
    site.proxy.slow_down(Duration::from_secs(1));
    site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    let calls = site.proxy.calls();
    site.proxy.slow_down(Duration::ZERO);
    let (row, asked) = (in_a_row(&calls), calls.iter().map(|call| call.what.as_str()).collect::<Vec<_>>());
    assert!(asked.len() >= STEPS.len(), "{asked:#?}");
    assert_eq!(row, 4, "{asked:#?}");
    site.deprovision("ana", &name).await;
}

/// What of rights there is that lies in no namespace.
fn rights() -> String {
    kubectl(&["get", "clusterroles,clusterrolebindings", "-o", "name"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_calls_make_one_enclave() {
    let site = Site::start("heads").await;
    let other = site.another("heads-of-another").await;
    let observer = Observer::start(&site.cluster).await;
    let name = unique("raced");
    let wanted = json!({"name": name});
    let (token, here, there) = (site.token("ana"), site.endpoint(), other.endpoint());
    let doors = [&here, &there, &here, &there];
    let answers = join_all(doors.map(|door| call(door, &token, "enclave_provision", wanted.clone()))).await;
    assert!(answers.iter().any(Result::is_ok), "{answers:?}");
    let refused = answers.iter().filter_map(|answer| answer.as_ref().err());
    assert!(refused.clone().all(|failure| failure.code == FailureCode::Conflict), "{answers:?}");
    until("it is active", async || site.is("active", "ana", &name).await).await;
    let listed = site.call("ana", "enclave_list", json!({})).await.unwrap();
    assert_eq!(listed["enclaves"].as_array().unwrap().len(), 1, "{listed}");
    site.deprovision("ana", &name).await;
    assert_eq!(observer.complaints(&name).await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_people_who_want_a_name_one_gets_it() {
    let site = Site::start("heads").await;
    let name = unique("wanted");
    let asked = ["ana", "ben"].map(|person| site.call(person, "enclave_provision", json!({"name": name})));
    let [ana, ben] = join_all(asked).await.try_into().unwrap();
    let (owner, refused) = match ana {
        Ok(_) => ("ana", ben.unwrap_err()),
        Err(refused) => ("ben", refused),
    };
    assert_eq!(refused.message, format!("the name `{name}` is taken"));
    until("it is active", async || site.is("active", owner, &name).await).await;
    site.deprovision(owner, &name).await;
}

/// A namespace that somebody else made.
async fn foreign(cluster: &Cluster, labels: Value) -> String {
    let name = unique("foreign");
    let namespace: Namespace = serde_json::from_value(json!({
        "metadata": {"name": name, "labels": labels, "annotations": {"tentacular.io/enclave-id": "another"}},
    }))
    .unwrap();
    cluster.namespaces().create(&PostParams::default(), &namespace).await.unwrap();
    name
}

/// Everything in a namespace, and itself, as it is.
fn everything(name: &str) -> String {
    let kinds = "networkpolicies,resourcequotas,limitranges,rolebindings,roles,serviceaccounts,secrets,pods";
    let within = kubectl(&["get", kinds, "-n", name, "-o", "json"]).unwrap();
    let mut within: Value = serde_json::from_str(&within).unwrap();
    for object in within["items"].as_array_mut().unwrap() {
        // The cluster itself counts in a quota's status.
        object["status"].take();
        object["metadata"]["resourceVersion"].take();
    }
    let namespace = kubectl(&["get", "namespace", name, "-o", "json", "--show-managed-fields"]).unwrap();
    format!("{within} {namespace}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_namespace_that_is_not_ours_is_refused_without_a_hint_and_untouched() {
    let site = Site::start("heads").await;
    let bens = unique("of-ben");
    site.call("ben", "enclave_provision", json!({"name": bens})).await.unwrap();
    let plain = foreign(&site.cluster, json!({})).await;
    let looks_like_ours = foreign(&site.cluster, json!({"app.kubernetes.io/managed-by": "tentacular"})).await;
    let names = [bens.clone(), plain.clone(), looks_like_ours.clone()];
    for name in &names {
        let there = async || kubectl(&["get", "serviceaccount", "default", "-n", name]).is_ok();
        until("the namespace's own account", there).await;
    }
    let before = names.each_ref().map(|name| everything(name));
    let mut told = Vec::new();
    for name in &names {
        let refused: Failure =
            site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap_err();
        told.push(json!(refused).to_string().replace(name, "NAME"));
    }
    assert!(told.iter().all(|words| *words == told[0]), "{told:?}");
    for (name, before) in names.iter().zip(before) {
        assert_eq!(everything(name), before);
        assert!(site.call("ana", "enclave_info", json!({"name": name})).await.is_err());
    }
    site.deprovision("ben", &bens).await;
    kubectl(&["delete", "namespace", &plain, &looks_like_ours, "--wait=false"]).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_clusters_own_namespaces_cannot_be_had() {
    let site = Site::start("heads").await;
    for name in ["kube-system", "kube-public", "default", "tentacular-system"] {
        let before = kubectl(&["get", "namespace", name, "-o", "json"]).unwrap();
        assert!(site.call("ana", "enclave_provision", json!({"name": name})).await.is_err(), "{name}");
        assert_eq!(kubectl(&["get", "namespace", name, "-o", "json"]).unwrap(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_image_of_the_engine_nothing_is_deployed_and_nothing_left_behind() {
    let site = Site::start("heads").await;
    let name = unique("later");
    site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    let scaffold = workflow::scaffold::hello(&"hello".parse().unwrap());
    let mut files: Value =
        scaffold.into_iter().map(|file| (file.path.to_owned(), json!(file.text))).collect();
    let refused =
        site.call("ana", "wf_apply", json!({"enclave": name, "name": "hello", "files": files.clone()})).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, FailureCode::NotYet);
    assert!(refused.message.contains("--engine-image"), "{}", refused.message);
    // Nor is anybody asked to approve modules that would not be fetched.
    let contract = "contract:\n  version: '1'\n  dependencies:\n    csv: {protocol: jsr, host: '@std/csv', version: 1.0.0}\n";
    files["workflow.yaml"] = format!("{}{contract}", files["workflow.yaml"].as_str().unwrap()).into();
    files["nodes/hello.ts"] = "import \"jsr:@std/csv@1.0.0\";\nexport default () => 1;\n".into();
    let lock = json!({
        "version": "5", "specifiers": {"jsr:@std/csv@1.0.0": "1.0.0"},
        "jsr": {"@std/csv@1.0.0": {"integrity": "0".repeat(64)}},
    });
    files["deno.lock"] = lock.to_string().into();
    let refused =
        site.call("ana", "wf_apply", json!({"enclave": name, "name": "hello", "files": files})).await;
    let refused = refused.unwrap_err();
    assert_eq!(refused.code, FailureCode::Unavailable);
    assert!(
        refused.message.contains("it imports modules from jsr, and this server fetches none"),
        "{refused:?}"
    );
    assert!(refused.remedy.is_some_and(|remedy| remedy.contains("--module-registry-jsr")));
    let listed = site.call("ana", "wf_list", json!({"enclave": name})).await.unwrap();
    assert_eq!(listed["workflows"], json!([]), "what was refused has left nothing behind");
    site.deprovision("ana", &name).await;
}
