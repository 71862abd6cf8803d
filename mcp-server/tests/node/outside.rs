//! What is around the server and its tentacles: the gateway as `deploy/kubernetes` has it, and hosts that it may reach.

use crate::cluster::kubectl;
use crate::issuer::TestKey;
use crate::place::node;
use serde_json::{Value, json};
use std::io::Write as _;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// The namespace of the hosts.
const OUTSIDE: &str = "outside";

/// Where pods reach what a test serves in the node's network.
pub(crate) const NODE: &str = "10.244.0.1";

/// How long something may take until it is ready.
const READY_WITHIN: Duration = Duration::from_secs(120);

/// A host that answers on three ports, each with its own name, and tells on a fourth what it got.
const HOST: &str = r#"
let got = "";
const raw = async (port, name) => {
  for await (const connection of Deno.listen({ hostname: "0.0.0.0", port })) {
    (async () => {
      const part = new Uint8Array(4096);
      for (let count = await connection.read(part); count !== null; count = await connection.read(part)) {
        got += `${name}: ${new TextDecoder().decode(part.subarray(0, count))}\n`;
        const answer = `HTTP/1.1 200 OK\r\ncontent-length: ${name.length}\r\n\r\n${name}`;
        await connection.write(new TextEncoder().encode(answer));
      }
    })().catch(() => {});
  }
};
raw(8001, "shop"); raw(8002, "db"); raw(8003, "canary");
Deno.serve({ hostname: "0.0.0.0", port: 9000, onListen() {} }, () => new Response(got));
"#;

/// It, once for all tests.
pub(crate) struct Outside {
    pub(crate) folder: TempDir,
    pub(crate) key: TestKey,
    /// Where tentacles reach the gateway.
    pub(crate) gateway: String,
    /// Where the hosts are.
    pub(crate) host: Ipv4Addr,
    /// The enclave to which the hosts' addresses are open.
    pub(crate) enclave: String,
    /// Another one.
    pub(crate) conforming: String,
    /// And another.
    pub(crate) beside: String,
    /// And three more.
    pub(crate) modules: [String; 3],
}

/// It; whoever asks first sets it up, from the node's network.
pub(crate) fn get() -> &'static Outside {
    static OUTSIDE: OnceLock<Outside> = OnceLock::new();
    OUTSIDE.get_or_init(set_up)
}

impl Outside {
    /// What the hosts got.
    pub(crate) async fn got(&self) -> String {
        let page = format!("http://{}:9000/", self.host);
        reqwest::get(page).await.unwrap().text().await.unwrap()
    }
}

fn set_up() -> Outside {
    use secrecy::ExposeSecret;
    let folder = tempfile::tempdir().unwrap();
    let key = TestKey::new("server");
    let enclave = format!("reach-{}", std::process::id());
    let host = start_host();
    let conforming = format!("conforming-{}", std::process::id());
    let beside = format!("beside-{}", std::process::id());
    let modules = ["modules", "refused", "cut"].map(|name| format!("{name}-{}", std::process::id()));
    let all = [&enclave, &conforming, &beside, &modules[0], &modules[1], &modules[2]];
    let open = all.map(|enclave| (enclave.clone(), json!(["10.244.0.0/16"])));
    let ranges = Value::Object(open.into_iter().collect()).to_string();
    std::fs::write(folder.path().join("ranges.json"), ranges).unwrap();
    let age = wire::seal::new_age_key();
    std::fs::write(folder.path().join("secrets.key"), age.expose_secret()).unwrap();
    std::fs::write(folder.path().join("signing.pem"), &key.pem).unwrap();
    let keys = wire::signing::SigningKey::read(&folder.path().join("signing.pem")).unwrap().jwks();
    let gateway = start_gateway(&keys, host);
    Outside { folder, key, gateway, host, enclave, conforming, beside, modules }
}

/// Applies objects as the administrator.
pub(crate) fn apply(objects: &[Value]) {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": objects}).to_string();
    let mut kubectl = Command::new(crate::place::kubectl_program());
    kubectl.arg("--kubeconfig").arg(crate::place::kubeconfig());
    kubectl.args(["apply", "--server-side", "--force-conflicts", "-f", "-"]);
    let mut child =
        kubectl.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(list.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn start_host() -> Ipv4Addr {
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OUTSIDE}});
    apply(&[namespace]);
    until("the namespace's account", || {
        kubectl(&["get", "-n", OUTSIDE, "serviceaccount", "default"]).is_ok()
    });
    let script = json!({"apiVersion": "v1", "kind": "ConfigMap",
                        "metadata": {"name": "host", "namespace": OUTSIDE}, "data": {"host.ts": HOST}});
    let pod = json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": "host", "namespace": OUTSIDE},
        "spec": {
            "automountServiceAccountToken": false,
            "containers": [{
                "name": "host", "image": node().engine, "imagePullPolicy": "IfNotPresent",
                "command": ["/usr/bin/deno", "run", "--quiet", "--no-prompt", "--allow-net", "/host/host.ts"],
                "env": [{"name": "DENO_DIR", "value": "/tmp"}],
                "readinessProbe": {"httpGet": {"path": "/", "port": 9000}, "periodSeconds": 1},
                "volumeMounts": [{"name": "host", "mountPath": "/host"}, {"name": "tmp", "mountPath": "/tmp"}],
            }],
            "volumes": [{"name": "host", "configMap": {"name": "host"}}, {"name": "tmp", "emptyDir": {}}],
        },
    });
    apply(&[script, pod]);
    until("the host outside", || {
        let ready = "jsonpath={.status.conditions[?(@.type=='Ready')].status}";
        kubectl(&["get", "-n", OUTSIDE, "pod", "host", "-o", ready]).is_ok_and(|status| status == "True")
    });
    let address = kubectl(&["get", "-n", OUTSIDE, "pod", "host", "-o", "jsonpath={.status.podIP}"]).unwrap();
    address.parse().unwrap()
}

/// The gateway of `deploy/kubernetes` with the node's image, and names that lead to the hosts. What an operator has to add
/// for a private range is added: the gateway's own policy lets it go there.
fn start_gateway(keys: &Value, host: Ipv4Addr) -> String {
    let system = "tentacular-system";
    let config = |name: &str, file: &str, text: String| {
        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": system},
               "data": {file: text}})
    };
    let hosts = format!("{host} shop.example db.example canary.example\n{NODE} npm.example jsr.example\n");
    let way = json!({
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy",
        "metadata": {"name": "egress-private", "namespace": system},
        "spec": {
            "podSelector": {"matchLabels": {"app.kubernetes.io/name": "tentacular-egress"}},
            "policyTypes": ["Egress"],
            "egress": [{"to": [
                {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": OUTSIDE}}},
                {"ipBlock": {"cidr": format!("{NODE}/32")}},
            ]}],
        },
    });
    apply(&[config("pass-keys", "keys.json", keys.to_string()), config("hosts", "hosts", hosts), way]);
    // Another key is another pod's: a file of a ConfigMap is late in a pod that is there.
    let made = json!({"annotations": {"pass-keys": keys["keys"][0]["kid"]}});
    let patch = json!({"spec": {"replicas": 1, "template": {"metadata": made, "spec": {
        "containers": [{
            "name": "egress", "image": node().gateway, "imagePullPolicy": "IfNotPresent",
            "env": [{"name": "TENTACULAR_EGRESS_HOSTS", "value": "/etc/tentacular/hosts/hosts"}],
            "volumeMounts": [{"name": "hosts", "mountPath": "/etc/tentacular/hosts", "readOnly": true}],
        }],
        "volumes": [{"name": "hosts", "configMap": {"name": "hosts"}}],
    }}}});
    kubectl(&["scale", "-n", system, "deployment/mcp-server", "--replicas=0"]).unwrap();
    kubectl(&["patch", "-n", system, "deployment/egress", "--patch", &patch.to_string()]).unwrap();
    kubectl(&["rollout", "status", "-n", system, "deployment/egress", "--timeout=120s"]).unwrap();
    let address = ["get", "-n", system, "service", "egress", "-o", "jsonpath={.spec.clusterIP}"];
    format!("{}:3128", kubectl(&address).unwrap())
}

fn until(what: &str, holds: impl Fn() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < READY_WITHIN, "waited in vain: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
