//! Somebody with the administrator's rights breaks a wall of an enclave with `kubectl`: the audit finds it, says what is
//! wrong in a sentence, and the command that it names mends it. Nothing of this goes through the server.

mod faults;
mod shell;
mod workload;

use self::faults::{Fault, network, pods, rights, shares};
pub(crate) use self::shell::Shell;
use self::workload::workload;
use crate::site::{Site, unique};
use crate::until::until;
use serde_json::{Value, json};

const TOOLS: [&str; 4] = ["audit_netpol", "audit_psa", "audit_rbac", "audit_resources"];

/// One enclave with whoever breaks it.
struct Broken {
    site: Site,
    shell: Shell,
    name: String,
}

impl Broken {
    async fn start() -> Self {
        let site = Site::start("heads").await;
        let name = unique("audited");
        site.call("ana", "enclave_provision", json!({"name": name})).await.unwrap();
        let shell = Shell::new();
        let broken = Self { site, shell, name };
        broken.until_clean().await;
        broken
    }

    async fn audit(&self, tool: &'static str) -> Value {
        self.site.call("ana", tool, json!({"enclave": self.name})).await.unwrap()
    }

    /// What all tools find, and what they could not see.
    async fn findings(&self) -> (Vec<Value>, Vec<Value>) {
        let (mut all, mut unseen) = (Vec::new(), Vec::new());
        for tool in TOOLS {
            let told = self.audit(tool).await;
            let findings = told["findings"].as_array().unwrap();
            let hidden = told["unseen"].as_array().unwrap();
            assert_eq!(told["compliant"], findings.is_empty() && hidden.is_empty(), "{told}");
            all.extend_from_slice(findings);
            unseen.extend_from_slice(hidden);
        }
        (all, unseen)
    }

    /// The cluster's own controllers need a moment to give an account its settings back.
    async fn until_clean(&self) {
        let mut last = (Vec::new(), Vec::new());
        until("nothing is amiss", async || {
            last = self.findings().await;
            if last != Default::default() {
                eprintln!("{}: {last:#?}", self.name);
            }
            last == Default::default()
        })
        .await;
    }

    /// Each fault is put there, found, and mended by the command that the finding names.
    async fn try_each(&self, tool: &'static str, faults: Vec<Fault>) {
        for Fault { rule, words, seed } in faults {
            self.shell.run(&seed.replace("NS", &self.name)).unwrap();
            let told = self.audit(tool).await;
            let findings = told["findings"].as_array().unwrap();
            let found = findings.iter().find(|finding| finding["rule"] == rule);
            let found = found.unwrap_or_else(|| panic!("{rule} is not found: {told:#}"));
            let message = found["message"].as_str().unwrap();
            let named = |word: &&str| message.contains(&word.replace("NS", &self.name));
            assert!(words.iter().all(named), "{rule}: {message}");
            assert_eq!(told["compliant"], false, "{rule}");
            assert_eq!(found["reason"], found["message"]);
            self.mend(rule).await;
        }
        self.until_clean().await;
    }

    async fn mend(&self, rule: &str) {
        let mut done: Vec<String> = Vec::new();
        for finding in self.findings().await.0 {
            let remedy = finding["remediation"].as_str().unwrap().to_owned();
            // one command often mends several things
            if !done.contains(&remedy) {
                self.shell.run(&remedy).unwrap_or_else(|why| panic!("{rule}: {remedy}: {why}"));
                done.push(remedy);
            }
        }
        self.until_clean().await;
    }

    async fn end(self) {
        self.site.deprovision("ana", &self.name).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn each_hole_in_the_network_is_found_and_mended() {
    let broken = Broken::start().await;
    assert_eq!(broken.audit("audit_netpol").await["default_deny"], true);
    broken.shell.run(&format!("kubectl -n {} delete networkpolicy default-deny", broken.name)).unwrap();
    assert_eq!(broken.audit("audit_netpol").await["default_deny"], false);
    broken.mend("default-deny-missing").await;
    broken.try_each("audit_netpol", network()).await;
    broken.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_weaker_pod_is_found_and_mended() {
    let broken = Broken::start().await;
    // the control: one that is held as a tentacle is held
    broken.shell.run(&workload(json!({}), json!({})).replace("NS", &broken.name)).unwrap();
    broken.until_clean().await;
    broken.shell.run(&format!("kubectl -n {} delete deployment seeded", broken.name)).unwrap();
    broken.try_each("audit_psa", pods()).await;
    broken.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_right_that_nobody_was_given_is_found_and_mended() {
    let broken = Broken::start().await;
    broken.try_each("audit_rbac", rights()).await;
    broken.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_larger_share_is_found_and_mended() {
    let broken = Broken::start().await;
    broken.try_each("audit_resources", shares()).await;
    broken.end().await;
}

/// A finding of a name with a command in it names a command that does only what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_name_writes_no_command() {
    let broken = Broken::start().await;
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role",
        "metadata": {"name": "$(touch ran);'--all", "namespace": broken.name},
        "rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}],
    });
    broken.shell.apply(&role).unwrap();
    broken.mend("a role with a command for its name").await;
    assert!(!broken.shell.folder().join("ran").exists());
    broken.end().await;
}

/// Many findings come page by page, each once.
#[tokio::test(flavor = "multi_thread")]
async fn findings_come_in_pages() {
    let broken = Broken::start().await;
    for number in 0..5 {
        let seed = format!("kubectl -n NS create role foreign-{number} --verb=get --resource=configmaps");
        broken.shell.run(&seed.replace("NS", &broken.name)).unwrap();
    }
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    loop {
        let asked = json!({"enclave": broken.name, "limit": 2, "cursor": cursor});
        let told = broken.site.call("ana", "audit_rbac", asked).await.unwrap();
        assert_eq!(told["total"], 5);
        let page = told["findings"].as_array().unwrap().clone();
        assert!(page.len() <= 2);
        seen.extend(page.into_iter().map(|finding| finding["object"].as_str().unwrap().to_owned()));
        cursor = told["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, [0, 1, 2, 3, 4].map(|number| format!("Role/foreign-{number}")));
    broken.mend("roles").await;
    broken.end().await;
}

/// Where the server lost its rights it says so, and does not call clean what it cannot see.
#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_seen_is_not_called_clean() {
    let broken = Broken::start().await;
    broken.shell.run(&format!("kubectl -n {} delete rolebinding tentacular-server", broken.name)).unwrap();
    let told = async |tool| broken.audit(tool).await;
    until("the rights end with the binding", async || told("audit_netpol").await["unseen"] != json!([]))
        .await;
    let network = told("audit_netpol").await;
    assert_eq!((&network["compliant"], &network["default_deny"]), (&json!(false), &json!(false)));
    let rights = told("audit_rbac").await;
    assert_eq!(rights["findings"][0]["rule"], "server-rights-missing");
    broken.shell.run(rights["findings"][0]["remediation"].as_str().unwrap()).unwrap();
    until("the server sees again", async || told("audit_netpol").await["unseen"] == json!([])).await;
    broken.until_clean().await;
    broken.end().await;
}
