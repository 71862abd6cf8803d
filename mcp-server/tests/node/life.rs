//! A tentacle's life in a pod: it comes, runs, is replaced without a gap, and goes without a trace.

use crate::asking::Asking;
use crate::cluster::kubectl;
use crate::inside::inside;
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::{Value, json};
use std::sync::Arc;

/// The files of a tentacle of one node without a contract.
pub(crate) fn files(name: &str, code: &str) -> Value {
    let workflow = format!(
        "name: {name}\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  work: {{path: nodes/deep/work.ts, description: W}}\n"
    );
    json!({"workflow.yaml": workflow, "nodes/deep/work.ts": code})
}

/// A node that answers with `word`.
pub(crate) fn says(word: &str) -> String {
    format!("export default () => '{word}'")
}

/// The kinds of objects of a tentacle.
const KINDS: &str = "deployments,replicasets,pods,configmaps,secrets,networkpolicies";

/// What is there of tentacles in an enclave.
pub(crate) fn left(enclave: &str) -> String {
    kubectl(&["get", KINDS, "-n", enclave, "-l", "tentacular.io/tentacle", "-o", "name"]).unwrap()
}

/// What kubectl says of the pods of an enclave.
fn pods(enclave: &str) -> Value {
    serde_json::from_str(&kubectl(&["get", "pods", "-n", enclave, "-o", "json"]).unwrap()).unwrap()
}

/// What the one deployment of an enclave shows of its tentacle's record.
fn shown(enclave: &str) -> Value {
    let told = kubectl(&["get", "deployments", "-n", enclave, "-o", "json"]).unwrap();
    let told: Value = serde_json::from_str(&told).unwrap();
    let annotations = told["items"][0]["metadata"]["annotations"].as_object().unwrap();
    let own = annotations
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix("tentacular.io/")?.to_owned(), value.clone())));
    own.collect()
}

impl Site {
    /// An enclave of Ana's.
    pub(crate) async fn enclave(&self, what: &str) -> String {
        let name = unique(what);
        self.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
        name
    }

    pub(crate) async fn deploy(
        &self,
        enclave: &str,
        name: &str,
        files: &Value,
    ) -> Result<Value, wire::Failure> {
        self.call("ana", "wf_apply", json!({"enclave": enclave, "name": name, "files": files})).await
    }

    pub(crate) async fn run_it(
        &self,
        enclave: &str,
        name: &str,
        input: Value,
    ) -> Result<Value, wire::Failure> {
        self.call("ana", "wf_run", json!({"enclave": enclave, "name": name, "input": input})).await
    }
}

#[test]
fn a_tentacle_comes_runs_and_goes_without_a_trace() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("life").await;
        let deployed = site.deploy(&enclave, "hello", &files("hello", &says("first"))).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
        let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "first", "{ran}");

        // A pod behind gVisor, without an account's token.
        let pod = &pods(&enclave)["items"][0];
        assert_eq!(pod["spec"]["runtimeClassName"], "gvisor");
        assert!(!pod["spec"]["volumes"].to_string().contains("serviceAccountToken"), "{pod}");

        // Who owns it, who may do what, and who deployed it is shown where people with `kubectl` look, as it is now.
        let shown = shown(&enclave);
        assert_eq!(
            (&shown["owner-sub"], &shown["deployed-via"]),
            (&json!("ana"), &json!("agents")),
            "{shown}"
        );
        assert!(
            shown["mode"] == "rwxrwx---" && shown["deployed-by"].as_str().unwrap() == shown["owner"],
            "{shown}"
        );
        let private = json!({"enclave": enclave, "name": "hello", "mode": "private"});
        site.call("ana", "wf_set_mode", private).await.unwrap();
        let private = self::shown(&enclave);
        assert_eq!((&private["mode"], &private["updated-via"]), (&json!("rwx------"), &json!("agents")));
        assert_eq!(private["updated-by"], shown["owner"], "{private}");

        // The same files again: nothing is done, and the cluster is hardly asked.
        site.proxy.calls();
        let same = site.deploy(&enclave, "hello", &files("hello", &says("first"))).await.unwrap();
        assert_eq!(same["status"], "unchanged", "{same}");
        let calls: Vec<String> = site.proxy.calls().into_iter().map(|call| call.what).collect();
        let here: Vec<&String> = calls.iter().filter(|call| call.contains(&enclave)).collect();
        assert!(here.len() <= 2, "{here:?}");

        let status = json!({"enclave": enclave, "name": "hello"});
        let status = site.call("ana", "wf_status", status).await.unwrap();
        assert_eq!((&status["state"], &status["sandbox"]), (&json!("idle"), &json!("gvisor")), "{status}");
        let gaps = status["not_enforced"].to_string();
        assert!(gaps.contains("whether the network keeps") && gaps.contains("podPidsLimit"), "{gaps}");
        let logs = json!({"enclave": enclave, "name": "hello"});
        let logs = site.call("ana", "wf_logs", logs).await.unwrap();
        assert!(logs.to_string().contains("listening on"), "{logs}");

        // What is really there of it is as it was made, by those who look at that alone.
        for tool in ["audit_netpol", "audit_psa", "audit_rbac", "audit_resources"] {
            let audit = site.call("ana", tool, json!({"enclave": enclave})).await.unwrap();
            assert_eq!(
                (&audit["findings"], &audit["compliant"]),
                (&json!([]), &json!(true)),
                "{tool}: {audit}"
            );
        }
        let audit = json!({"enclave": enclave, "workflowName": "hello"});
        let audit = site.call("ana", "audit_resources", audit).await.unwrap();
        assert_eq!(audit["overall"], "pass", "{audit}");
        let copies = site.call("ana", "wf_pods", json!({"enclave": enclave})).await.unwrap();
        let copy = &copies["pods"][0];
        assert_eq!((&copy["ready"], &copy["restarts"]), (&json!(true), &json!(0)), "{copies}");

        // A fresh copy is there when the answer is.
        let before = copy["name"].clone();
        site.call("ana", "wf_restart", json!({"enclave": enclave, "name": "hello"})).await.unwrap();
        let copies = site.call("ana", "wf_pods", json!({"enclave": enclave})).await.unwrap();
        assert_ne!(copies["pods"][0]["name"], before, "{copies}");

        // The same content again asks the cluster nothing.
        site.proxy.calls();
        let again = site.deploy(&enclave, "hello", &files("hello", &says("first"))).await.unwrap();
        assert_eq!(again["status"], "unchanged", "{again}");
        assert!(site.proxy.calls().len() <= 2);

        let removed =
            site.call("ana", "wf_remove", json!({"enclave": enclave, "name": "hello", "confirm": "hello"}));
        let removed = removed.await.unwrap();
        assert!(removed.to_string().contains("network policy"), "{removed}");
        assert_eq!(left(&enclave), "");
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_new_version_comes_without_a_gap() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("roll").await;
        site.deploy(&enclave, "hello", &files("hello", &says("v0"))).await.unwrap();
        let asking = Asking::start(&site.endpoint(), &site.token("ana"), &enclave);
        for version in 1..=3 {
            let word = format!("v{version}");
            let deployed = site.deploy(&enclave, "hello", &files("hello", &says(&word))).await.unwrap();
            assert_eq!(deployed["status"], "deployed", "{deployed}");
            let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
            assert_eq!(ran["output"]["outputs"]["work"], word, "{ran}");
        }
        // Until the last of the old ones is gone.
        until("one version is left", async || left(&enclave).matches("deployment.apps").count() == 1).await;
        until("its objects alone are left", async || left(&enclave).matches("secret/").count() == 1).await;
        asking.goes_on().await;
        asking.all_were_answered().await;
        site.deprovision("ana", &enclave).await;
    });
}

#[test]
fn a_run_that_goes_on_ends_on_the_version_that_began_it() {
    inside(async {
        let site = Arc::new(Site::start("heads").await);
        let enclave = site.enclave("drain").await;
        let slow =
            "export default async () => { await new Promise((r) => setTimeout(r, 20000)); return 'old' }";
        site.deploy(&enclave, "hello", &files("hello", slow)).await.unwrap();
        let running = {
            let (site, enclave) = (Arc::clone(&site), enclave.clone());
            tokio::spawn(async move { site.run_it(&enclave, "hello", json!({})).await })
        };
        let status = json!({"enclave": enclave, "name": "hello"});
        until("the run goes on", async || {
            site.call("ana", "wf_status", status.clone()).await.unwrap()["in_flight"] == 1
        })
        .await;
        site.deploy(&enclave, "hello", &files("hello", &says("new"))).await.unwrap();
        let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "new", "{ran}");
        let ran = running.await.unwrap().unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "old", "{ran}");
        site.deprovision("ana", &enclave).await;
    });
}
