//! The cluster and the store are lost, and git rebuilds both: each object is field by field what it was, and a second time nothing is
//! written. Some tentacles reach something with a secret that lies in git, and at times of their own; some take webhooks and reach a
//! range; one is private; every other enclave is frozen.

use crate::cluster::kubectl;
use crate::git::git;
use crate::kubelet::Kubelet;
use crate::site::{Site, unique};
use crate::until::until;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use futures::{StreamExt, stream};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use state_repo::AgeKey;
use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// The kinds of objects that an enclave and its tentacles are made of.
const KINDS: &str = "deployment,networkpolicy,configmap,secret,resourcequota,limitrange,rolebinding,role,serviceaccount,service";

/// How many enclaves there are, and how many tentacles each has.
fn how_many() -> (usize, usize) {
    if std::env::var_os("TENTACULAR_TEST_FULL").is_some() {
        return (20, 5);
    }
    println!("2 enclaves with 3 tentacles each, 20 with 5 left out: set TENTACULAR_TEST_FULL=1");
    (2, 3)
}

/// What a tentacle has beside its node, by its number.
fn beside(number: usize) -> &'static str {
    match number % 3 {
        0 => "triggers: [{type: manual}]\n",
        1 => {
            "triggers: [{type: cron, schedule: '0 6 * * 1-5', timezone: Europe/Lisbon}]
contract:
  version: '1'
  dependencies:
    shop: {protocol: http, host: shop.example, port: 80, auth: {type: api-token, secret: shop.key}}
    files: {protocol: https, host: files.example}
"
        }
        _ => {
            "triggers:
  - {type: cron, schedule: '*/5 * * * *', name: often}
  - {type: webhook, provider: github, name: pushed, secret: shop.key, event: push}
config: {timeout: 60s, retries: 2}
contract:
  version: '1'
  dependencies:
    anywhere: {type: dynamic-target, protocol: https, cidr: 203.0.113.0/24, dynPorts: [443/TCP]}
"
        }
    }
}

/// A state repo with everybody's tentacles in it.
struct Repo {
    dir: TempDir,
}

impl Repo {
    fn with(enclaves: &[String], tentacles: usize) -> (Self, String) {
        let dir = tempfile::tempdir().unwrap();
        let clone = dir.path().join("clone");
        let key = wire::seal::new_age_key();
        fs::write(dir.path().join("age.key"), key.expose_secret()).unwrap();
        let server = AgeKey::read(&key).unwrap().recipient();
        git(dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(dir.path(), &["clone", "--quiet", "state.git", "clone"]);
        for enclave in enclaves {
            for number in 0..tentacles {
                let name = format!("hello-{number}");
                let folder = clone.join(format!("enclaves/{enclave}/{name}"));
                fs::create_dir_all(folder.join("nodes")).unwrap();
                let workflow = format!(
                    "name: {name}\nversion: '1.0'\nnodes:\n  node: {{path: nodes/node.ts, description: one}}\n{}",
                    beside(number),
                );
                fs::write(folder.join("workflow.yaml"), &workflow).unwrap();
                fs::write(folder.join("nodes/node.ts"), "export default () => 1;\n").unwrap();
                if workflow.contains("secret:") {
                    let values =
                        [("key".to_owned(), SecretString::from(format!("value of {enclave}")))].into();
                    let (of, name) = (enclave.parse().unwrap(), name.parse().unwrap());
                    let sealed =
                        state_repo::seal(&of, &name, &values, std::slice::from_ref(&server)).unwrap();
                    fs::create_dir_all(folder.join(".secrets")).unwrap();
                    fs::write(folder.join(".secrets/shop.enc.yaml"), &sealed).unwrap();
                }
            }
        }
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "-m", "all of them"]);
        git(&clone, &["push", "--quiet", "origin", "HEAD:main"]);
        let commit = git(&clone, &["rev-parse", "HEAD"]);
        (Self { dir }, commit)
    }

    fn flags(&self) -> Vec<String> {
        let bare = self.dir.path().join("state.git");
        vec![
            format!("--state-repo=file://{}", bare.display()),
            format!("--state-dir={}", self.dir.path().join("copy").display()),
            format!("--state-age-key={}", self.dir.path().join("age.key").display()),
        ]
    }
}

/// Whose an enclave is: nobody owns more than they may.
fn owner(number: usize) -> &'static str {
    if number.is_multiple_of(2) { "ana" } else { "ben" }
}

/// Whether an enclave is frozen.
fn is_frozen(number: usize) -> bool {
    !number.is_multiple_of(2)
}

/// Every object of these namespaces, and the namespaces themselves, but for what the API server and its controllers write.
fn objects(enclaves: &[String]) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for enclave in enclaves {
        let namespace = read(&["get", "namespace", enclave, "-o", "json"]);
        let list = read(&["get", KINDS, &format!("--namespace={enclave}"), "-o", "json"]);
        let items = list["items"].as_array().unwrap().iter().cloned();
        for mut object in items.chain([namespace]) {
            let (kind, name) = (
                object["kind"].as_str().unwrap().to_owned(),
                object["metadata"]["name"].as_str().unwrap().to_owned(),
            );
            // Controllers make these.
            if name == "kube-root-ca.crt" || (kind.as_str(), name.as_str()) == ("ServiceAccount", "default") {
                continue;
            }
            strip(&mut object);
            all.insert(format!("{enclave} {kind} {name}"), object);
        }
    }
    all
}

fn strip(object: &mut Value) {
    object.as_object_mut().unwrap().remove("status");
    let metadata = object["metadata"].as_object_mut().unwrap();
    for key in ["resourceVersion", "generation", "uid", "creationTimestamp", "managedFields"] {
        metadata.remove(key);
    }
    if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
        annotations.remove("deployment.kubernetes.io/revision");
        // When its record last changed: that is when it was restored.
        annotations.remove("tentacular.io/enclave-updated-at");
    }
    if let Some(pass) = object.pointer_mut("/data/egress.pass") {
        *pass = claims(pass.as_str().unwrap());
    }
}

/// What a pass for the gateway says, but for when it was given.
fn claims(pass: &str) -> Value {
    let pass = String::from_utf8(STANDARD.decode(pass).unwrap()).unwrap();
    let claims = URL_SAFE_NO_PAD.decode(pass.split('.').nth(1).unwrap()).unwrap();
    let mut claims: Value = serde_json::from_slice(&claims).unwrap();
    assert!(claims.as_object_mut().unwrap().remove("iat").is_some(), "{claims}");
    claims
}

fn read(arguments: &[&str]) -> Value {
    serde_json::from_str(&kubectl(arguments).unwrap()).unwrap()
}

/// What changes with every write of the server: not what a status changes, too.
fn versions(enclaves: &[String]) -> Vec<String> {
    let of = |enclave: &String| {
        let namespace = format!("--namespace={enclave}");
        let kinds = "networkpolicy,configmap,secret,limitrange,rolebinding,serviceaccount";
        let versions =
            kubectl(&["get", kinds, &namespace, "-o", "jsonpath={.items[*].metadata.resourceVersion}"]);
        let deployed =
            kubectl(&["get", "deployment", &namespace, "-o", "jsonpath={.items[*].metadata.generation}"]);
        format!("{} {}", versions.unwrap(), deployed.unwrap())
    };
    enclaves.iter().map(of).collect()
}

async fn until_ready(site: &Site, enclaves: &[String], tentacles: usize) {
    for (number, enclave) in enclaves.iter().enumerate() {
        until(&format!("all of {enclave} is ready"), async || {
            let listed = site.call(owner(number), "wf_list", json!({"enclave": enclave})).await.unwrap();
            let all = listed["workflows"].as_array().or(listed["tentacles"].as_array()).unwrap();
            all.len() == tentacles && all.iter().all(|one| one["ready"] == true)
        })
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_lost_is_field_by_field_what_it_was() {
    let (count, tentacles) = how_many();
    let enclaves: Vec<String> = (0..count).map(|_| unique("lost")).collect();
    let (repo, commit) = Repo::with(&enclaves, tentacles);
    let image = format!("--engine-image=registry.example/engine@sha256:{}", "0".repeat(64));
    let mut flags = vec![image, "--runtime-class=none".to_owned(), "--gateway=127.0.0.1:8443".to_owned()];
    flags.extend(repo.flags());
    let mut site = Site::start_with("heads", flags).await;
    let mut kubelets = Vec::new();
    for (number, enclave) in enclaves.iter().enumerate() {
        site.call(owner(number), "enclave_provision", json!({"name": enclave})).await.unwrap();
        kubelets.push(Kubelet::start(&site.cluster, enclave));
        for tentacle in 0..tentacles {
            let args = json!({"enclave": enclave, "name": format!("hello-{tentacle}"), "commit": commit});
            let answer = site.call(owner(number), "wf_apply", args.clone()).await.unwrap();
            if answer["status"] == "needs_approval" {
                // How an owner says so is another test's.
                site.execute("UPDATE approval SET state = 'approved'").await;
                let answer = site.call(owner(number), "wf_apply", args).await.unwrap();
                assert_eq!(answer["status"], "deployed", "{answer}");
            }
        }
        let private = json!({"enclave": enclave, "name": "hello-0", "mode": "private"});
        site.call(owner(number), "wf_set_mode", private).await.unwrap();
    }
    until_ready(&site, &enclaves, tentacles).await;
    let before = objects(&enclaves);
    for (number, enclave) in enclaves.iter().enumerate().filter(|(number, _)| is_frozen(*number)) {
        site.call(owner(number), "enclave_freeze", json!({"name": enclave})).await.unwrap();
    }
    for (number, enclave) in enclaves.iter().enumerate() {
        until("its record is in git", async || {
            let told = site.call(owner(number), "state_status", json!({"enclave": enclave})).await;
            told.is_ok_and(|told| told["record"]["state"] == "in_sync")
        })
        .await;
    }

    site.kill();
    for enclave in &enclaves {
        kubectl(&["delete", "namespace", enclave, "--wait=false"]).unwrap();
    }
    for enclave in &enclaves {
        until("the namespace is gone", async || {
            site.cluster.namespaces().get_opt(enclave).await.unwrap().is_none()
        })
        .await;
    }
    site.lose_store();
    site.run("heads").await;
    let found = site.operate("state_restorable", json!({})).await.unwrap();
    let standings = found["enclaves"].as_array().unwrap().iter();
    assert!(
        standings.clone().all(|found| found["standing"] == "proven") && standings.count() == count,
        "{found}"
    );
    // As `tntc state restore` does.
    let restore = async |enclave: &String| site.operate("state_restore", json!({"name": enclave})).await;
    let mut coming = stream::iter(&enclaves).map(restore).buffered(4);
    while let Some(done) = coming.next().await {
        let done = done.unwrap();
        let all = done["tentacles"].as_array().unwrap();
        assert!(done["status"] == "restored" && all.len() == tentacles, "{done}");
        let state = if done["frozen"] == true { "waits" } else { "restored" };
        assert!(all.iter().all(|one| one["state"] == state), "{done}");
    }
    for (number, enclave) in enclaves.iter().enumerate() {
        let info = site.call(owner(number), "enclave_info", json!({"name": enclave})).await.unwrap();
        assert_eq!(info["status"], if is_frozen(number) { "frozen" } else { "active" }, "{info}");
    }
    drop(coming);
    // What was frozen comes back by itself when it is not any more, also at a server that was ended in between.
    site.kill();
    site.run("heads").await;
    for (number, enclave) in enclaves.iter().enumerate().filter(|(number, _)| is_frozen(*number)) {
        site.call(owner(number), "enclave_unfreeze", json!({"name": enclave})).await.unwrap();
    }
    until_ready(&site, &enclaves, tentacles).await;
    let after = objects(&enclaves);
    assert_eq!(before.keys().collect::<Vec<_>>(), after.keys().collect::<Vec<_>>());
    for (name, was) in &before {
        assert_eq!(was, &after[name], "{name}");
    }

    let was = versions(&enclaves);
    site.proxy.calls();
    for enclave in &enclaves {
        let done = site.operate("state_restore", json!({"name": enclave})).await.unwrap();
        assert_eq!(done["status"], "unchanged", "{done}");
    }
    let writes = site
        .proxy
        .calls()
        .into_iter()
        .filter(|call| !call.what.starts_with("GET") && !call.what.contains("/leases"));
    let writes: Vec<String> = writes.map(|call| call.what).collect();
    assert!(writes.is_empty(), "{writes:?}");
    assert_eq!(versions(&enclaves), was);
    for (number, enclave) in enclaves.iter().enumerate() {
        site.deprovision(owner(number), enclave).await;
    }
    drop(repo);
}
