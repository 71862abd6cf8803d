//! The cluster: its administrator, `deploy/kubernetes` on it, and the account that the server has there.

use crate::place::{kubeconfig, kubectl_program};
use k8s_openapi::api::core::v1::Namespace;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, Instant};

/// How long what was installed may take to be in force.
const IN_FORCE_WITHIN: Duration = Duration::from_secs(60);

/// The cluster, as its administrator sees it.
pub(crate) struct Cluster {
    pub(crate) client: Client,
    /// Where the API server is.
    pub(crate) url: String,
    /// The authority that signed its certificate.
    pub(crate) authority: PathBuf,
}

impl Cluster {
    /// The cluster with `deploy/kubernetes` on it.
    pub(crate) async fn connect() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        static INSTALLED: Once = Once::new();
        INSTALLED.call_once(install);
        let file = Kubeconfig::read_from(kubeconfig()).unwrap();
        let cluster = file.clusters[0].cluster.clone().unwrap();
        let config = Config::from_custom_kubeconfig(file, &KubeConfigOptions::default()).await.unwrap();
        Self {
            client: Client::try_from(config).unwrap(),
            url: cluster.server.unwrap(),
            authority: cluster.certificate_authority.unwrap().into(),
        }
    }

    pub(crate) fn namespaces(&self) -> Api<Namespace> {
        Api::all(self.client.clone())
    }

    /// Writes a kubeconfig that holds nothing but a token of the server's account. It leads to `url`, which is the API
    /// server, or something in between.
    pub(crate) fn write_kubeconfig(&self, url: &str, file: &Path) {
        let words = ["create", "token", "mcp-server", "--namespace=tentacular-system", "--duration=1h"];
        let token = kubectl(&words).unwrap();
        let mut cluster = json!({"server": url});
        if url.starts_with("https") {
            cluster["certificate-authority"] = json!(self.authority);
        }
        let kubeconfig = json!({
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "server",
            "clusters": [{"name": "test", "cluster": cluster}],
            "users": [{"name": "server", "user": {"token": token.trim()}}],
            "contexts": [{"name": "server", "context": {"cluster": "test", "user": "server"}}],
        });
        std::fs::write(file, kubeconfig.to_string()).unwrap();
    }
}

/// What kubectl answers to the administrator: its output, or its complaint.
pub(crate) fn kubectl(arguments: &[&str]) -> Result<String, String> {
    kubectl_with(&kubeconfig(), arguments)
}

/// What kubectl answers with this kubeconfig.
pub(crate) fn kubectl_with(kubeconfig: &Path, arguments: &[&str]) -> Result<String, String> {
    let mut kubectl = Command::new(kubectl_program());
    let output = kubectl.arg("--kubeconfig").arg(kubeconfig).args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Applies `deploy/kubernetes`, and waits until its admission policy is in force.
fn install() {
    let folder = format!("{}/../deploy/kubernetes", env!("CARGO_MANIFEST_DIR"));
    kubectl(&["apply", "--server-side", "--force-conflicts", "--kustomize", &folder]).unwrap();
    let server = "--as=system:serviceaccount:tentacular-system:mcp-server";
    let began = Instant::now();
    loop {
        let refused = kubectl(&["create", "namespace", "not-ours", "--dry-run=server", server]);
        if refused.is_err_and(|why| why.contains("ValidatingAdmissionPolicy")) {
            return;
        }
        assert!(began.elapsed() < IN_FORCE_WITHIN, "the admission policy is not in force");
        std::thread::sleep(Duration::from_millis(100));
    }
}
