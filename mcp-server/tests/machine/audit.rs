//! Somebody with the machine's rights weakens what holds an enclave: the audit looks at what really is, and finds it.

use crate::caller::ENCLAVE;
use crate::left::{entries, groups};
use crate::server::{Server, Walls};
use crate::source::hello;
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::process::Command;

const TOOLS: [&str; 4] = ["audit_netpol", "audit_psa", "audit_rbac", "audit_resources"];

async fn audit(server: &Server, tool: &'static str) -> Value {
    server.call(tool, json!({"enclave": ENCLAVE})).await.unwrap()
}

/// The rules of what is found, but for what this machine cannot limit at all, which its gaps say.
fn rules(told: &Value) -> Vec<&str> {
    let rules = told["findings"].as_array().unwrap().iter().map(|finding| finding["rule"].as_str().unwrap());
    rules.filter(|rule| *rule != "not-limited").collect()
}

async fn is_clean(server: &Server) {
    for tool in TOOLS {
        let told = audit(server, tool).await;
        assert_eq!(rules(&told), [""; 0], "{tool}: {told}");
        assert_eq!(told["unseen"], json!([]), "{tool}");
    }
}

/// What is mended by a command of the machine is mended by it.
fn mend(told: &Value) {
    let remedy = told["findings"][0]["remediation"].as_str().unwrap();
    assert!(Command::new("/bin/sh").args(["-c", remedy]).status().unwrap().success(), "{remedy}");
}

#[tokio::test]
async fn what_is_as_it_was_made_has_no_finding() {
    for walls in [Walls::Bwrap, Walls::Runsc] {
        let server = Server::with_enclave(walls).await;
        is_clean(&server).await;
        server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
        server.run_tentacle("greeter", json!({})).await.unwrap();
        is_clean(&server).await;
        // it was looked at, from within and from outside
        let told = audit(&server, "audit_psa").await;
        let (looked, beyond) = (told["looked_at"].to_string(), told["beyond"].to_string());
        // Of gVisor's processes nothing is looked at, and that is said.
        let from_outside = looked.contains("living sandbox of greeter");
        assert!(looked.contains(walls.name()) && from_outside != beyond.contains("gVisor's own"), "{told}");
        // and it says what there is nothing of here
        let beyond = audit(&server, "audit_rbac").await["beyond"].to_string();
        assert!(beyond.contains("no roles"), "{beyond}");
        let told = json!({"enclave": ENCLAVE, "workflowName": "greeter"});
        let told = server.call("audit_resources", told).await.unwrap();
        assert_eq!(
            (&told["overall"], &told["networkPolicy"]["status"]),
            (&json!("pass"), &json!("pass")),
            "{told}"
        );
    }
}

#[tokio::test]
async fn a_folder_that_others_may_read_is_found_and_mended() {
    use std::os::unix::fs::PermissionsExt;
    let server = Server::with_enclave(Walls::Bwrap).await;
    let folder = server.machine_dir().join("enclaves").join(ENCLAVE);
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    let told = audit(&server, "audit_rbac").await;
    assert_eq!(rules(&told), ["folder-open"], "{told}");
    mend(&told);
    is_clean(&server).await;
}

/// The enclave's groups that have this file.
fn having(server: &Server, file: &str) -> Vec<PathBuf> {
    groups(&server.machine_dir())
        .into_iter()
        .map(|own| own.join(ENCLAVE))
        .filter(|group| group.join(file).exists())
        .collect()
}

#[tokio::test]
async fn a_larger_share_is_found_and_given_back() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    let files = ["pids.max", "memory.max", "memory.limit_in_bytes"];
    let changed = files.into_iter().find_map(|file| Some(having(&server, file).first()?.join(file)));
    let changed = changed.expect("this machine limits nothing");
    fs::write(&changed, if changed.ends_with("pids.max") { "max" } else { "-1" }).unwrap();
    let told = audit(&server, "audit_resources").await;
    assert!(rules(&told).contains(&"share-changed"), "{told}");
    assert_eq!(told["overall"], "fail");
    let remedy = told["findings"][0]["remediation"].as_str().unwrap();
    assert_eq!(remedy, format!("tntc enclave sync {ENCLAVE} --quota medium"));
    server.call("enclave_sync", json!({"name": ENCLAVE, "new_quota_preset": "medium"})).await.unwrap();
    crate::server::until("the share is given back", async || {
        rules(&audit(&server, "audit_resources").await).is_empty()
    })
    .await;
}

#[tokio::test]
async fn a_sandbox_that_left_its_group_is_found_and_replaced() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.run_tentacle("greeter", json!({})).await.unwrap();
    let enclave = having(&server, "cgroup.procs").first().cloned().unwrap();
    let outside = enclave.parent().unwrap().parent().unwrap().join("cgroup.procs");
    for sandbox in entries(&enclave).into_iter().filter(|entry| entry.is_dir()) {
        for process in fs::read_to_string(sandbox.join("cgroup.procs")).unwrap().lines() {
            fs::write(&outside, process).unwrap();
        }
    }
    let told =
        server.call("audit_resources", json!({"enclave": ENCLAVE, "workflowName": "greeter"})).await.unwrap();
    let finding =
        told["findings"].as_array().unwrap().iter().find(|finding| finding["rule"] == "left-its-group");
    let finding = finding.unwrap_or_else(|| panic!("{told}"));
    assert_eq!(finding["tentacle"], "greeter");
    assert_eq!(finding["remediation"], format!("tntc restart greeter -e {ENCLAVE}"));
    server.call("wf_restart", json!({"enclave": ENCLAVE, "name": "greeter"})).await.unwrap();
    server.run_tentacle("greeter", json!({})).await.unwrap();
    is_clean(&server).await;
}
