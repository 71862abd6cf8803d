//! The objects of an enclave and `deploy/kubernetes` on a real API server, under exactly the server's account.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

use manifest::{
    Behind, ClusterSpec, EnclaveSpec, FIELD_MANAGER, FetchSpec, Mirror, PackedModules, Purpose, QuotaPreset,
    ServerAccount, Status, TentacleSpec, render_all, render_fetch, render_tentacle,
};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};
use workflow::{Bundle, EnclaveName, Facts, Modules, RunTokenHash, Workflow, derive};

const SERVER: &str = "--as=system:serviceaccount:tentacular-system:mcp-server";

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}

/// What kubectl answers: its output, or its complaint.
fn kubectl(arguments: &[&str], input: &str) -> Result<String, String> {
    let mut kubectl = Command::new(variable("TENTACULAR_TEST_KUBECTL"))
        .arg("--kubeconfig")
        .arg(variable("TENTACULAR_TEST_KUBECONFIG"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    kubectl.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = kubectl.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn get(arguments: &[&str]) -> Value {
    let words: Vec<&str> = ["get", "-o", "json"].iter().chain(arguments).copied().collect();
    serde_json::from_str(&kubectl(&words, "").unwrap()).unwrap()
}

/// Applies objects as the server does, or as another account.
fn apply(account: &str, objects: &[Value], more: &[&str]) -> Result<String, String> {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let manager = format!("--field-manager={FIELD_MANAGER}");
    let words = ["apply", "--server-side", "--validate=strict", "-f", "-", manager.as_str(), account];
    kubectl(&words.iter().chain(more).copied().collect::<Vec<_>>(), &list)
}

/// The account of whoever runs the tests: the cluster's administrator.
const ADMINISTRATOR: &str = "--request-timeout=60s";

fn until(what: &str, holds: impl Fn() -> bool) {
    let end = Instant::now() + Duration::from_secs(60);
    while !holds() {
        assert!(Instant::now() < end, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// `deploy/kubernetes`, applied once, and its admission policy in force.
fn installed() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let folder = format!("{}/../deploy/kubernetes", env!("CARGO_MANIFEST_DIR"));
        let base = kubectl(&["kustomize", &folder], "").unwrap();
        kubectl(&["apply", "--server-side", "--validate=strict", "--force-conflicts", "-f", "-"], &base)
            .unwrap();
        until("the admission policy", || {
            let refused = kubectl(&["create", "namespace", "not-ours", "--dry-run=server", SERVER], "");
            refused.is_err_and(|why| why.contains("ValidatingAdmissionPolicy"))
        });
        let policy = get(&["validatingadmissionpolicy", "tentacular-server"]);
        assert_eq!(policy["status"]["typeChecking"], json!({}), "its expressions have the right types");
    });
}

/// An enclave with a name of its own, removed at the end.
struct Enclave(EnclaveSpec);

impl Enclave {
    fn new(what: &str) -> Self {
        installed();
        let name: EnclaveName = format!("manifest-{what}-{}", std::process::id()).parse().unwrap();
        let mirror = Mirror { owner: Some("Ana".to_owned()), ..Mirror::default() };
        let server = ServerAccount::default();
        Self(EnclaveSpec { id: name.to_string(), name, quota: QuotaPreset::Small, mirror, server })
    }

    fn name(&self) -> &str {
        self.0.name.as_str()
    }

    /// Makes it as the server does: one object after the other, each by its own request.
    fn made(self) -> Self {
        for object in render_all(&self.0, Status::Provisioning).unwrap() {
            apply(SERVER, &[object], &[]).unwrap();
        }
        self
    }
}

impl Drop for Enclave {
    fn drop(&mut self) {
        let gone = kubectl(&["delete", "namespace", self.name(), "--ignore-not-found", "--timeout=60s"], "");
        assert!(gone.is_ok() || std::thread::panicking(), "{gone:?}");
    }
}

#[test]
fn the_server_makes_an_enclave_changes_it_and_removes_it() {
    let enclave = Enclave::new("life").made();
    let objects = render_all(&enclave.0, Status::Active).unwrap();
    apply(SERVER, &objects, &[]).unwrap();
    let namespace = get(&["namespace", enclave.name()]);
    assert_eq!(namespace["metadata"]["annotations"]["tentacular.io/enclave-status"], "active");

    // the same again changes nothing
    let before = namespace["metadata"]["resourceVersion"].clone();
    apply(SERVER, &objects, &[]).unwrap();
    assert_eq!(get(&["namespace", enclave.name()])["metadata"]["resourceVersion"], before);

    // a part that is no longer shown goes away
    let mut changed = enclave.0.clone();
    changed.mirror.owner = None;
    apply(SERVER, &render_all(&changed, Status::Frozen).unwrap(), &[]).unwrap();
    let annotations = &get(&["namespace", enclave.name()])["metadata"]["annotations"];
    assert!(annotations.get("tentacular.io/enclave-owner").is_none(), "{annotations}");

    kubectl(&["delete", "namespace", enclave.name(), "--timeout=60s", SERVER], "").unwrap();
}

/// A pod that a restricted namespace takes.
fn pod(change: impl Fn(&mut Value)) -> Value {
    let mut pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"},
        "spec": {
            "securityContext": {"runAsNonRoot": true, "runAsUser": 65534, "seccompProfile": {"type": "RuntimeDefault"}},
            "containers": [{
                "name": "a", "image": "none.example/a",
                "securityContext": {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}},
            }],
        },
    });
    change(&mut pod);
    pod
}

#[test]
fn pods_get_limits_and_no_token_and_cannot_be_more_than_they_may() {
    let enclave = Enclave::new("pods").made();
    let named = format!("--namespace={}", enclave.name());
    let try_pod = |change: &dyn Fn(&mut Value)| {
        let made = apply(ADMINISTRATOR, &[pod(change)], &[&named, "--dry-run=server", "-o", "json"])?;
        Ok::<Value, String>(serde_json::from_str(&made).unwrap())
    };
    let made = try_pod(&|_| {}).unwrap();
    assert_eq!(made["spec"]["containers"][0]["resources"]["limits"]["memory"], "256Mi");
    let mounts = made["spec"]["containers"][0].get("volumeMounts").cloned().unwrap_or_default();
    assert!(!mounts.to_string().contains("serviceaccount"), "{mounts}");

    let context = |pod: &mut Value, key: &str, value: Value| {
        pod["spec"]["containers"][0]["securityContext"][key] = value;
    };
    type Change<'a> = &'a dyn Fn(&mut Value);
    let refused: [(&str, Change<'_>); 9] = [
        ("PodSecurity", &|pod| {
            context(pod, "privileged", true.into());
            context(pod, "allowPrivilegeEscalation", true.into());
        }),
        ("PodSecurity", &|pod| context(pod, "allowPrivilegeEscalation", true.into())),
        ("PodSecurity", &|pod| context(pod, "runAsUser", 0.into())),
        ("PodSecurity", &|pod| context(pod, "capabilities", json!({"add": ["SYS_ADMIN"]}))),
        ("PodSecurity", &|pod| pod["spec"]["hostNetwork"] = true.into()),
        ("PodSecurity", &|pod| pod["spec"]["hostPID"] = true.into()),
        ("PodSecurity", &|pod| pod["spec"]["volumes"] = json!([{"name": "h", "hostPath": {"path": "/"}}])),
        ("maximum memory usage", &|pod| {
            pod["spec"]["containers"][0]["resources"] = json!({"limits": {"memory": "2Gi"}});
        }),
        ("maximum cpu usage", &|pod| {
            pod["spec"]["containers"][0]["resources"] = json!({"limits": {"cpu": "2"}});
        }),
    ];
    for (index, (why, change)) in refused.into_iter().enumerate() {
        let answer = try_pod(change).unwrap_err();
        assert!(answer.contains(why), "{index} {why}: {answer}");
    }
}

/// The objects of a tentacle that uses everything: a host by its own protocol, a secret, a sidecar, a file in a folder, modules
/// in two objects as large as they may be; and last those of what fetches its modules.
fn tentacle(enclave: &EnclaveName) -> Vec<Value> {
    let image = format!("registry.example/pages@sha256:{}", "1".repeat(64));
    let yaml = "name: hello\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  a: {path: nodes/deep/a.ts, description: A}\n\
                contract:\n  version: '1'\n  dependencies:\n    db: {protocol: postgresql, host: db.example, database: d, user: u, \
                auth: {type: password, secret: db.password}}\n\
                sidecars: [{name: pages, image: 'IMAGE', command: [serve], env: {K: v}, port: 9000}]\n"
        .replace("IMAGE", &image);
    let file = |path: &str, text: &str| (path.to_owned(), text.as_bytes().to_vec());
    let bundle =
        Bundle::new([file("workflow.yaml", &yaml), file("nodes/deep/a.ts", "export default () => 1")]);
    let bundle = bundle.unwrap();
    let facts = Facts { enclave: enclave.clone(), version: bundle.content_hash() };
    let sandbox = derive(&Workflow::of(&bundle).unwrap(), &facts).unwrap();
    let cluster = ClusterSpec {
        image: format!("example.org/engine@sha256:{}", "0".repeat(64)),
        behind: Behind::RuntimeClass("manifest-tests".to_owned()),
        gateway: Some("10.96.0.9:3128".parse().unwrap()),
        server: ServerAccount::default(),
    };
    let secrets: BTreeMap<_, _> = sandbox.secrets.iter().map(|name| (name.clone(), "s".to_owned())).collect();
    let modules = PackedModules {
        set: "01234567".to_owned(),
        parts: vec![vec![7; PackedModules::PART_BYTES]; 2],
        digest: format!("sha256:{}", "0".repeat(64)),
        room_mib: 5,
        record: "{}".to_owned(),
    };
    let fetching = FetchSpec {
        tentacle: &sandbox.tentacle,
        version: &sandbox.version,
        modules: &Modules::default(),
        registries: "{}",
        cluster: &cluster,
        gateway: "10.96.0.9:3128".parse().unwrap(),
        pass: "d.e.f",
        token: RunTokenHash::of("t"),
        standing: "1",
    };
    let mut objects = render_tentacle(&TentacleSpec {
        sandbox: &sandbox,
        bundle: &bundle,
        cluster: &cluster,
        token: RunTokenHash::of("t"),
        pass: Some("a.b.c"),
        secrets: &secrets,
        modules: Some(&modules),
        standing: "1",
        passing: "p",
        purpose: Purpose::Serve,
    })
    .unwrap();
    objects.extend(render_fetch(&fetching, Duration::from_secs(60)).unwrap());
    objects
}

#[test]
fn the_server_makes_a_tentacle_whose_pod_a_restricted_namespace_takes() {
    let enclave = Enclave::new("tentacle").made();
    let objects = tentacle(&enclave.0.name);
    let class = json!({"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": "manifest-tests"},
                       "handler": "runsc"});
    apply(ADMINISTRATOR, &[class], &[]).unwrap();
    // as the server does, whose account cannot read Secrets: one object after the other, from its own request
    for object in &objects {
        apply(SERVER, std::slice::from_ref(object), &[]).unwrap();
        apply(SERVER, std::slice::from_ref(object), &[]).unwrap();
    }
    what_it_says_it_sets_is_what_the_api_server_notes(&objects, &enclave);
    let template = &objects.iter().find(|object| object["kind"] == "Deployment").unwrap()["spec"]["template"];
    let mut pod = json!({"apiVersion": "v1", "kind": "Pod", "metadata": template["metadata"], "spec": template["spec"]});
    pod["metadata"]["name"] = "bare".into();
    let named = format!("--namespace={}", enclave.name());
    let made = apply(ADMINISTRATOR, &[pod], &[&named, "--dry-run=server", "-o", "json"]).unwrap();
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["spec"]["runtimeClassName"], "manifest-tests");
    assert_eq!(made["spec"]["volumes"].as_array().unwrap().len(), 7, "no token among them");

    let (secret, policy) = ("hello-", "networkpolicy");
    let name = objects[0]["metadata"]["name"].as_str().unwrap();
    assert!(name.starts_with(secret));
    for read in [vec!["get", "secret", name, &named], vec!["get", "secrets", &named]] {
        let why = kubectl(&[read, vec![SERVER]].concat(), "").unwrap_err();
        assert!(why.contains("orbidden"), "{why}");
    }
    for kind in ["deployment", "secret", "configmap", policy] {
        kubectl(&["delete", kind, name, &named, "--wait=false", SERVER], "").unwrap();
    }
}

/// A field that was taken away is known by what a deployment says of itself.
fn what_it_says_it_sets_is_what_the_api_server_notes(objects: &[Value], enclave: &Enclave) {
    let ours = objects.iter().find(|object| object["kind"] == "Deployment").unwrap();
    let said = ours["metadata"]["annotations"]["tentacular.io/fields"].as_str().unwrap();
    let name = ours["metadata"]["name"].as_str().unwrap();
    let named = format!("--namespace={}", enclave.name());
    let there = get(&["deployment", name, &named, "--show-managed-fields"]);
    let entries = there["metadata"]["managedFields"].as_array().unwrap();
    let own = entries.iter().find(|entry| entry["manager"] == FIELD_MANAGER).unwrap();
    let mut noted = own["fieldsV1"].clone();
    without_dots(&mut noted);
    assert_eq!(serde_json::from_str::<Value>(said).unwrap(), noted);
}

/// `.` is the thing itself, beside its fields.
fn without_dots(fields: &mut Value) {
    if let Some(fields) = fields.as_object_mut() {
        fields.remove(".");
        fields.values_mut().for_each(without_dots);
    }
}

#[test]
fn the_quota_counts() {
    let enclave = Enclave::new("quota").made();
    let named = format!("--namespace={}", enclave.name());
    until("the quota's first count", || {
        get(&["resourcequota", "tentacular-quota", &named])["status"]["used"]["pods"] == "0"
    });
    let service = |kind: &str| {
        json!({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"},
            "spec": {"type": kind, "ports": [{"port": 80}], "selector": {"a": "b"}}})
    };
    let dry = [named.as_str(), "--dry-run=server"];
    apply(ADMINISTRATOR, &[service("ClusterIP")], &dry).unwrap();
    for outside in ["NodePort", "LoadBalancer"] {
        let why = apply(ADMINISTRATOR, &[service(outside)], &dry).unwrap_err();
        assert!(why.contains("exceeded quota"), "{why}");
    }
}

#[test]
fn the_server_can_do_nothing_where_it_made_nothing() {
    let enclave = Enclave::new("bounds").made();
    let ours = format!("--namespace={}", enclave.name());
    let foreign = format!("foreign-{}", std::process::id());
    kubectl(&["create", "namespace", &foreign], "").unwrap();
    let theirs = format!("--namespace={foreign}");
    let label = "app.kubernetes.io/managed-by=tentacular";
    let restricted = "pod-security.kubernetes.io/enforce=restricted";
    let server = "--serviceaccount=tentacular-system:mcp-server";
    let role = "--clusterrole=tentacular-enclave";
    let tries: Vec<Vec<&str>> = vec![
        // namespaces of others
        vec!["create", "namespace", "plain"],
        vec!["label", "namespace", &foreign, label],
        vec!["label", "namespace", &foreign, label, restricted],
        vec!["annotate", "namespace", "kube-system", "a=b"],
        vec!["delete", "namespace", &foreign],
        vec!["delete", "namespace", "tentacular-system"],
        // rights elsewhere, for others, or more of them
        vec!["create", "rolebinding", "x", role, server, &theirs],
        vec!["create", "rolebinding", "x", role, server, "--namespace=kube-system"],
        vec!["create", "rolebinding", "x", role, server, "--namespace=tentacular-system"],
        vec!["create", "rolebinding", "x", role, "--user=eve", &ours],
        vec!["create", "rolebinding", "x", role, "--group=system:authenticated", &ours],
        vec!["create", "rolebinding", "x", "--clusterrole=cluster-admin", server, &ours],
        vec!["create", "rolebinding", "x", "--clusterrole=admin", server, &ours],
        vec!["create", "clusterrolebinding", "x", role, server],
        vec!["create", "role", "x", "--verb=get", "--resource=secrets", &ours],
        vec!["create", "token", "default", &ours],
        // its own namespace, made less safe
        vec![
            "label",
            "--overwrite",
            "namespace",
            enclave.name(),
            "pod-security.kubernetes.io/enforce=privileged",
        ],
        vec!["label", "namespace", enclave.name(), "app.kubernetes.io/managed-by-"],
        // reading what it has no business with
        vec!["get", "secrets", "--all-namespaces"],
        vec!["get", "secrets", &ours],
        vec!["get", "pods", "--all-namespaces"],
        vec!["get", "pods", &theirs],
    ];
    for mut words in tries {
        words.push(SERVER);
        let why = kubectl(&words, "").expect_err(&format!("was allowed: {words:?}"));
        assert!(
            why.contains("orbidden") || why.contains("forbidden") || why.contains("denied request"),
            "{words:?}: {why}"
        );
    }
    // the control: where it made something it may look, and an administrator may do all of this
    kubectl(&["get", "pods", &ours, SERVER], "").unwrap();
    kubectl(&["label", "namespace", &foreign, label, restricted, "--dry-run=server"], "").unwrap();
    kubectl(&["delete", "namespace", &foreign, "--timeout=60s"], "").unwrap();
}

#[test]
fn asking_what_one_may_do_is_not_refused() {
    installed();
    let answer = kubectl(&["auth", "can-i", "create", "namespaces", SERVER], "").unwrap();
    assert_eq!(answer.trim(), "yes");
    let answer = kubectl(&["auth", "can-i", "create", "pods", "--all-namespaces", SERVER], "");
    assert!(answer.is_err(), "{answer:?}");
}
