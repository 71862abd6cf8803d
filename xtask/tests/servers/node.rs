//! The node: whole, ready, enforcing, and in namespaces of its own.

use std::fs;
use std::process::Command;

use serde_json::Value;

use super::variable;

fn told() -> Value {
    serde_json::from_slice(&fs::read(variable("TENTACULAR_TEST_NODE")).unwrap()).unwrap()
}

/// What a program says in the node's network and with its mounts.
fn there(program: &str, arguments: &[&str]) -> String {
    let pid = told()["pid"].to_string();
    let mut command = Command::new("nsenter");
    let output =
        command.args(["--target", &pid, "--net", "--mount", program]).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn kubectl(arguments: &[&str]) -> String {
    let told = told();
    let text = |key: &str| told[key].as_str().unwrap().to_owned();
    let kubeconfig = ["--kubeconfig", &text("kubeconfig")];
    there(&text("kubectl"), &[&kubeconfig[..], arguments].concat())
}

#[test]
fn it_is_ready_with_its_name_service_and_its_rules() {
    let ready = "jsonpath={.items[*].status.conditions[?(@.type=='Ready')].status}";
    assert_eq!(kubectl(&["get", "nodes", "-o", ready]), "True");
    let available = "jsonpath={.status.availableReplicas}";
    assert_eq!(kubectl(&["get", "deployment", "coredns", "-n", "kube-system", "-o", available]), "1");
    assert_eq!(kubectl(&["get", "runtimeclass", "gvisor", "-o", "jsonpath={.handler}"]), "runsc");
    let rules = there("nft", &["list", "table", "ip", "network_policy"]);
    assert!(rules.contains("hook forward") && rules.contains("hook input"), "{rules}");
}

#[test]
fn it_leaves_the_machine_alone() {
    let pid = told()["pid"].to_string();
    for kind in ["ipc", "mnt", "net", "pid"] {
        let of = |process: &str| fs::read_link(format!("/proc/{process}/ns/{kind}")).unwrap();
        assert_ne!(of(&pid), of("self"), "{kind}");
    }
    let links = |listed: String| listed.contains("cni0") && listed.contains("node0");
    assert!(links(there("ip", &["link"])));
    let here = Command::new("ip").arg("link").output().unwrap();
    assert!(here.status.success() && !links(String::from_utf8(here.stdout).unwrap()));
}
