//! Somebody changes a tentacle on the cluster with kubectl: what, and with what, is told field by field without a call to the
//! API server, and it is put back, and nothing else is written to.

use crate::cluster::kubectl;
use crate::kubelet::Kubelet;
use crate::site::{Site, call, unique};
use crate::until::until;
use axum::http::Method;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The kinds of a tentacle's objects.
const KINDS: [&str; 4] = ["deployment", "networkpolicy", "configmap", "secret"];

/// An enclave with tentacles that a server without a node deployed.
pub(crate) struct Place {
    pub(crate) site: Site,
    enclave: String,
    kubelet: Kubelet,
}

/// The files of a tentacle of one node.
pub(crate) fn one_node(name: &str, code: &str) -> Value {
    let workflow = format!(
        "name: {name}\nversion: \"1.0\"\ndescription: one\ntriggers:\n  - type: manual\nnodes:\n  node:\n    \
         path: nodes/node.ts\n    description: one\n",
    );
    json!({"workflow.yaml": workflow, "nodes/node.ts": code})
}

impl Place {
    pub(crate) async fn with(tentacles: &[&str]) -> Self {
        let image = format!("--engine-image=registry.example/engine@sha256:{}", "0".repeat(64));
        let site = Site::start_with("heads", vec![image, "--runtime-class=none".to_owned()]).await;
        let enclave = unique("hands");
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let kubelet = Kubelet::start(&site.cluster, &enclave);
        let place = Self { site, enclave, kubelet };
        for name in tentacles {
            place.deploy(name, "export default () => 1;\n").await;
        }
        place
    }

    /// Deploys this code as a tentacle of one node.
    pub(crate) async fn deploy(&self, name: &str, code: &str) {
        let args = json!({"enclave": self.enclave, "name": name, "files": one_node(name, code)});
        let deployed = self.site.call("ana", "wf_apply", args).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    pub(crate) fn enclave(&self) -> &str {
        &self.enclave
    }

    async fn status(&self) -> BTreeMap<String, Value> {
        let status = self.site.call("ana", "state_status", json!({"enclave": self.enclave})).await.unwrap();
        assert_eq!(status.get("unseen"), None, "{status}");
        let entries = status["tentacles"].as_array().unwrap().iter();
        entries.map(|entry| (entry["name"].as_str().unwrap().to_owned(), entry.clone())).collect()
    }

    /// What is told of `hello`, by field and hand, once it is told to be in this state.
    async fn until_told(&self, state: &str, parts: usize) -> Vec<(String, String)> {
        until(&format!("{state} is told"), async || {
            let hello = &self.status().await["hello"];
            hello["state"] == state && hello["by_hand"].as_array().map_or(0, Vec::len) == parts
        })
        .await;
        let hello = self.status().await["hello"].clone();
        let word = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let parts = hello["by_hand"].as_array().into_iter().flatten();
        parts.map(|part| (word(&part["field"]), word(&part["by"]))).collect()
    }

    /// What the audit of a tentacle finds, by its rules: of one in which nothing was made up by these tests there is a sandbox missing,
    /// as this server runs without one.
    async fn audited(&self, tentacle: &str) -> BTreeSet<String> {
        let args = json!({"enclave": self.enclave, "workflowName": tentacle});
        let told = self.site.call("ana", "audit_resources", args).await.unwrap();
        assert_eq!(told["overall"], "fail", "{told}");
        let findings = told["findings"].as_array().unwrap().iter();
        findings.map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    }

    /// The name of each of the tentacle's objects.
    pub(crate) fn object(&self, tentacle: &str) -> String {
        let label = format!("--selector=tentacular.io/tentacle={tentacle}");
        let name = self.kubectl(&["get", "deployment", &label, "-o", "jsonpath={.items[0].metadata.name}"]);
        assert!(!name.is_empty());
        name
    }

    pub(crate) fn kubectl(&self, arguments: &[&str]) -> String {
        let namespace = format!("--namespace={}", self.enclave);
        kubectl(&[arguments, &[&namespace]].concat()).unwrap()
    }

    /// The whole of an object but for what the API server and its controllers write, and what says when it was written.
    fn content(&self, kind: &str, name: &str) -> Value {
        let mut object: Value =
            serde_json::from_str(&self.kubectl(&["get", kind, name, "-o", "json"])).unwrap();
        object.as_object_mut().unwrap().remove("status");
        let metadata = object["metadata"].as_object_mut().unwrap();
        for key in ["resourceVersion", "generation", "uid", "creationTimestamp"] {
            metadata.remove(key);
        }
        if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
            annotations.remove("deployment.kubernetes.io/revision");
        }
        object
    }

    fn contents(&self, name: &str) -> Vec<Value> {
        KINDS.iter().map(|kind| self.content(kind, name)).collect()
    }

    /// What changes with every write.
    fn versions(&self) -> Vec<String> {
        let version = "jsonpath={.items[*].metadata.resourceVersion}";
        let of = |kind: &&str| {
            // Not the deployment's own, which its status changes too.
            let what =
                if *kind == "deployment" { "jsonpath={.items[*].metadata.generation}" } else { version };
            self.kubectl(&["get", kind, "-o", what])
        };
        KINDS.iter().map(of).collect()
    }

    async fn repair(&self, name: &str) -> Vec<String> {
        let args = json!({"enclave": self.enclave, "name": name});
        let done = self.site.call("ana", "state_repair", args).await.unwrap();
        done["put_back"].as_array().unwrap().iter().map(|what| what.as_str().unwrap().to_owned()).collect()
    }

    pub(crate) async fn end(self) {
        self.site.deprovision("ana", &self.enclave).await;
        drop(self.kubelet);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_kubectl_changed_is_told_by_field_and_hand_and_put_back() {
    let place = Place::with(&["hello", "other"]).await;
    let hello = place.object("hello");
    assert_eq!(place.until_told("not_in_git", 0).await, []);
    let before = place.contents(&hello);
    let pair = |field: &str, by: &str| (field.to_owned(), by.to_owned());

    // Scaled, given another image, and annotated.
    place.kubectl(&["scale", "deployment", &hello, "--replicas=3"]);
    place.kubectl(&["set", "image", &format!("deployment/{hello}"), "engine=evil.example/engine:1"]);
    place.kubectl(&["annotate", "deployment", &hello, "tentacular.io/mode=rwxrwxrwx", "a=b", "--overwrite"]);
    let told = place.until_told("changed_by_hand", 4).await;
    let image = "spec.template.spec.containers[name=engine].image";
    let expected = [
        pair("metadata.annotations.a", "kubectl-annotate"),
        pair("metadata.annotations.tentacular.io/mode", "kubectl-annotate"),
        pair("spec.replicas", "kubectl"),
        pair(image, "kubectl-set"),
    ];
    assert_eq!(told, expected);
    assert_eq!(place.status().await["hello"]["offer"], "put it back as it was");
    // To ask costs the API server nothing, and nobody else's tentacle is told to be changed.
    place.site.proxy.calls();
    assert_eq!(place.status().await["other"]["state"], "not_in_git");
    assert_eq!(place.site.proxy.calls().iter().map(|call| &call.what).collect::<Vec<_>>(), [""; 0]);

    // Somebody changes it once more between the server's look and its write: that is looked at, too.
    place.site.proxy.hold(&("put back", Method::PATCH, "/deployments/{}"), &hello);
    let once_more = async {
        place.site.proxy.until_held().await;
        place.kubectl(&["annotate", "deployment", &hello, "late=c"]);
        place.site.proxy.let_go();
    };
    let (back, ()) = tokio::join!(place.repair("hello"), once_more);
    assert_eq!(back, [format!("Deployment {hello}")]);
    assert_eq!(place.until_told("not_in_git", 0).await, []);
    assert_eq!(place.contents(&hello), before);
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wall_that_somebody_opened_or_took_away_comes_back() {
    let place = Place::with(&["hello"]).await;
    let hello = place.object("hello");
    let before = place.contents(&hello);
    let open = r#"{"spec":{"egress":[{}],"ingress":[{}]}}"#;
    place.kubectl(&["patch", "networkpolicy", &hello, "--type=merge", "-p", open]);
    let told = place.until_told("changed_by_hand", 2).await;
    let by = "kubectl-patch".to_owned();
    assert_eq!(told, [("spec.egress".to_owned(), by.clone()), ("spec.ingress".to_owned(), by)]);
    let rules = place.audited("hello").await;
    assert!(
        ["changed-by-hand", "egress-to-everywhere"].iter().all(|rule| rules.contains(*rule)),
        "{rules:?}"
    );
    assert_eq!(place.repair("hello").await, [format!("NetworkPolicy {hello}")]);
    place.until_told("not_in_git", 0).await;
    assert_eq!(place.contents(&hello), before);

    // A policy of nobody's that covers it is its own business, whoever else's it says it is.
    let all = json!({"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "all", "labels": {"tentacular.io/tentacle": "other"}},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}});
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), all.to_string()).unwrap();
    place.kubectl(&["create", "-f", &file.path().display().to_string()]);
    assert!(place.audited("hello").await.contains("egress-to-everywhere"));
    place.kubectl(&["delete", "networkpolicy", "all"]);

    place.kubectl(&["delete", "networkpolicy,configmap,deployment", &hello]);
    let gone = place.until_told("missing", 3).await;
    assert!(place.audited("hello").await.contains("object-missing"));
    assert!(gone.iter().all(|(field, by)| field == "-" && by == "-"), "{gone:?}");
    let back = place.repair("hello").await;
    assert_eq!(back, ["NetworkPolicy", "ConfigMap", "Deployment"].map(|kind| format!("{kind} {hello}")));
    place.until_told("not_in_git", 0).await;
    assert_eq!(place.contents(&hello), before);

    // The enclave's own wall is told, too.
    let told = async || {
        let info = place.site.call("ana", "enclave_info", json!({"name": place.enclave})).await.unwrap();
        info["not_enforced"].to_string()
    };
    assert!(!told().await.contains("keeps tentacles from"));
    place.kubectl(&["delete", "networkpolicy", "default-deny"]);
    until("it is told", async || told().await.contains("keeps tentacles from everything")).await;

    // Files that can never be changed are made anew, where somebody made them.
    place.kubectl(&["delete", "configmap", &hello]);
    place.kubectl(&["create", "configmap", &hello, "--from-literal=file-000=evil"]);
    let labels = ["tentacular.io/tentacle=hello", "app.kubernetes.io/managed-by=tentacular"];
    place.kubectl(&[&["label", "configmap", &hello][..], &labels].concat());
    place.kubectl(&["patch", "configmap", &hello, "--type=merge", "-p", r#"{"immutable":true}"#]);
    // Its files, its labels, that it cannot change; and it does not say which version's they are.
    place.until_told("changed_by_hand", 5).await;
    assert_eq!(place.repair("hello").await, [format!("ConfigMap {hello}")]);
    place.until_told("not_in_git", 0).await;
    assert_eq!(place.contents(&hello), before);
    place.end().await;
}

/// The API server notes who set a field, and not who removed one: a deployment says itself which it was made with.
#[tokio::test(flavor = "multi_thread")]
async fn a_field_that_was_removed_comes_back_and_where_nothing_differs_nothing_is_written() {
    let place = Place::with(&["hello", "other"]).await;
    let hello = place.object("hello");
    let (before, versions) = (place.contents(&hello), place.versions());
    for _ in 0..2 {
        for name in ["hello", "other"] {
            assert_eq!(place.repair(name).await, [""; 0]);
        }
    }
    assert_eq!(place.versions(), versions);
    let removed = r#"[{"op":"remove","path":"/spec/template/spec/automountServiceAccountToken"},
        {"op":"remove","path":"/spec/template/spec/containers/0/securityContext"},
        {"op":"remove","path":"/spec/template/spec/containers/0/volumeMounts/1"}]"#;
    place.kubectl(&["patch", "deployment", &hello, "--type=json", "-p", removed]);
    let told = place.until_told("changed_by_hand", 10).await;
    let fields: Vec<&str> = told.iter().map(|(field, _)| field.as_str()).collect();
    let of = |field: &str| fields.iter().any(|told| told.ends_with(field));
    assert!(of("automountServiceAccountToken") && of("securityContext.privileged"), "{told:?}");
    // One that is there because of what this tentacle is.
    assert!(of("containers[name=engine].volumeMounts[mountPath=/supply].readOnly"), "{told:?}");
    assert!(told.iter().all(|(_, by)| by == "-"), "{told:?}");
    assert_eq!(place.repair("hello").await, [format!("Deployment {hello}")]);
    assert_eq!(place.contents(&hello), before);

    // Who takes away with it what it says of itself is seen all the same.
    let removed = r#"[{"op":"remove","path":"/metadata/annotations/tentacular.io~1fields"},
        {"op":"remove","path":"/spec/template/spec/containers/0/volumeMounts/1"}]"#;
    place.kubectl(&["patch", "deployment", &hello, "--type=json", "-p", removed]);
    let told = place.until_told("changed_by_hand", 1).await;
    assert_eq!(told, [("metadata.annotations.tentacular.io/fields".to_owned(), "-".to_owned())]);
    assert_eq!(place.repair("hello").await, [format!("Deployment {hello}")]);
    assert_eq!(place.contents(&hello), before);
    place.end().await;
}

/// How long the server's own looks are apart, and a bit.
const A_ROUND: Duration = Duration::from_secs(32);

#[tokio::test(flavor = "multi_thread")]
async fn looking_costs_the_api_server_nothing_and_what_is_to_be_put_back_is_put_back() {
    let names: Vec<String> = (0..4).map(|number| format!("tentacle-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let place = Place::with(&names).await;
    let wanted = json!({"name": place.enclave, "drift": "repair"});
    place.site.call("ana", "enclave_drift", wanted).await.unwrap();
    // The first look begins the watches, and the record that was changed is shown on the namespace once.
    place.status().await;
    tokio::time::sleep(A_ROUND).await;
    let (versions, object) = (place.versions(), place.object("tentacle-3"));
    place.site.proxy.calls();
    tokio::time::sleep(A_ROUND).await;
    assert_eq!(place.site.proxy.calls().iter().map(|call| &call.what).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(place.versions(), versions);

    place.kubectl(&["scale", "deployment", &object, "--replicas=0"]);
    let replicas = ["get", "deployment", &object, "-o", "jsonpath={.spec.replicas}"];
    until("it is put back", async || place.kubectl(&replicas) == "1").await;
    place.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_removes_an_enclave_while_something_of_it_is_put_back_waits_for_that_alone() {
    let place = Place::with(&["hello"]).await;
    let object = place.object("hello");
    place.kubectl(&["scale", "deployment", &object, "--replicas=0"]);
    let _ = place.until_told("changed_by_hand", 1).await;
    let write = ("repair", Method::PATCH, format!("/namespaces/{{}}/deployments/{object}"));
    place.site.proxy.hold(&(write.0, write.1, &write.2), &place.enclave);
    let asks = |tool: &'static str, args: Value| {
        let (endpoint, token) = (place.site.endpoint(), place.site.token("ana"));
        tokio::spawn(async move { call(&endpoint, &token, tool, args).await })
    };
    let repairing = asks("state_repair", json!({"enclave": place.enclave, "name": "hello"}));
    place.site.proxy.until_held().await;
    let removing = asks("enclave_deprovision", json!({"name": place.enclave, "confirm": place.enclave}));
    until("it is being removed", async || place.site.is("deprovisioning", "ana", &place.enclave).await).await;
    place.site.proxy.let_go();
    assert_eq!(repairing.await.unwrap().unwrap()["put_back"], json!([format!("Deployment {object}")]));
    assert_eq!(removing.await.unwrap().unwrap()["deleted"], true);
}

/// What the server changes of a record is shown with who changed it, and is nobody's change by hand.
#[tokio::test(flavor = "multi_thread")]
async fn who_changed_a_mode_is_shown_and_told_as_no_change() {
    let place = Place::with(&["hello"]).await;
    let hello = place.object("hello");
    let shown = |key: &str| {
        let path = format!("jsonpath={{.metadata.annotations.tentacular\\.io/{key}}}");
        place.kubectl(&["get", "deployment", &hello, "-o", &path])
    };
    let none = ["git-sha", "deployed-agent", "updated-by", "updated-via", "updated-agent", "updated-at"];
    assert_eq!(none.map(shown), [""; 6]);
    let by = shown("deployed-by");
    assert!(!by.is_empty() && shown("deployed-via") == "agents", "{by}");
    let private = json!({"enclave": place.enclave(), "name": "hello", "mode": "private"});
    place.site.call("ana", "wf_set_mode", private).await.unwrap();
    let told = ["mode", "updated-by", "updated-via", "updated-agent"].map(shown);
    assert_eq!(told, ["rwx------", by.as_str(), "agents", ""]);
    assert!(shown("updated-at").parse::<jiff::Timestamp>().is_ok());
    assert_eq!(place.until_told("not_in_git", 0).await, []);
    // What somebody else writes there is one.
    place.kubectl(&["annotate", "deployment", &hello, "tentacular.io/updated-by=eve", "--overwrite"]);
    let field = "metadata.annotations.tentacular.io/updated-by".to_owned();
    assert_eq!(place.until_told("changed_by_hand", 1).await, [(field, "kubectl-annotate".to_owned())]);
    place.end().await;
}
