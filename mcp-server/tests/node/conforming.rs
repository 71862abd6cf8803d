//! The conformance suite on Kubernetes: in the pod of a tentacle, behind gVisor, on a whole node.

use crate::cluster::kubectl;
use crate::conformance::{
    ATTEMPTS, Outcome, Site as Conforming, Surroundings, Tried, conforms, name_service,
};
use crate::hostile::targets::{FOLDERS, Targets};
use crate::hostile::{outside, within};
use crate::inside::inside;
use crate::limits::used_nanoseconds;
use crate::outside as around;
use crate::place::{kubeconfig, node};
use crate::probe::{Free, manifest};
use crate::site::Site;
use serde_json::{Value, json};
use std::fs;
use std::net::Ipv4Addr;
use std::path::Path;
use wire::enforcement::PropertyLine;

/// The tentacle whose code is the attempts.
const NAME: &str = "hostile";

/// The node's own address.
const NODE: Ipv4Addr = Ipv4Addr::new(10, 88, 0, 1);

/// The files of a tentacle of one node with this code and this contract.
fn files(name: &str, code: &str, contract: &str) -> Value {
    let workflow = format!(
        "name: {name}\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  node: {{path: nodes/node.ts, description: N}}\n\
         config:\n  timeout: 300s\n{contract}"
    );
    json!({"workflow.yaml": workflow, "nodes/node.ts": code})
}

/// A node with an enclave of ours on it.
struct Pods {
    site: Site,
    enclave: &'static str,
    around: Surroundings,
    pod: (String, String),
    _targets: Targets,
}

impl Pods {
    async fn start() -> Self {
        let (site, outside) = (Site::start("heads").await, around::get());
        let enclave = outside.conforming.as_str();
        site.call("ana", "enclave_provision", json!({"name": enclave})).await.unwrap();
        let contract = "contract:\n  version: '1'\n  dependencies:\n    \
                        db: {protocol: postgresql, host: db.example, port: 8002, database: d, user: u}\n";
        let files = files(NAME, ATTEMPTS, contract);
        let asked = site.deploy(enclave, NAME, &files).await.unwrap();
        assert_eq!(asked["status"], "needs_approval", "{asked}");
        // How an owner says so is another test's.
        site.execute("UPDATE approval SET state = 'approved'").await;
        site.deploy(enclave, NAME, &files).await.unwrap();
        let targets = Targets::make(enclave).await;
        let own = kubeconfig().parent().unwrap().to_path_buf();
        let own = |name: &str| own.join(name).display().to_string();
        let around = Surroundings {
            connections: targets.connections().into_iter().filter(|it| it["attempt"] == "connect").collect(),
            name_service: name_service(NODE).await,
            declared: ("db.example", 8002, "db"),
            // Another host on the declared port, the declared host on another, and neither.
            undeclared: vec![("canary.example", 8002), ("db.example", 8003), ("canary.example", 8003)],
            folders: FOLDERS.to_vec(),
            files: vec!["/etc/passwd".to_owned(), "/etc/shadow".to_owned(), own("order.json")],
            credentials: vec![own("admin.kubeconfig"), own("pki/signing.key")],
            processes: vec!["kubelet", "containerd", "etcd", "kube-apiserver"],
            log: Some("/proc/1/fd/1"),
            // Five files of 10 MiB, and what is written until the kubelet looks.
            most_log: 64 << 20,
        };
        let of = |path: &str| {
            let query = ["get", "pods", "-n", enclave, "-l", "tentacular.io/tentacle=hostile", "-o", path];
            kubectl(&query).unwrap()
        };
        let pod = (of("jsonpath={.items[0].metadata.name}"), of("jsonpath={.items[0].metadata.uid}"));
        Self { site, enclave, around, pod, _targets: targets }
    }

    async fn end(self) {
        self.site.deprovision("ana", self.enclave).await;
    }
}

impl Conforming for Pods {
    async fn told(&self) -> Vec<PropertyLine> {
        let profile = self.site.call("ana", "cluster_profile", json!({})).await.unwrap();
        serde_json::from_value(profile["properties"].clone()).unwrap()
    }

    async fn within(&self, attempt: &Value) -> Tried {
        let needs_run = attempt["attempt"] == "tunnel";
        let (enclave, attempt) = (self.enclave, attempt.clone());
        let mut tried = tokio::task::spawn_blocking(move || within(enclave, NAME, &attempt));
        if needs_run {
            // A run whose word is there to be taken.
            tokio::select! {
                tried = &mut tried => return tried.unwrap(),
                _ = self.run(NAME, json!({"attempt": "wait", "seconds": 20}), 30) => {}
            }
        }
        tried.await.unwrap()
    }

    async fn outside(&self, attempt: &Value) -> Tried {
        outside(attempt)
    }

    fn surroundings(&self) -> &Surroundings {
        &self.around
    }

    async fn deploy(&self, name: &str, code: &str) {
        let deployed = self.site.deploy(self.enclave, name, &files(name, code, "")).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    fn busybox(&self) -> String {
        node().probe.clone()
    }

    async fn approved(&self, name: &str, files: &Value) {
        let deployed = self.site.approved(self.enclave, name, files).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    }

    async fn run(&self, name: &str, input: Value, seconds: u32) -> Result<Value, String> {
        let args = json!({"enclave": self.enclave, "name": name, "input": input, "timeout_seconds": seconds});
        let ran = self.site.call("ana", "wf_run", args).await.map_err(|failure| failure.text())?;
        match &ran["output"]["outputs"]["node"] {
            Value::Null => Err(ran["output"]["errors"]["node"].to_string()),
            got => Ok(got.clone()),
        }
    }

    async fn in_flight(&self, name: &str) -> u64 {
        let args = json!({"enclave": self.enclave, "name": name});
        self.site.call("ana", "wf_status", args).await.unwrap()["in_flight"].as_u64().unwrap()
    }

    fn used(&self) -> u64 {
        u64::try_from(used_nanoseconds(&self.pod.1) / 1_000_000).unwrap()
    }

    /// As the node keeps it.
    fn log_bytes(&self) -> u64 {
        let (name, uid) = &self.pod;
        let folder = format!("/proc/{}/root/var/log/pods/{}_{name}_{uid}", node().pid, self.enclave);
        bytes(Path::new(&folder))
    }

    /// A pod that takes more than is left is refused, and taken where there is no share.
    async fn share(&self) -> Outcome {
        let free = Free::make();
        let refused = |namespace: &str| {
            let mut pod = manifest(namespace, "too-much");
            let one = pod["spec"]["containers"][0].clone();
            let each = (0..8).map(|number| {
                let mut container = one.clone();
                container["name"] = json!(format!("c{number}"));
                container["resources"]["limits"] = json!({"memory": "1Gi", "cpu": "100m"});
                container
            });
            pod["spec"]["containers"] = each.collect();
            let file = tempfile::NamedTempFile::new().unwrap();
            fs::write(file.path(), pod.to_string()).unwrap();
            kubectl(&["create", "--dry-run=server", "-f", &file.path().display().to_string()]).err()
        };
        assert_eq!(refused(&free.name), None, "it is refused where nothing is counted");
        match refused(self.enclave) {
            Some(why) if why.contains("exceeded quota") => Outcome::Held,
            other => Outcome::Breached(format!("{other:?}")),
        }
    }
}

fn bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let of = |entry: fs::DirEntry| match entry.metadata() {
        Ok(meta) if meta.is_dir() => bytes(&entry.path()),
        Ok(meta) => meta.len(),
        Err(_) => 0,
    };
    entries.map(of).sum()
}

#[cfg(target_arch = "x86_64")]
#[test]
fn everything_is_as_it_is_listed() {
    inside(async {
        let pods = Pods::start().await;
        conforms(&pods).await;
        pods.end().await;
    });
}
