//! A real Kubernetes control plane without nodes: etcd, the API server and its controllers. Admission is the real one:
//! RBAC, Pod Security, quotas, validating admission policies.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use anyhow::{Context as _, Result};

use super::{Running, go};
use crate::environment::Variable;
use crate::place::Place;
use crate::process::{self, Serving, Terms};
use crate::{ports, secret};

/// How long each of its programs may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(300);

pub(super) const PROGRAM: go::Program<'_> = go::Program {
    name: "kubernetes",
    version: "1.36.3",
    module: "tests/kubernetes",
    sources: &["certificate.go", "main.go", "policy.go", "rules.go"],
    package: ".",
    stamps: &[
        ("k8s.io/component-base/version.gitVersion", "v1.36.3"),
        ("k8s.io/component-base/version.gitMajor", "1"),
        ("k8s.io/component-base/version.gitMinor", "36"),
        ("k8s.io/component-base/version.gitTreeState", "clean"),
    ],
    patch: None,
    announcement: "Kubernetes, built with Go from the module tests/kubernetes, about 10 min",
};

/// The program that is all parts of it.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    go::build(&PROGRAM, place)
}

/// A new control plane in a temporary folder, with an administrator.
pub(super) fn start(program: &Path, place: &Place) -> Result<Running> {
    let scratch = tempfile::Builder::new().prefix("tentacular-kubernetes-").tempdir()?;
    let plane = Plane::new(program, scratch.path(), place)?;
    // The folder goes with etcd, which is ended last.
    let etcd = plane.etcd(Terms { scratch: Some(scratch.keep()), ..Terms::default() })?;
    let api_server = plane.api_server()?;
    let controllers = plane.controllers()?;
    Ok(Running {
        environment: vec![
            (Variable::Kubeconfig, plane.kubeconfig().into()),
            (Variable::Kubectl, plane.part("kubectl").into()),
        ],
        serving: vec![controllers, api_server, etcd],
    })
}

/// What the parts have to know of each other.
struct Plane<'a> {
    place: &'a Place,
    folder: PathBuf,
    etcd_port: u16,
    peer_port: u16,
    port: u16,
}

impl<'a> Plane<'a> {
    fn new(program: &Path, folder: &Path, place: &'a Place) -> Result<Self> {
        let [etcd_port, peer_port, port] = ports::free()?;
        let plane = Self { place, folder: folder.to_path_buf(), etcd_port, peer_port, port };
        for part in ["etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "signing-key"] {
            symlink(program, plane.part(part))?;
        }
        process::run_quietly(
            Command::new(plane.part("signing-key")).arg(plane.signing_key()),
            &place.log("kubernetes"),
        )?;
        plane.write_credentials().context("the administrator's credentials cannot be written")?;
        Ok(plane)
    }

    /// A part is the program under the part's name.
    fn part(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn signing_key(&self) -> PathBuf {
        self.folder.join("signing.key")
    }

    fn tokens(&self) -> PathBuf {
        self.folder.join("tokens.csv")
    }

    fn kubeconfig(&self) -> PathBuf {
        self.folder.join("admin.kubeconfig")
    }

    /// The certificate that the API server makes for itself, and in the same file the authority that signed it.
    fn certificate(&self) -> PathBuf {
        self.folder.join("apiserver.crt")
    }

    fn write_credentials(&self) -> Result<()> {
        let token = secret::random()?;
        let kubeconfig = serde_json::json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "admin",
            "clusters": [{"name": "test", "cluster": {
                "server": format!("https://127.0.0.1:{}", self.port),
                "certificate-authority": self.certificate(),
            }}],
            "users": [{"name": "admin", "user": {"token": token}}],
            "contexts": [{"name": "admin", "context": {"cluster": "test", "user": "admin"}}],
        });
        for (path, text) in [
            (self.tokens(), format!("{token},admin,admin,\"system:masters\"\n")),
            (self.kubeconfig(), format!("{kubeconfig:#}\n")),
        ] {
            fs::write(&path, text)?;
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        }
        Ok(())
    }

    fn etcd(&self, terms: Terms) -> Result<Serving> {
        let (clients, peers) = (loopback(self.etcd_port), loopback(self.peer_port));
        let mut etcd = Command::new(self.part("etcd"));
        etcd.arg("--data-dir").arg(self.folder.join("etcd-data"));
        etcd.args(["--listen-client-urls", &clients, "--advertise-client-urls", &clients]);
        etcd.args(["--listen-peer-urls", &peers, "--initial-advertise-peer-urls", &peers]);
        etcd.args([
            "--initial-cluster",
            &format!("default={peers}"),
            "--unsafe-no-fsync",
            "--log-level=warn",
        ]);
        let mut etcd = Serving::start("etcd", &etcd, &self.place.log("etcd"), &terms)?;
        etcd.wait_until(READY_WITHIN, || ureq::get(format!("{clients}/readyz")).call().is_ok())?;
        Ok(etcd)
    }

    fn api_server(&self) -> Result<Serving> {
        let mut server = Command::new(self.part("kube-apiserver"));
        server.arg(format!("--etcd-servers={}", loopback(self.etcd_port)));
        server.arg(format!("--secure-port={}", self.port));
        server.args(["--bind-address=127.0.0.1", "--endpoint-reconciler-type=none"]);
        server.arg("--service-cluster-ip-range=10.96.0.0/16");
        server.arg("--cert-dir").arg(&self.folder);
        server.arg("--token-auth-file").arg(self.tokens());
        server.arg("--service-account-key-file").arg(self.signing_key());
        server.arg("--service-account-signing-key-file").arg(self.signing_key());
        server.arg("--service-account-issuer=https://kubernetes.default.svc");
        server.args(["--authorization-mode=Node,RBAC", "--allow-privileged=true"]);
        server.arg("--enable-admission-plugins=NodeRestriction,PodSecurity");
        let log = self.place.log("kube-apiserver");
        let mut server = Serving::start("the Kubernetes API server", &server, &log, &Terms::default())?;
        server.wait_until(READY_WITHIN, || self.kubectl(&["get", "--raw", "/readyz"]))?;
        Ok(server)
    }

    fn controllers(&self) -> Result<Serving> {
        let mut controllers = Command::new(self.part("kube-controller-manager"));
        controllers.arg("--kubeconfig").arg(self.kubeconfig());
        controllers.arg("--service-account-private-key-file").arg(self.signing_key());
        controllers.arg("--root-ca-file").arg(self.certificate());
        controllers.args([
            "--use-service-account-credentials=true",
            "--leader-elect=false",
            "--secure-port=0",
        ]);
        // Many tests make and delete namespaces at the same time.
        controllers.args(["--kube-api-qps=500", "--kube-api-burst=1000", "--concurrent-namespace-syncs=20"]);
        let log = self.place.log("kube-controller-manager");
        let mut controllers =
            Serving::start("the Kubernetes controllers", &controllers, &log, &Terms::default())?;
        // The first thing that a new namespace gets from them.
        let account = ["get", "--namespace=default", "serviceaccount", "default"];
        controllers.wait_until(READY_WITHIN, || self.kubectl(&account))?;
        Ok(controllers)
    }

    fn kubectl(&self, arguments: &[&str]) -> bool {
        let mut kubectl = Command::new(self.part("kubectl"));
        kubectl.arg("--kubeconfig").arg(self.kubeconfig()).arg("--request-timeout=5s").args(arguments);
        process::succeeds(&kubectl)
    }
}

fn loopback(port: u16) -> String {
    format!("http://127.0.0.1:{port}")
}
