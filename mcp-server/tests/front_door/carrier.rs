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
    let metadata = json!({"readme": "# Mine", "params_schema": "{\"type\": \"object\"}", "contract": "c", "git_provenance": "{}"});
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
        json!({"kind": "ConfigMap", "metadata": meta("hello-metadata"), "data": metadata}),
        json!({"kind": "Secret", "metadata": meta("hello-secrets"), "stringData": {"shop": "{}"}}),
        json!({"kind": "NetworkPolicy", "metadata": meta("hello-netpol"),
               "spec": {"podSelector": {"matchLabels": own}, "egress": [{"to": [wide], "ports": [{"port": 443}]}]}}),
        json!({"kind": "Service", "metadata": meta("hello"), "spec": {"type": "ClusterIP", "selector": own}}),
        json!({"kind": "Deployment", "metadata": meta("hello"),
               "spec": {"selector": {"matchLabels": own}, "template": {"metadata": {"labels": labels}, "spec": pod}}}),
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
    assert!(told.contains("ConfigMap hello-metadata: of the metadata only the readme"), "{told}");
    let described = channel.say("ana", "wf_describe", json!({"name": "hello"})).await.unwrap();
    assert_eq!(described["readme"], "# Mine");
    // The same source as files is the same version.
    let files = beside_the_code("# Mine", ("params.schema.json", "{\"type\": \"object\"}"));
    assert_eq!(channel.say("ana", "wf_apply", files).await.unwrap()["status"], "unchanged");
}

/// The code that manifests carry, as files, with a readme and a schema of its parameters.
fn beside_the_code(readme: &str, (schema, text): (&str, &str)) -> Value {
    let mut files = hello("hello", "hi");
    let kept = |name: &str| files["files"][name].clone();
    files["files"] = json!({
        "workflow.yaml": kept("workflow.yaml"), "nodes/hello.ts": kept("nodes/hello.ts"), "README.md": readme, schema: text,
    });
    files
}

/// What the metadata brings is held to what files are held to, and takes no file of the code's place.
#[tokio::test]
async fn of_the_metadata_what_was_a_file_is_read_within_the_same_bounds() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let send = async |data: Value, code: Value| {
        let mut manifests = carried();
        manifests[1]["data"] = data;
        for (key, text) in code.as_object().unwrap() {
            manifests[0]["data"][key] = text.clone();
        }
        let args = json!({"name": "hello", "namespace": "price-watch", "manifests": manifests});
        channel.say("ana", "wf_apply", args).await
    };
    let large = send(json!({"readme": "x".repeat(1 << 20)}), json!({})).await.unwrap_err();
    assert!(large.code == FailureCode::Invalid && large.message.contains("README.md"), "{large:?}");
    let own =
        send(json!({"readme": "theirs", "params_schema": "type: object\n"}), json!({"README.md": "ours"}));
    let own = own.await.unwrap();
    assert_eq!((&own["status"], own["ignored"].as_array().unwrap().len()), (&json!("deployed"), 4), "{own}");
    let files = beside_the_code("ours", ("params.schema.yaml", "type: object\n"));
    assert_eq!(channel.say("ana", "wf_apply", files).await.unwrap()["status"], "unchanged");
}

/// The original took any key in silence, so that its users have some that nobody reads.
#[tokio::test]
async fn keys_that_nobody_reads_are_ignored_in_manifests_and_refused_in_files() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let yaml = hello("hello", "hi")["files"]["workflow.yaml"].as_str().unwrap().to_owned();
    let contract = "contract: {version: '1', notes: mine, dependencies: {shop: {protocol: https, host: shop.example, since: 1}}}\n";
    let own = format!("team: ana\n{yaml}{contract}");
    let mut manifests = carried();
    manifests[0]["data"]["workflow.yaml"] = json!(own);
    let args = json!({"name": "hello", "namespace": "price-watch", "manifests": manifests, "dry_run": true});
    let checked = channel.say("ana", "wf_apply", args.clone()).await.unwrap();
    for key in ["1:1: nobody here knows the key \"team\"", "contract: nobody", "dependency \"shop\": nobody"]
    {
        assert!(
            checked["ignored"].as_array().unwrap().iter().any(|line| line.as_str().unwrap().contains(key)),
            "{key}: {checked}"
        );
    }
    assert_eq!(checked["new_reach"], json!(["hello connects to shop.example:443"]));

    // It runs, and is read again as it is kept: by whoever describes it, and by a server that starts anew.
    manifests[0]["data"]["workflow.yaml"] = json!(format!("team: ana\n{yaml}"));
    let args = json!({"name": "hello", "namespace": "price-watch", "manifests": manifests});
    assert_eq!(channel.say("ana", "wf_apply", args).await.unwrap()["status"], "deployed");
    let told = channel.say("ana", "wf_describe", json!({"name": "hello"})).await.unwrap();
    assert_eq!(told["nodes"][0]["name"], "hello", "{told}");

    let mut files = hello("hello", "hi");
    files["files"]["workflow.yaml"] = json!(own);
    let refused = channel.say("ana", "wf_apply", files).await.unwrap_err();
    for key in ["team", "notes", "since"] {
        assert!(refused.message.contains(&format!("unknown key \"{key}\"")), "{refused:?}");
    }
    // What is nearly a key of ours was meant to be it: without `uses` this node would have everything.
    manifests[0]["data"]["workflow.yaml"] =
        json!(own.replace("nodes:\n  hello:\n", "nodes:\n  hello:\n    use: []\n"));
    let args = json!({"name": "hello", "namespace": "price-watch", "manifests": manifests});
    let refused = channel.say("ana", "wf_apply", args).await.unwrap_err();
    assert!(refused.message.contains("did you mean \"uses\"?"), "{refused:?}");
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
        at(5, "/spec/selector/matchLabels", json!({"app.kubernetes.io/name": "another"})),
        at(
            5,
            "/spec/selector",
            json!({"matchExpressions": [{"key": "app.kubernetes.io/name", "operator": "Exists"}]}),
        ),
        at(
            5,
            "/spec/selector/matchLabels",
            json!({"app.kubernetes.io/name": "hello", "tentacular.io/release": "another"}),
        ),
        at(5, "/spec/template/metadata/labels", json!({"app.kubernetes.io/name": "another"})),
        at(5, "/spec/template/metadata/labels", json!({"tentacular.io/release": "another"})),
        at(5, "/spec/template/metadata/labels", json!({"tentacular.io/tentacle": "another"})),
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

#[tokio::test]
async fn all_that_is_wrong_is_told_in_one_answer() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let mut args = hello("hello", "hi");
    let yaml = args["files"]["workflow.yaml"].as_str().unwrap();
    let yaml = yaml.replace("type: manual", "{type: queue, subject: s}").replace("\"1.0\"", "one");
    args["files"]["workflow.yaml"] = json!(yaml);
    args["files"]["../x.ts"] = json!("x");
    let refused = channel.say("ana", "wf_apply", args).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Invalid);
    for what in
        ["\"../x.ts\" cannot be used", "version must be semver", "queue triggers are not supported yet"]
    {
        assert!(refused.message.contains(what), "{what}: {refused:?}");
    }
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
    bundles.push(("much", json!({"nodes/much.ts": "x".repeat((4 << 20) - (64 << 10))})));
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
    // What is larger than any call is not even read, however it comes.
    let five_mb = "x".repeat(5_000_000);
    let mut files = hello("hello", "hi");
    files["files"]["nodes/much.ts"] = json!(five_mb);
    let mut manifests = carried();
    manifests[0]["data"]["nodes__much.ts"] = json!(five_mb);
    for args in [files, json!({"name": "hello", "manifests": manifests})] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "wf_apply", "arguments": args}});
        assert_eq!(app.post(&app.agent("ana"), &message).await.status, 413);
    }
    assert!(app.backend.world().tentacles.is_empty());
}
