//! Applies and removes objects, each call idempotent, with a bound.

use crate::backend::BackendError;
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::Namespace;
use kube::api::{DeleteParams, Patch, PatchParams, PostParams};
use kube::core::{Resource, ResourceExt, Status as KubeStatus};
use kube::{Api, Client, Error};
use manifest::annotation::{ENCLAVE_ID, ENCLAVE_STATUS, MANAGED_BY, MANAGED_BY_LABEL};
use manifest::{EnclaveSpec, FIELD_MANAGER, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::fmt;
use std::time::Duration;

/// How long new rights may take until the API server knows of them.
const RIGHTS_WITHIN: Duration = Duration::from_secs(10);

/// How soon it is tried again at first, and then each time twice as late: most often they are there at once.
const RIGHTS_SOON: Duration = Duration::from_millis(5);

/// How long a namespace may take to go before the caller is told that it goes on by itself.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// How often something is looked at again.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The cluster, as the server writes to it.
#[derive(Clone)]
pub(super) struct Cluster {
    client: Client,
}

impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cluster").finish_non_exhaustive()
    }
}

impl Cluster {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Makes the enclave's namespace, or finds that it is there and ours.
    pub(super) async fn own_namespace(&self, spec: &EnclaveSpec) -> Result<(), BackendError> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let wanted = manifest::namespace(spec, Status::Provisioning);
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run: false };
        // Created, not applied: of two who want the name one gets it.
        match namespaces.create(&params, &wanted).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 409 => {
                let there = namespaces.get_opt(spec.name.as_str()).await.map_err(failed)?;
                let there = there
                    .ok_or_else(|| BackendError::Unreachable("the namespace is just going".to_owned()))?;
                if !is_ours(&there, &spec.id) {
                    return Err(BackendError::Taken);
                }
                if there.metadata.deletion_timestamp.is_some() {
                    return Err(BackendError::Unreachable("the namespace is still being removed".to_owned()));
                }
                // A namespace of ours that has got further already is not taken back.
                Ok(())
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Applies a namespace that is ours.
    pub(super) async fn apply_namespace(&self, namespace: &Namespace) -> Result<(), BackendError> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let params = PatchParams::apply(FIELD_MANAGER).force();
        namespaces.patch(&namespace.name_any(), &params, &Patch::Apply(namespace)).await.map_err(failed)?;
        Ok(())
    }

    /// Applies an object within a namespace. The rights there may be seconds old, so a refusal is tried again for a while.
    pub(super) async fn apply<K>(&self, namespace: &str, object: &K) -> Result<(), BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Serialize + DeserializeOwned + Clone + fmt::Debug + Sync,
    {
        let objects: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let name = object.meta().name.clone().unwrap_or_default();
        let (began, mut wait) = (tokio::time::Instant::now(), RIGHTS_SOON);
        loop {
            match objects.patch(&name, &params, &Patch::Apply(object)).await {
                Ok(_) => return Ok(()),
                Err(Error::Api(status)) if status.code == 403 && began.elapsed() < RIGHTS_WITHIN => {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LOOK_AGAIN);
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Removes a namespace, if it is ours, and waits until nothing of it is left.
    pub(super) async fn remove_namespace(&self, name: &str, id: &str) -> Result<(), BackendError> {
        let namespaces: Api<Namespace> = Api::all(self.client.clone());
        let began = tokio::time::Instant::now();
        loop {
            let Some(there) = namespaces.get_opt(name).await.map_err(failed)? else { return Ok(()) };
            if !is_ours(&there, id) {
                // Ours is gone, and somebody else has the name since.
                return Ok(());
            }
            if there.metadata.deletion_timestamp.is_none() {
                match delete(&namespaces, name).await {
                    Ok(()) => {}
                    Err(Error::Api(status)) if status.code == 404 => return Ok(()),
                    Err(error) => return Err(failed(error)),
                }
            }
            if began.elapsed() > GONE_WITHIN {
                return Err(BackendError::Unreachable(format!("namespace `{name}` is still going")));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Deletes a namespace. First its status says so: its policies go before it does, and must not go from under one that
/// looks as if it could be used.
async fn delete(namespaces: &Api<Namespace>, name: &str) -> Result<(), Error> {
    let leaving = json!({"metadata": {"annotations": {ENCLAVE_STATUS: Status::Deprovisioning.word()}}});
    namespaces.patch(name, &PatchParams::default(), &Patch::Merge(leaving)).await?;
    namespaces.delete(name, &DeleteParams::foreground()).await?;
    Ok(())
}

/// Whether a namespace is the one of the record with this id.
fn is_ours(namespace: &Namespace, id: &str) -> bool {
    let managed = namespace.labels().get(MANAGED_BY_LABEL).is_some_and(|by| by == MANAGED_BY);
    managed && namespace.annotations().get(ENCLAVE_ID).is_some_and(|own| own == id)
}

fn failed(error: Error) -> BackendError {
    match error {
        Error::Api(status) => refused(&status),
        other => BackendError::Unreachable(other.to_string()),
    }
}

fn refused(status: &KubeStatus) -> BackendError {
    let told = format!("{} ({})", status.message, status.code);
    match status.code {
        429 | 500..=599 => BackendError::Unreachable(told),
        _ => BackendError::Fault(told),
    }
}
