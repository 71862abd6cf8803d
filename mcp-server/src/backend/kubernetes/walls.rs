//! What else a tentacle is made of on a cluster: its network policy and its files, as two more watches know them. They begin
//! when somebody asks whether anything was changed by hand; what the objects hold is not kept.

use super::watching::Watch;
use crate::backend::BackendError;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::PartialObjectMeta;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use std::sync::Arc;
use std::time::Duration;
use workflow::EnclaveName;

/// How long the first reading of an enclave may take.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The watches of an enclave.
pub(super) struct Walls {
    policies: Watch<PartialObjectMeta<NetworkPolicy>>,
    files: Watch<PartialObjectMeta<ConfigMap>>,
}

impl Walls {
    /// Begins to watch the objects with these labels.
    pub(super) fn start(client: &Client, enclave: &EnclaveName, labels: &str) -> Self {
        Self {
            policies: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), labels),
            files: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), labels),
        }
    }

    /// Waits until everything is known.
    pub(super) async fn read(&self, enclave: &EnclaveName) -> Result<(), BackendError> {
        let read = async {
            let (mut policies, mut files) = (self.policies.changed(), self.files.changed());
            while self.policies.age().is_none() || self.files.age().is_none() {
                tokio::select! {
                    _ = policies.changed() => {}
                    _ = files.changed() => {}
                }
            }
        };
        let late = |_| BackendError::Unreachable(format!("what `{enclave}` is made of cannot be watched"));
        tokio::time::timeout(READ_WITHIN, read).await.map_err(late)
    }

    /// A network policy.
    pub(super) fn policy(
        &self,
        enclave: &EnclaveName,
        name: &str,
    ) -> Option<Arc<PartialObjectMeta<NetworkPolicy>>> {
        self.policies.store().get(&ObjectRef::new(name).within(enclave.as_str()))
    }

    /// The files of a version.
    pub(super) fn files(
        &self,
        enclave: &EnclaveName,
        name: &str,
    ) -> Option<Arc<PartialObjectMeta<ConfigMap>>> {
        self.files.store().get(&ObjectRef::new(name).within(enclave.as_str()))
    }
}
