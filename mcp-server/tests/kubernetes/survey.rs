//! What there is to run on, and what is missing: asked of a real API server, with nodes and runtime classes that come and go.

use crate::audit::Shell;
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::{Value, json};

fn check<'a>(told: &'a Value, name: &str) -> &'a Value {
    let checks = told["checks"].as_array().unwrap();
    checks.iter().find(|check| check["name"] == name).unwrap_or_else(|| panic!("no check {name}: {told:#}"))
}

/// What is missing is named with the command that brings it, and with it it is there.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_missing_is_named_with_the_command_that_brings_it() {
    let (site, shell, name) = (Site::start("heads").await, Shell::new(), unique("preflight"));
    site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    let preflight = async || site.call("ana", "enclave_preflight", json!({"enclave": name})).await.unwrap();
    let told = preflight().await;
    for passes in
        ["api-reachability", "rbac-namespaces-create", "admission-policy", "namespace-exists", "walls"]
    {
        assert_eq!(check(&told, passes)["passed"], true, "{told:#}");
        assert_eq!(check(&told, passes)["remediation"], "");
    }
    assert_eq!(told["results"], told["checks"]);
    let image = check(&told, "engine-image");
    assert_eq!((&image["passed"], &told["allPass"]), (&json!(false), &json!(false)));

    // no cluster of the tests has a sandbox for its pods until somebody brings one
    shell.run("kubectl delete runtimeclass gvisor --ignore-not-found").unwrap();
    let missing = preflight().await;
    let gvisor = check(&missing, "gvisor-runtime");
    assert_eq!(gvisor["passed"], false);
    assert!(gvisor["warning"].as_str().unwrap().contains("no runtime class `gvisor`"), "{gvisor}");
    shell.run(gvisor["remediation"].as_str().unwrap()).unwrap();
    assert_eq!(check(&preflight().await, "gvisor-runtime")["passed"], true);

    // a wall that is down, and rights that are gone, are missing too
    shell.run(&format!("kubectl -n {name} delete networkpolicy default-deny")).unwrap();
    let told = preflight().await;
    assert!(
        check(&told, "walls")["warning"].as_str().unwrap().contains("`default-deny` is gone"),
        "{told:#}"
    );
    assert_eq!(check(&told, "walls")["remediation"], format!("tntc audit -e {name}"));
    shell.run(&format!("kubectl -n {name} delete rolebinding tentacular-server")).unwrap();
    let gone = async || check(&preflight().await, "rbac-deployments-create")["passed"] == false;
    until("the right is missing", gone).await;
    site.deprovision("ana", &name).await;
}

/// The original command line sends the name of a namespace that no enclave can have when it means none.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_enclave_has_means_none_and_a_strangers_is_not_told() {
    let site = Site::start("heads").await;
    let told = site.call("ana", "enclave_preflight", json!({"enclave": "default"})).await.unwrap();
    assert_eq!(check(&told, "api-reachability")["passed"], true);
    assert!(told["checks"].as_array().unwrap().iter().all(|check| check["name"] != "namespace-exists"));
    let name = unique("others");
    site.call("ben", "enclave_provision", json!({"name": name})).await.unwrap();
    let one = site.call("ana", "enclave_preflight", json!({"enclave": name})).await.unwrap_err();
    let other = site.call("ana", "enclave_preflight", json!({"enclave": "not-there"})).await.unwrap_err();
    assert_eq!(one.message.replace(&name, "X"), other.message.replace("not-there", "X"));
    site.deprovision("ben", &name).await;
}

/// A person hears how the cluster is, an operator hears of its nodes.
#[tokio::test(flavor = "multi_thread")]
async fn nodes_are_for_operators_and_numbers_for_all() {
    let (site, shell, name) = (Site::start("heads").await, Shell::new(), unique("profiled"));
    let node = unique("node");
    site.call("ana", "enclave_provision", json!({"name": name, "quota_preset": "small"})).await.unwrap();
    let made = json!({"apiVersion": "v1", "kind": "Node", "metadata": {"name": node}});
    shell.apply(&made).unwrap();
    let status = json!({"status": {
        "capacity": {"cpu": "3", "memory": "7Gi"},
        "conditions": [
            {"type": "Ready", "status": "True", "message": "all well", "reason": "x"},
            {"type": "DiskPressure", "status": "True", "message": "the disk is full", "reason": "x"},
        ],
    }});
    shell.run(&format!("kubectl patch node {node} --subresource=status --type=merge -p '{status}'")).unwrap();

    let told = site.operate("health_nodes", json!({})).await.unwrap();
    let nodes = told["nodes"].as_array().unwrap();
    assert_eq!(nodes.len() as u64, told["total"].as_u64().unwrap(), "they fit on one page");
    let own = nodes.iter().find(|one| one["name"] == *node).unwrap();
    assert_eq!((&own["cpu"], &own["memory"]), (&json!("3"), &json!("7Gi")));
    assert!(own["problems"].to_string().contains("DiskPressure is True: the disk is full"), "{own}");

    let whole = site.operate("cluster_profile", json!({})).await.unwrap();
    assert!(whole["nodes"].to_string().contains(&node), "{whole}");
    let short = site.call("ana", "cluster_profile", json!({"enclave": name})).await.unwrap();
    assert_eq!((&short["summary"], &short["nodes"]), (&json!(true), &json!([])));
    assert_eq!((&short["k8sVersion"], &short["backend"]), (&json!("v1.36.3"), &json!("kubernetes")));
    assert_eq!((&short["quota"]["pods"], &short["podSecurity"]), (&json!("10"), &json!("restricted")));
    assert_eq!(short["limitRange"]["memory"], "1Gi");
    assert_eq!(short["networkPolicy"]["supported"], false);
    assert!(
        short["warnings"].to_string().contains("whether the network keeps sandboxes to what is opened"),
        "{short}"
    );

    let summary = site.call("ana", "health_cluster_summary", json!({})).await.unwrap();
    assert!(summary["nodes"].as_u64().unwrap() >= 1 && summary["enclaves"].is_null(), "{summary}");
    assert_eq!(site.operate("health_cluster_summary", json!({})).await.unwrap()["enclaves"], 1);
    shell.run(&format!("kubectl delete node {node}")).unwrap();
    site.deprovision("ana", &name).await;
}

/// What is set aside is counted by the cluster itself.
#[tokio::test(flavor = "multi_thread")]
async fn an_enclaves_use_is_what_the_cluster_counts() {
    let (site, shell, name) = (Site::start("heads").await, Shell::new(), unique("used"));
    site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
    let used = async |of: &str| {
        let told = site.call("ana", "health_enclave_usage", json!({"enclave": name})).await.unwrap();
        let all = told["resources"].as_array().unwrap().clone();
        all.into_iter().find(|one| one["name"] == of).unwrap_or_default()
    };
    until("the cluster counts", async || used("services").await["used"] == "0").await;
    shell.run(&format!("kubectl -n {name} create service clusterip one --tcp=80")).unwrap();
    until("the service is counted", async || used("services").await["used"] == "1").await;
    let services = used("services").await;
    assert_eq!((&services["limit"], &services["percent"]), (&json!("40"), &json!(2.5)), "{services}");
    site.call("ben", "health_enclave_usage", json!({"enclave": name})).await.unwrap_err();
    site.deprovision("ana", &name).await;
}
