//! What is to be made of a version.

use crate::annotation::{REVISION, TENTACLE};
use crate::spec::{ServerAccount, labels};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use std::net::SocketAddrV4;
use workflow::{Bundle, ContentHash, RunTokenHash, Sandbox, SecretName, TentacleName};

/// The port on which an engine takes runs.
pub const PORT: u16 = 8080;

/// A version of a tentacle, as far as its objects tell of it.
#[derive(Debug)]
pub struct TentacleSpec<'a> {
    /// What everything is rendered from.
    pub sandbox: &'a Sandbox,
    /// The source.
    pub bundle: &'a Bundle,
    /// What the cluster gives.
    pub cluster: &'a ClusterSpec,
    /// Whoever has the token of this digest may run it.
    pub token: RunTokenHash,
    /// What the gateway is shown; none where nothing is reached.
    pub pass: Option<&'a str>,
    /// The values of its secrets.
    pub secrets: &'a BTreeMap<SecretName, String>,
    /// A word that changes with whatever it is given and no object's name shows: then its pods are replaced.
    pub standing: &'a str,
}

/// What is the same for all tentacles of a cluster.
#[derive(Debug, Clone)]
pub struct ClusterSpec {
    /// The engine's image, by digest.
    pub image: String,
    /// What holds code.
    pub behind: Behind,
    /// Where the egress gateway is; none where nothing gets out.
    pub gateway: Option<SocketAddrV4>,
    /// The server's account, in whose namespace server and gateway run.
    pub server: ServerAccount,
}

/// What stands between code and the node's kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behind {
    /// The runtime class of a sandbox, such as gVisor's.
    RuntimeClass(String),
    /// The node's own container runtime. Every status says so.
    Nothing,
}

/// The name of a version's objects: at most 53 characters.
#[must_use]
pub fn name_of(tentacle: &TentacleName, version: &ContentHash) -> String {
    format!("{tentacle}-{}", version.short())
}

impl TentacleSpec<'_> {
    /// The name of each of its objects.
    #[must_use]
    pub fn name(&self) -> String {
        name_of(&self.sandbox.tentacle.tentacle, &self.sandbox.version)
    }

    /// The metadata of each of its objects.
    pub(super) fn meta(&self) -> ObjectMeta {
        ObjectMeta {
            name: Some(self.name()),
            namespace: Some(self.sandbox.tentacle.enclave.to_string()),
            labels: Some(self.labels()),
            ..ObjectMeta::default()
        }
    }

    /// The labels of its objects and its pods.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let (tentacle, revision) = (&self.sandbox.tentacle.tentacle, self.sandbox.version.short());
        labels([
            ("app.kubernetes.io/name", tentacle.as_str()),
            (TENTACLE, tentacle.as_str()),
            (REVISION, &revision),
        ])
    }

    /// The labels by which its pods are found, and no others.
    pub(super) fn selector(&self) -> BTreeMap<String, String> {
        let (tentacle, revision) = (&self.sandbox.tentacle.tentacle, self.sandbox.version.short());
        BTreeMap::from([(TENTACLE.to_owned(), tentacle.to_string()), (REVISION.to_owned(), revision)])
    }
}
