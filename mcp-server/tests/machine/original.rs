//! The original command line, as it is on the wire: a client that knows nothing of this project's own, written from what the
//! original is known to send and to read. It speaks revision 2025-06-18, opens a stream of its own that is to be refused at
//! once, hangs up after its patience and comes back with the last event's id, and reads only the first text of an answer.

mod client;

use self::client::Original;
use crate::caller::ENCLAVE;
use crate::server::{Server, Walls, until};
use crate::source::slow;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The manifests that `tntc deploy` sends: the source in a ConfigMap, and much besides.
fn manifests(name: &str, files: &Value) -> Value {
    let labels = json!({"app.kubernetes.io/name": name, "app.kubernetes.io/managed-by": "tentacular"});
    let meta = |name: &str| json!({"name": name, "namespace": ENCLAVE, "labels": labels});
    let data = json!({"workflow.yaml": files["workflow.yaml"], "nodes__node.ts": files["nodes/node.ts"]});
    let security = json!({"readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
                          "capabilities": {"drop": ["ALL"]}});
    let pod = json!({
        "automountServiceAccountToken": false, "runtimeClassName": "gvisor",
        "containers": [{"name": "engine", "image": "engine:latest", "securityContext": security}],
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
    });
    let own = json!({"app.kubernetes.io/name": name});
    json!([
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(&format!("{name}-code")), "data": data},
        {"apiVersion": "v1", "kind": "Service", "metadata": meta(name), "spec": {"type": "ClusterIP", "selector": own}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": meta(name),
         "spec": {"template": {"metadata": {"labels": labels}, "spec": pod}}},
    ])
}

/// What the original's types are: a text, a number, a yes or no, a list.
fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "text" => value.is_string(),
        "number" => value.is_u64() || value.is_i64(),
        "bool" => value.is_boolean(),
        "list" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("{other}"),
    }
}

fn has(value: &Value, fields: &[(&str, &str)]) {
    for (field, kind) in fields {
        assert!(is(&value[*field], kind), "`{field}` is no {kind}: {value:#}");
    }
}

#[tokio::test]
async fn the_original_programs_commands_get_what_they_parse() {
    let full = std::env::var_os("TENTACULAR_TEST_FULL").is_some();
    // its patience is 30 s; a shorter one makes it come back as often in less time
    let (patience, takes) = if full { (30, 100_000) } else { (10, 24_000) };
    let server = Server::with_enclave(Walls::Bwrap).await;
    let token = server.issuer.token("ana", "tntc");
    let original = Original::connect(&server.url, &token, Duration::from_secs(patience)).await;

    // cluster check, cluster profile
    for enclave in ["default", ENCLAVE] {
        let checked = original.call("enclave_preflight", json!({"enclave": enclave})).await.unwrap();
        has(&checked, &[("results", "list"), ("allPass", "bool")]);
        for check in checked["results"].as_array().unwrap() {
            has(check, &[("name", "text"), ("passed", "bool"), ("warning", "text"), ("remediation", "text")]);
        }
        assert_eq!(checked["allPass"], true, "{checked}");
    }
    let profile = original.call("cluster_profile", json!({})).await.unwrap();
    let lists = ["nodes", "runtimeClasses", "storageClasses", "csiDrivers", "guidance", "warnings"];
    has(&profile, &lists.map(|list| (list, "list")));
    has(
        &profile,
        &[("generatedAt", "text"), ("k8sVersion", "text"), ("distribution", "text"), ("gvisor", "bool")],
    );
    has(&profile, &[("cni", "object"), ("networkPolicy", "object"), ("extensions", "object")]);

    // deploy
    let known = original.call("enclave_info", json!({"name": ENCLAVE})).await.unwrap();
    assert_eq!(known["name"], ENCLAVE);
    for name in ["greeter-two", "greeter"] {
        let sent = manifests(name, &slow(name, "done", if name == "greeter" { takes } else { 1 }));
        let sent = json!({"enclave": ENCLAVE, "name": name, "manifests": sent});
        let deployed = original.call("wf_apply", sent).await.unwrap();
        has(&deployed, &[("applied", "list"), ("updated", "number"), ("status", "text")]);
    }

    // run --timeout 120s: longer than its patience
    let began = Instant::now();
    let asked = json!({"enclave": ENCLAVE, "name": "greeter", "timeout_seconds": 120});
    let ran = original.call("wf_run", asked).await.unwrap();
    has(&ran, &[("name", "text"), ("enclave", "text"), ("pod_name", "text"), ("duration_ms", "number")]);
    assert_eq!(ran["output"]["outputs"]["node"], "done", "{ran}");
    assert!(
        original.came_back() >= 2,
        "it came back {} times in {:?}",
        original.came_back(),
        began.elapsed()
    );

    // list, status
    let listed = original.call("wf_list", json!({"enclave": ENCLAVE})).await.unwrap();
    let one =
        listed["workflows"].as_array().unwrap().iter().find(|one| one["name"] == "greeter").unwrap().clone();
    has(
        &one,
        &[
            ("description", "text"),
            ("enclave", "text"),
            ("version", "text"),
            ("owner", "text"),
            ("age", "text"),
        ],
    );
    has(&one, &[("deployed_by", "text"), ("deployed_via", "text"), ("createdAt", "text")]);
    has(&one, &[("replicas", "number"), ("available", "number"), ("ready", "bool")]);
    let asked = json!({"enclave": ENCLAVE, "name": "greeter", "detail": true});
    let status = original.call("wf_status", asked).await.unwrap();
    has(
        &status,
        &[("name", "text"), ("enclave", "text"), ("version", "text"), ("pods", "list"), ("events", "list")],
    );
    has(&status, &[("replicas", "number"), ("available", "number"), ("ready", "bool")]);
    for pod in status["pods"].as_array().unwrap() {
        has(pod, &[("name", "text"), ("phase", "text"), ("nodeName", "text"), ("ready", "bool")]);
    }

    // logs: the first copy whose name begins with the tentacle's
    let pods = original.call("wf_pods", json!({"enclave": ENCLAVE})).await.unwrap();
    let pods = pods["pods"].as_array().unwrap();
    for pod in pods {
        has(
            pod,
            &[
                ("name", "text"),
                ("phase", "text"),
                ("age", "text"),
                ("images", "list"),
                ("restarts", "number"),
            ],
        );
    }
    let named = |name: &str| {
        let first = pods.iter().find(|pod| pod["name"].as_str().unwrap().starts_with(&format!("{name}-")));
        first.unwrap()["name"].clone()
    };
    for (name, kept) in [("greeter", "greeter"), ("greeter-two", "greeter-two")] {
        let asked = json!({"enclave": ENCLAVE, "pod": named(name), "tail_lines": 100});
        let logs = original.call("wf_logs", asked).await.unwrap();
        has(&logs, &[("lines", "list"), ("pod", "text"), ("container", "text")]);
        assert_eq!(logs["name"], kept, "{logs}");
    }

    // audit
    let expected = json!({"secrets": null, "egressRuleCount": 3, "ingressRuleCount": 2, "cronJobCount": 0});
    let asked = json!({"enclave": ENCLAVE, "workflowName": "greeter", "expected": expected});
    let audited = original.call("audit_resources", asked.clone()).await.unwrap();
    assert_eq!(audited["overall"], "pass", "{audited}");
    has(&audited["networkPolicy"], &[("status", "text"), ("details", "text")]);
    has(&audited["secrets"], &[("status", "text"), ("missing", "list"), ("extra", "list")]);
    has(&audited["cronJobs"], &[("status", "text"), ("details", "text")]);
    let mut more = asked;
    more["expected"]["secrets"] = json!(["shop.key"]);
    more["expected"]["cronJobCount"] = json!(1);
    let audited = original.call("audit_resources", more).await.unwrap();
    assert_eq!((&audited["overall"], &audited["secrets"]["missing"]), (&json!("fail"), &json!(["shop.key"])));
    assert_eq!(audited["cronJobs"]["status"], "fail");

    // undeploy: it has asked by itself
    original.call("enclave_info", json!({"name": ENCLAVE})).await.unwrap();
    let removed = original.call("wf_remove", json!({"enclave": ENCLAVE, "name": "greeter"})).await.unwrap();
    let gone = &removed["deleted"];
    assert!(gone.is_u64() || gone.as_array().is_some_and(|gone| !gone.is_empty()), "{removed}");
    let refused =
        original.call("wf_status", json!({"enclave": ENCLAVE, "name": "greeter"})).await.unwrap_err();
    assert!(refused.contains("greeter"), "{refused}");
}

/// Whoever knows the id of somebody's stream reads nothing of it.
#[tokio::test]
async fn nobody_comes_back_to_anothers_answer() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    let token = server.issuer.token("ana", "tntc");
    server.deploy("slow", &slow("slow", "a secret word", 14_000)).await.unwrap();
    let ana = Original::connect(&server.url, &token, Duration::from_secs(11)).await;
    let asked = json!({"enclave": ENCLAVE, "name": "slow", "timeout_seconds": 60});
    let ran = ana.call("wf_run", asked).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], "a secret word");
    let last = ana.first_event().unwrap();
    // it is hers to read again, as long as it is kept
    until("it is kept", async || ana.read_on(&token, &last).await.contains("a secret word")).await;
    // the product's own client takes an answer that has become a stream, too
    let ran = server.run_tentacle("slow", json!({})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], "a secret word");
    let other = server.issuer.token("ben", "tntc");
    assert_eq!(ana.read_on(&other, &last).await, "");
}
