//! Where the cluster is, and what the server is told besides.

use crate::issuer::TestKey;
use crate::variable::variable;
use std::path::PathBuf;

/// How the administrator reaches the cluster.
pub(crate) fn kubeconfig() -> PathBuf {
    variable("TENTACULAR_TEST_KUBECONFIG").into()
}

pub(crate) fn kubectl_program() -> PathBuf {
    variable("TENTACULAR_TEST_KUBECTL").into()
}

/// Nothing runs on this cluster: it has no node.
pub(crate) fn flags() -> Vec<String> {
    Vec::new()
}

/// The key that a server and the Kraken sign with.
pub(crate) fn key() -> TestKey {
    TestKey::new("kraken-1")
}
