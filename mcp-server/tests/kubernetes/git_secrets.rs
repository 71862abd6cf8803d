//! Secrets that lie in git, where the same version is deployed with others and does not come to run: what serves keeps its own,
//! also on the cluster.

use crate::cluster::kubectl;
use crate::git::{git, try_git};
use crate::kubelet::Kubelet;
use crate::site::{Site, unique};
use crate::until::until;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use state_repo::{AgeKey, Recipient};
use std::fs;
use std::path::PathBuf;
use tempfile::TempDir;
use wire::Failure;

const WORKFLOW: &str = "name: hello
version: '1.0'
triggers: [{type: manual}]
nodes:
  node: {path: nodes/node.ts, description: one}
contract:
  version: '1'
  dependencies:
    shop: {protocol: http, host: shop.example, port: 80, auth: {type: api-token, secret: shop.key}}
";

/// A bare repository, somebody's clone of it, and the key of the server.
struct Team {
    dir: TempDir,
    server: Recipient,
}

impl Team {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = wire::seal::new_age_key();
        fs::write(dir.path().join("age.key"), key.expose_secret()).unwrap();
        git(dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(dir.path(), &["clone", "--quiet", "state.git", "clone"]);
        Self { dir, server: AgeKey::read(&key).unwrap().recipient() }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn flags(&self) -> Vec<String> {
        vec![
            format!("--engine-image=registry.example/engine@sha256:{}", "0".repeat(64)),
            "--runtime-class=none".to_owned(),
            "--gateway=127.0.0.1:8443".to_owned(),
            format!("--state-repo=file://{}", self.at("state.git").display()),
            format!("--state-dir={}", self.at("copy").display()),
            format!("--state-age-key={}", self.at("age.key").display()),
        ]
    }

    /// Commits the tentacle with this value of its secret, over what the server writes of enclaves in between; answers the commit.
    fn commit(&self, enclave: &str, value: &str) -> String {
        let values = [("key".to_owned(), SecretString::from(value))].into();
        let (of, tentacle) = (enclave.parse().unwrap(), "hello".parse().unwrap());
        let sealed = state_repo::seal(&of, &tentacle, &values, std::slice::from_ref(&self.server)).unwrap();
        let (clone, folder) = (self.at("clone"), self.at("clone/enclaves").join(enclave).join("hello"));
        for (path, text) in [
            ("workflow.yaml", WORKFLOW),
            ("nodes/node.ts", "export default () => 1;\n"),
            (".secrets/shop.enc.yaml", &sealed),
        ] {
            fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            fs::write(folder.join(path), text).unwrap();
        }
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "-m", "hello"]);
        let pushed = || try_git(&clone, &["push", "--quiet", "origin", "HEAD:main"]).is_ok();
        let over = || {
            git(&clone, &["fetch", "--quiet", "origin"]);
            git(&clone, &["rebase", "--quiet", "origin/main"]);
            false
        };
        assert!((0..20).any(|_| pushed() || over()), "it cannot be pushed");
        git(&clone, &["rev-parse", "HEAD"])
    }
}

async fn deploy(site: &Site, enclave: &str, commit: &str) -> Result<Value, Failure> {
    let args = json!({"enclave": enclave, "name": "hello", "commit": commit});
    site.call("ana", "wf_apply", args).await
}

/// What the cluster has of the tentacle: the value of its secret, and what its pods are made with.
fn there(enclave: &str) -> (String, String) {
    let of = |kind: &str| -> Value {
        let label = "--selector=tentacular.io/tentacle=hello";
        let namespace = format!("--namespace={enclave}");
        let list = kubectl(&["get", kind, label, &namespace, "-o", "json"]).unwrap();
        let list: Value = serde_json::from_str(&list).unwrap();
        assert_eq!(list["items"].as_array().unwrap().len(), 1, "{kind}");
        list["items"][0].clone()
    };
    let values = of("secret")["data"].as_object().unwrap().clone();
    let values = values.values().map(|value| STANDARD.decode(value.as_str().unwrap()).unwrap());
    let value =
        values.map(|value| String::from_utf8(value).unwrap()).find(|value| value.starts_with("canary"));
    let pods = of("deployment")["spec"]["template"]["metadata"]["annotations"].to_string();
    (value.unwrap(), pods)
}

/// The names of the pods.
fn pods(enclave: &str) -> String {
    let namespace = format!("--namespace={enclave}");
    kubectl(&["get", "pods", &namespace, "-o", "jsonpath={.items[*].metadata.name}"]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_serves_has_its_secrets_back_where_a_deploy_with_others_fails() {
    let team = Team::new();
    let site = Site::start_with("heads", team.flags()).await;
    let enclave = unique("secrets");
    site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
    let kubelet = Kubelet::start(&site.cluster, &enclave);
    let one = team.commit(&enclave, "canary-1");
    assert_eq!(deploy(&site, &enclave, &one).await.unwrap()["status"], "needs_approval");
    // How an owner says so is another test's.
    site.execute("UPDATE approval SET state = 'approved'").await;
    assert_eq!(deploy(&site, &enclave, &one).await.unwrap()["status"], "deployed");
    let namespace = format!("--namespace={enclave}");
    let commit = "jsonpath={.items[0].metadata.annotations.tentacular\\.io/git-sha}";
    assert_eq!(kubectl(&["get", "deployment", &namespace, "-o", commit]).unwrap(), one);
    let (before, serving) = (there(&enclave), pods(&enclave));
    assert_eq!(before.0, "canary-1");
    drop(kubelet);

    let kubelet = Kubelet::without_images(&site.cluster, &enclave);
    let two = team.commit(&enclave, "canary-2");
    let failed = deploy(&site, &enclave, &two).await.unwrap_err();
    assert!(failed.text().contains("its image cannot be fetched"), "{}", failed.text());
    assert_eq!(there(&enclave), before);
    until("the pod that did not start is gone", async || pods(&enclave) == serving).await;
    assert_eq!(deploy(&site, &enclave, &one).await.unwrap()["status"], "unchanged");
    drop(kubelet);

    let kubelet = Kubelet::start(&site.cluster, &enclave);
    assert_eq!(deploy(&site, &enclave, &two).await.unwrap()["status"], "deployed");
    let after = there(&enclave);
    assert_eq!(after.0, "canary-2");
    assert_ne!(after.1, before.1);
    site.deprovision("ana", &enclave).await;
    drop(kubelet);
}
