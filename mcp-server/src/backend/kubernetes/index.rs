//! What is on the cluster of enclaves, fed by a watch.

use super::watching::Watch;
use k8s_openapi::api::core::v1::Namespace;
use kube::core::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use manifest::annotation::{ENCLAVE_ID, MANAGED_BY, MANAGED_BY_LABEL};
use std::fmt;
use std::time::Duration;

/// The index.
pub(super) struct Index(Watch<Namespace>);

impl Index {
    /// Begins to watch.
    pub(super) fn start(client: Client) -> Self {
        Self(Watch::start(Api::all(client), &format!("{MANAGED_BY_LABEL}={MANAGED_BY}")))
    }

    /// How long ago at most the cluster confirmed what is here; `None` while it is being read.
    pub(super) fn age(&self) -> Option<Duration> {
        self.0.age()
    }

    /// What is wrong with the namespace `name` of the enclave with this id, in plain words.
    pub(super) fn amiss(&self, name: &str, id: &str) -> Option<&'static str> {
        if self.age().is_none() {
            return Some(
                "the cluster cannot be watched at the moment: whether the enclave is there is not known",
            );
        }
        match self.0.store().get(&ObjectRef::new(name)) {
            None => Some("its namespace is gone from the cluster, or not marked as ours any more"),
            Some(there) if there.annotations().get(ENCLAVE_ID).is_none_or(|own| own != id) => {
                Some("its namespace is gone from the cluster, and another has its name")
            }
            Some(there) if there.metadata.deletion_timestamp.is_some() => {
                Some("its namespace is being removed from the cluster")
            }
            Some(_) => None,
        }
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Index").field("namespaces", &self.0.store().len()).finish_non_exhaustive()
    }
}
