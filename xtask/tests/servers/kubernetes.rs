//! The control plane: its admission, rights and controllers are the real ones.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use super::variable;

fn kubectl(arguments: &[&str], input: &str) -> Output {
    let mut kubectl = Command::new(variable("TENTACULAR_TEST_KUBECTL"));
    kubectl.arg("--kubeconfig").arg(variable("TENTACULAR_TEST_KUBECONFIG")).args(arguments);
    let mut child =
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

fn ok(arguments: &[&str], input: &str) -> String {
    let output = kubectl(arguments, input);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn refused(arguments: &[&str], input: &str) -> String {
    let output = kubectl(arguments, input);
    assert!(!output.status.success(), "{arguments:?} was accepted");
    String::from_utf8(output.stderr).unwrap()
}

/// A namespace with Pod Security `restricted`; deleted at the end, which only a controller completes.
struct Namespace(String);

impl Namespace {
    fn new(what: &str) -> Self {
        let name = format!("xtask-{what}-{}", std::process::id());
        let label = "pod-security.kubernetes.io/enforce: restricted";
        let manifest =
            format!("{{apiVersion: v1, kind: Namespace, metadata: {{name: {name}, labels: {{{label}}}}}}}");
        ok(&["apply", "--server-side", "-f", "-"], &manifest);
        Self(name)
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        let gone = kubectl(&["delete", "namespace", &self.0, "--wait", "--timeout=60s"], "").status.success();
        assert!(gone || std::thread::panicking(), "the namespace {} stays", self.0);
    }
}

#[test]
fn client_and_server_have_the_same_version() {
    let versions: serde_json::Value = serde_json::from_str(&ok(&["version", "--output=json"], "")).unwrap();
    assert_eq!(versions["serverVersion"]["gitVersion"], "v1.36.3");
    assert_eq!(versions["clientVersion"]["gitVersion"], "v1.36.3");
}

#[test]
fn pod_security_refuses_what_a_restricted_namespace_must_not_run() {
    let namespace = Namespace::new("security");
    ok(&["wait", "--for=create", "serviceaccount/default", "--timeout=30s", "-n", &namespace.0], "");
    let pod = "{apiVersion: v1, kind: Pod, metadata: {name: bad}, spec: {hostNetwork: true, \
               containers: [{name: bad, image: none.example/bad}]}}";
    let why = refused(&["apply", "-n", &namespace.0, "-f", "-"], pod);
    assert!(why.contains("violates PodSecurity \"restricted"), "{why}");
}

#[test]
fn an_account_without_a_role_has_no_right() {
    let namespace = Namespace::new("rights");
    let account = format!("--as=system:serviceaccount:{}:default", namespace.0);
    let why = refused(&["get", "secrets", "-n", &namespace.0, &account], "");
    assert!(why.contains("is forbidden"), "{why}");
}

#[test]
fn quotas_and_admission_policies_are_enforced() {
    let namespace = Namespace::new("quota");
    let quota = "{apiVersion: v1, kind: ResourceQuota, metadata: {name: q}, spec: {hard: {configmaps: '1'}}}";
    ok(&["apply", "-n", &namespace.0, "-f", "-"], quota);
    let counted = "--for=jsonpath={.status.used.configmaps}=1";
    ok(&["wait", counted, "resourcequota/q", "--timeout=30s", "-n", &namespace.0], "");
    let why = refused(&["create", "configmap", "two", "-n", &namespace.0], "");
    assert!(why.contains("exceeded quota"), "{why}");
    ok(&["get", "validatingadmissionpolicies.v1.admissionregistration.k8s.io"], "");
}
