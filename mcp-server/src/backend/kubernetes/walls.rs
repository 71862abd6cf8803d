//! What else an enclave and its tentacles are made of on a cluster: their network policies and their files, as two more watches know
//! them. They begin when somebody asks whether anything was changed by hand; what the objects hold is not kept.

use super::fields;
use super::watching::Watch;
use crate::backend::BackendError;
use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::{PartialObjectMeta, ResourceExt};
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use std::sync::Arc;
use std::time::Duration;
use workflow::EnclaveName;

/// How long the first reading of an enclave may take.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The policies of an enclave, and what each is for.
const OWN: [(&str, &str); 2] = [
    ("default-deny", "keeps tentacles from everything that is not opened for them"),
    ("allow-dns", "lets others than tentacles ask for names"),
];

/// The watches of an enclave.
pub(super) struct Walls {
    policies: Watch<PartialObjectMeta<NetworkPolicy>>,
    files: Watch<PartialObjectMeta<ConfigMap>>,
}

impl Walls {
    /// Begins to watch the policies and the files with these labels.
    pub(super) fn start(client: &Client, enclave: &EnclaveName, (policies, files): (&str, &str)) -> Self {
        Self {
            policies: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), policies),
            files: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), files),
        }
    }

    /// What is wrong with the policies of the enclave itself, in plain words, as far as it is known.
    pub(super) fn amiss(&self, enclave: &EnclaveName) -> Option<String> {
        self.policies.age()?;
        OWN.into_iter().find_map(|(name, holds)| {
            let how = match self.policy(enclave, name) {
                None => "was removed from",
                Some(there) if !fields::changed("", there.managed_fields(), None).is_empty() => {
                    "was changed on"
                }
                Some(_) => return None,
            };
            Some(format!("what {holds} {how} the cluster: `tntc audit` says by which command it comes back"))
        })
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
