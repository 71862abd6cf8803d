//! What operators and auditors ask: shown to people, told to scripts by the exit code.

use crate::stub::Stub;
use serde_json::{Value, json};

/// An audit with these findings.
fn audit(findings: &[&str]) -> Value {
    let finding = |rule: &&str| {
        json!({
            "severity": "high", "rule": rule, "object": "NetworkPolicy/x", "message": format!("{rule} is wrong"),
            "reason": "", "remediation": format!("kubectl mend {rule}"),
        })
    };
    json!({
        "enclave": "a", "namespace": "a", "compliant": findings.is_empty(), "total": findings.len(),
        "findings": findings.iter().map(finding).collect::<Vec<_>>(), "looked_at": ["2 networkpolicies"], "unseen": [],
        "beyond": ["the plugin"], "others_left_out": false,
    })
}

fn with(mut audit: Value, more: Value) -> Value {
    audit.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    audit
}

async fn audited(network: &[Value]) -> (Stub, crate::program::Ran) {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    for page in network {
        stub.answers("audit_netpol", with(page.clone(), json!({"default_deny": true})));
    }
    stub.answers("audit_psa", audit(&[]));
    stub.answers("audit_rbac", audit(&[]));
    stub.answers("audit_resources", with(audit(&[]), json!({"overall": "pass"})));
    let ran = program.run(&["audit", "-e", "a"]).await;
    (stub, ran)
}

#[tokio::test]
async fn an_audit_names_what_is_amiss_and_how_to_mend_it_on_every_page() {
    let first = with(audit(&["one"]), json!({"next_cursor": "1", "total": 2}));
    let (stub, ran) = audited(&[first, with(audit(&["two"]), json!({"total": 2}))]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    for line in
        ["network: 2 findings", "high: one is wrong", "mend it: kubectl mend two", "never seen: the plugin"]
    {
        assert!(ran.out.contains(line), "{}", ran.out);
    }
    let asked: Vec<String> = stub.calls().into_iter().map(|call| call.tool).collect();
    assert_eq!(asked, ["audit_netpol", "audit_netpol", "audit_psa", "audit_rbac", "audit_resources"]);
}

#[tokio::test]
async fn a_clean_audit_succeeds() {
    let (_, ran) = audited(&[audit(&[])]).await;
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[tokio::test]
async fn the_audit_of_a_tentacle_says_which_part_fails() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let told = json!({
        "overall": "fail", "workflowName": "hello",
        "networkPolicy": {"status": "pass", "details": "it reaches nothing"},
        "secrets": {"status": "fail", "missing": ["shop.key"], "extra": []},
        "cronJobs": {"status": "pass", "details": "0 of the 0 schedules of its source run it"},
    });
    stub.answers("audit_resources", with(audit(&[]), told));
    let ran = program.run(&["audit", "hello", "-e", "a"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.out.contains("shop.key is not set"), "{}", ran.out);
    assert_eq!(stub.calls()[0].arguments, json!({"enclave": "a", "workflowName": "hello"}));
}

#[tokio::test]
async fn what_is_missing_is_said_with_its_command() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let missing = json!({"name": "gvisor-runtime", "passed": false, "warning": "there is none", "remediation": "kubectl bring it"});
    let fine = json!({"name": "index", "passed": true, "warning": "", "remediation": ""});
    let checks = json!([missing, fine]);
    stub.answers("enclave_preflight", json!({"checks": checks, "results": checks, "allPass": false}));
    let ran = program.run(&["enclave", "preflight", "a"]).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert_eq!(ran.out, "missing gvisor-runtime: there is none\n  kubectl bring it\nok index\n");
    let ran = program.run(&["cluster", "check"]).await;
    assert_eq!(ran.code, 1);
    let asked: Vec<Value> = stub.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(asked, [json!({"enclave": "a"}), json!({})]);
}

/// What a server says of what there is to run on.
fn profile(backend: &str) -> Value {
    json!({
        "generatedAt": "2026-01-02T03:04:05Z", "backend": backend, "summary": true, "k8sVersion": "6.1", "distribution": backend,
        "nodes": [], "runtimeClasses": [], "gvisor": false, "cni": {"name": "none"},
        "networkPolicy": {"supported": true, "details": ""}, "storageClasses": [], "csiDrivers": [], "extensions": {},
        "guidance": [], "warnings": ["processes: no group counts them"],
    })
}

#[tokio::test]
async fn the_backend_in_use_is_named_with_its_own_list() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let line =
        json!({"property": "processes", "means": "bounded", "held": "gap", "but": "no group counts them"});
    let own = json!({"walls": "machine, bwrap", "properties": [line]});
    stub.answers("cluster_profile", with(profile("machine"), own));
    let told = program.ok(&["backends"]).await.out;
    let (own, known) = told.split_once("All that this program knows:").unwrap();
    assert!(own.starts_with("In use  machine, bwrap\n"), "{told}");
    assert!(own.contains("processes  gap   no group counts them"), "{own}");
    assert!(own.contains("machine, bwrap does not enforce:\n  processes: no group counts them\n"), "{own}");
    assert!(known.contains("processes ") && known.contains("kubernetes does not enforce:"), "{known}");
    let told = program.ok(&["backends", "-o", "json"]).await.json();
    assert_eq!(told["in_use"]["name"], "machine, bwrap", "{told}");
}

#[tokio::test]
async fn a_server_that_does_not_know_the_list_is_understood() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("cluster_profile", profile("kubernetes"));
    let told = program.ok(&["backends"]).await.out;
    assert!(told.starts_with("In use  kubernetes\n") && told.contains("the server does not say"), "{told}");
}

#[tokio::test]
async fn every_node_is_in_the_table() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let node = |name: &str| {
        json!({"name": name, "ready": true, "problems": [], "kubeletVersion": "v1", "containerRuntime": "containerd",
            "os": "linux", "arch": "amd64", "cpu": "2", "memory": "8Gi"})
    };
    stub.answers(
        "health_nodes",
        json!({"nodes": [node("one")], "ready": 2, "total": 2, "next_cursor": "one"}),
    );
    stub.answers("health_nodes", json!({"nodes": [node("two")], "ready": 2, "total": 2}));
    let told = program.ok(&["cluster", "nodes"]).await.out;
    assert!(told.contains("one ") && told.contains("two "), "{told}");
    let asked: Vec<Value> = stub.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(asked, [json!({}), json!({"cursor": "one"})]);
}

#[tokio::test]
async fn what_brings_modules_is_said() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let none = json!({"installed": false, "ready": false, "namespace": "", "image": "", "storage": "", "told": "none is needed"});
    stub.answers("proxy_status", none);
    assert_eq!(program.ok(&["cluster", "proxy"]).await.out, "none is needed\n");
    assert_eq!((stub.calls()[0].tool.as_str(), &stub.calls()[0].arguments), ("proxy_status", &json!({})));
}
