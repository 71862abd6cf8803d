//! Manifests of earlier clients: their source is deployed, and what is dangerous in them is refused by name.

use crate::app::App;
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

/// What an earlier client sends for `hello`.
fn carried() -> Vec<Value> {
    let files = hello("hello", "hi")["files"].clone();
    let labels = json!({"app.kubernetes.io/name": "hello", "app.kubernetes.io/managed-by": "tentacular"});
    let meta = |name: &str| json!({"name": name, "namespace": "price-watch", "labels": labels});
    let data = json!({"workflow.yaml": files["workflow.yaml"], "nodes__hello.ts": files["nodes/hello.ts"]});
    let security = json!({"readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false,
                          "capabilities": {"drop": ["ALL"]}});
    let container = json!({"name": "engine", "image": "engine:latest", "securityContext": security});
    let pod = json!({
        "automountServiceAccountToken": false, "runtimeClassName": "gvisor", "containers": [container],
        "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
    });
    let wide = json!({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}});
    let own = json!({"app.kubernetes.io/name": "hello"});
    vec![
        json!({"kind": "ConfigMap", "metadata": meta("hello-code"), "data": data}),
        json!({"kind": "ConfigMap", "metadata": meta("hello-metadata"), "data": {"readme": "x"}}),
        json!({"kind": "Secret", "metadata": meta("hello-secrets"), "stringData": {"shop": "{}"}}),
        json!({"kind": "NetworkPolicy", "metadata": meta("hello-netpol"),
               "spec": {"podSelector": {"matchLabels": own}, "egress": [{"to": [wide], "ports": [{"port": 443}]}]}}),
        json!({"kind": "Service", "metadata": meta("hello"), "spec": {"type": "ClusterIP", "selector": own}}),
        json!({"kind": "Deployment", "metadata": meta("hello"),
               "spec": {"template": {"metadata": {"labels": labels}, "spec": pod}}}),
    ]
}

#[tokio::test]
async fn the_source_is_deployed_and_the_rest_named_as_ignored() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let args = json!({"name": "hello", "namespace": "price-watch", "manifests": carried()});
    let deployed = channel.say("ana", "wf_apply", args).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");
    assert_eq!(deployed["ignored"].as_array().unwrap().len(), 5, "{deployed}");
    let told = deployed["ignored"].to_string();
    assert!(told.contains("Secret hello-secrets: secrets are set by the enclave's owner"), "{told}");
    // The same source as files is the same version.
    let mut files = hello("hello", "hi");
    let kept = |name: &str| files["files"][name].clone();
    files["files"] =
        json!({"workflow.yaml": kept("workflow.yaml"), "nodes/hello.ts": kept("nodes/hello.ts")});
    assert_eq!(channel.say("ana", "wf_apply", files).await.unwrap()["status"], "unchanged");
}

/// Puts a value into a manifest: which, where, what.
type Change = (usize, String, Value);

/// Where a Deployment's pod is.
const POD: &str = "/spec/template/spec";

fn hostile_pods() -> Vec<Change> {
    let pod = |key: &str, value: Value| (5, format!("{POD}/{key}"), value);
    let container = |key: &str, value: Value| pod(&format!("containers/0/{key}"), value);
    let security = |key: &str, value: Value| container(&format!("securityContext/{key}"), value);
    let volume = |value: Value| pod("volumes", json!([value]));
    vec![
        pod("hostNetwork", json!(true)),
        pod("hostPID", json!(true)),
        pod("hostIPC", json!(true)),
        pod("shareProcessNamespace", json!(true)),
        pod("serviceAccountName", json!("tentacular-workflow")),
        pod("serviceAccount", json!("admin")),
        pod("automountServiceAccountToken", json!(true)),
        pod("nodeName", json!("control-plane")),
        pod("runtimeClassName", json!("runc")),
        pod("ephemeralContainers", json!([{"name": "debug"}])),
        pod("securityContext/runAsUser", json!(0)),
        pod("securityContext/runAsGroup", json!(0)),
        pod("securityContext/fsGroup", json!(0)),
        pod("securityContext/runAsNonRoot", json!(false)),
        pod("securityContext/supplementalGroups", json!([0])),
        pod("securityContext/seccompProfile", json!({"type": "Unconfined"})),
        pod("securityContext/sysctls", json!([{"name": "kernel.msgmax", "value": "1"}])),
        pod("initContainers", json!([{"name": "i", "securityContext": {"privileged": true}}])),
        container("ports", json!([{"containerPort": 80, "hostPort": 80}])),
        security("privileged", json!(true)),
        security("allowPrivilegeEscalation", json!(true)),
        security("readOnlyRootFilesystem", json!(false)),
        security("runAsUser", json!(0)),
        security("procMount", json!("Unmasked")),
        security("capabilities", json!({"add": ["SYS_ADMIN"]})),
        security("seccompProfile", json!({"type": "Unconfined"})),
        security("windowsOptions", json!({"hostProcess": true})),
        volume(json!({"name": "h", "hostPath": {"path": "/"}})),
        volume(json!({"name": "h", "projected": {"sources": [{"serviceAccountToken": {"path": "t"}}]}})),
        volume(json!({"name": "h", "nfs": {"server": "s", "path": "/"}})),
        volume(json!({"name": "h", "iscsi": {"targetPortal": "t"}})),
        volume(json!({"name": "h", "persistentVolumeClaim": {"claimName": "theirs"}})),
        volume(json!({"name": "h", "csi": {"driver": "d"}})),
        volume(json!({"name": "h", "flexVolume": {"driver": "d"}})),
    ]
}

fn hostile_neighbours() -> Vec<Change> {
    let at = |which: usize, pointer: &str, value: Value| (which, pointer.to_owned(), value);
    let mut all = vec![
        at(4, "/spec/type", json!("ExternalName")),
        at(4, "/spec/type", json!("NodePort")),
        at(4, "/spec/type", json!("LoadBalancer")),
        at(4, "/spec/externalName", json!("evil.example")),
        at(4, "/spec/externalIPs", json!(["1.2.3.4"])),
        at(4, "/spec/selector", json!({"app.kubernetes.io/name": "another"})),
        at(4, "/spec/selector", json!({})),
        at(3, "/spec/podSelector", json!({})),
        at(3, "/spec/podSelector/matchLabels", json!({"app.kubernetes.io/name": "another"})),
        at(3, "/spec/egress", json!([{}])),
        at(3, "/spec/egress", json!([{"to": []}])),
        at(3, "/spec/egress", json!([{"to": [{}]}])),
        at(3, "/spec/egress", json!([{"to": [{"namespaceSelector": {}}]}])),
        at(3, "/spec/egress", json!([{"to": [{"podSelector": {}}]}])),
        at(3, "/spec/egress", json!([{"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}]}])),
        at(3, "/spec/egress", json!([{"to": [{"ipBlock": {"cidr": "::/0"}}]}])),
        at(3, "/spec/ingress", json!([{}])),
        at(3, "/spec/ingress", json!([{"from": [{"namespaceSelector": {}}]}])),
        at(5, "/metadata/generateName", json!("hello-")),
        at(5, "/metadata/ownerReferences", json!([{"kind": "Node"}])),
        at(5, "/metadata/finalizers", json!(["a/b"])),
        at(5, "/metadata/uid", json!("1")),
        at(5, "/metadata/name", json!("another")),
        at(0, "/metadata/name", json!("another-code")),
        at(0, "/metadata/namespace", json!("kube-system")),
        at(5, "/metadata/namespace", json!("salaries")),
        at(5, "/metadata/labels", json!({"tentacular.io/release": "another"})),
    ];
    for key in [
        "enclave",
        "enclave-owner",
        "owner",
        "owner-sub",
        "owner-email",
        "mode",
        "auth-provider",
        "deployed-by",
    ] {
        all.push(at(5, "/metadata/annotations", json!({format!("tentacular.io/{key}"): "x"})));
    }
    for kind in [
        "Pod",
        "Job",
        "CronJob",
        "DaemonSet",
        "StatefulSet",
        "Role",
        "RoleBinding",
        "ClusterRole",
        "ClusterRoleBinding",
        "ServiceAccount",
        "Namespace",
        "List",
        "ConfigMapList",
        "Ingress",
        "CustomResourceDefinition",
        "Node",
    ] {
        all.push(at(5, "/kind", json!(kind)));
    }
    all
}

/// Sets what is at a pointer, and makes what leads there.
fn put(value: &mut Value, pointer: &str, new: Value) {
    let mut place = value;
    for part in pointer.split('/').skip(1) {
        place = match part.parse::<usize>() {
            Ok(index) => &mut place[index],
            Err(_) => &mut place[part],
        };
    }
    *place = new;
}

#[tokio::test]
async fn what_is_dangerous_is_refused_by_name_and_nothing_changes() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let hostile: Vec<Change> = hostile_pods().into_iter().chain(hostile_neighbours()).collect();
    assert!(hostile.len() >= 80, "{}", hostile.len());
    for (which, pointer, value) in hostile {
        let mut manifests = carried();
        put(&mut manifests[which], &pointer, value.clone());
        let args = json!({"name": "hello", "namespace": "price-watch", "manifests": manifests});
        let refused = channel.say("ana", "wf_apply", args).await;
        let refused = refused.expect_err(&format!("{pointer} = {value} was accepted"));
        assert_eq!(refused.code, FailureCode::Invalid, "{pointer}: {refused:?}");
        assert!(refused.message.contains('`'), "{pointer}: {refused:?}");
    }
    assert!(app.backend.world().tentacles.is_empty());
}

/// Files that no tentacle has: paths that lead out, names that hide, too much.
#[tokio::test]
async fn hostile_bundles_are_refused_and_nothing_changes() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let paths = [
        "../x.ts",
        "nodes/../../x.ts",
        "/etc/passwd",
        "nodes//x.ts",
        "nodes/",
        "",
        "nodes/\u{0}.ts",
        "nodes/a\nb.ts",
        "C:\\x.ts",
        "nodes\\x.ts",
        "nodes/\u{202e}st.x",
        "NODES/HELLO.ts",
    ];
    let mut bundles: Vec<(&str, Value)> = paths.into_iter().map(|path| (path, json!({path: "x"}))).collect();
    bundles.push(("much", json!({"nodes/much.ts": "x".repeat(1_500_000)})));
    let many = (0..2_000).map(|number| (format!("nodes/n{number}.ts"), json!("x"))).collect::<Value>();
    bundles.push(("many", many));
    for (name, more) in bundles {
        let mut args = hello("hello", "hi");
        for (path, text) in more.as_object().unwrap() {
            args["files"][path] = text.clone();
        }
        let refused = channel.say("ana", "wf_apply", args).await;
        assert_eq!(refused.expect_err(name).code, FailureCode::Invalid, "{name:?}");
    }
    assert!(app.backend.world().tentacles.is_empty());
}
