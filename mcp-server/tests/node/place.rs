//! Where the node is, and what the server is told of it.

use crate::issuer::TestKey;
use crate::outside;
use crate::variable::variable;
use serde::Deserialize;
use std::path::PathBuf;
use std::sync::OnceLock;

/// What `cargo xtask test` says of the node that it started.
#[derive(Debug, Deserialize)]
pub(crate) struct Node {
    /// A process in its namespaces.
    pub(crate) pid: u32,
    kubeconfig: PathBuf,
    kubectl: PathBuf,
    /// The engine's image, by digest.
    pub(crate) engine: String,
    /// The gateway's.
    pub(crate) gateway: String,
    /// Busybox's.
    pub(crate) probe: String,
}

pub(crate) fn node() -> &'static Node {
    static NODE: OnceLock<Node> = OnceLock::new();
    NODE.get_or_init(|| {
        let told = std::fs::read(variable("TENTACULAR_TEST_NODE")).unwrap();
        serde_json::from_slice(&told).unwrap()
    })
}

/// How the administrator reaches the cluster, from the node's network.
pub(crate) fn kubeconfig() -> PathBuf {
    node().kubeconfig.clone()
}

pub(crate) fn kubectl_program() -> PathBuf {
    node().kubectl.clone()
}

/// What the server is told of the cluster.
pub(crate) fn flags() -> Vec<String> {
    let outside = outside::get();
    let file = |name: &str| outside.folder.path().join(name).display().to_string();
    vec![
        format!("--engine-image={}", node().engine),
        format!("--gateway={}", outside.gateway),
        format!("--secrets-key-file={}", file("secrets.key")),
        format!("--private-ranges-file={}", file("ranges.json")),
    ]
}

/// The key that a server signs with: the same for all, because there is one gateway, which has to know it.
pub(crate) fn key() -> TestKey {
    outside::get().key.clone()
}
