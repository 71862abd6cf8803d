//! Applies and removes objects, each call idempotent, with a bound.

use crate::backend::BackendError;
use crate::backend::cutter::Cutter;
use futures::{AsyncReadExt, Stream, StreamExt, stream};
use k8s_openapi::NamespaceResourceScope;
use k8s_openapi::api::core::v1::{Namespace, Pod};
use kube::api::{DeleteParams, ListParams, LogParams, Patch, PatchParams, PostParams, Preconditions};
use kube::core::{PartialObjectMeta, Resource, ResourceExt, Status as KubeStatus};
use kube::{Api, Client, Error};
use manifest::annotation::{ENCLAVE_ID, ENCLAVE_STATUS, MANAGED_BY, MANAGED_BY_LABEL};
use manifest::{EnclaveSpec, FIELD_MANAGER, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
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

/// The identity of a namespace: one of the same name that is made after it has another.
#[derive(Debug, Clone)]
pub(super) struct Uid(String);

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

    /// The way to it.
    pub(super) fn client(&self) -> Client {
        self.client.clone()
    }

    /// Makes the enclave's namespace, or finds that it is there and ours; answers which one it is.
    pub(super) async fn own_namespace(&self, spec: &EnclaveSpec) -> Result<Uid, BackendError> {
        let wanted = manifest::namespace(spec, Status::Provisioning);
        let params = PostParams { field_manager: Some(FIELD_MANAGER.to_owned()), dry_run: false };
        // Created, not applied: of two who want the name one gets it.
        match self.namespaces().create(&params, &wanted).await {
            Ok(made) => uid(&made),
            Err(Error::Api(status)) if status.code == 409 => {
                let there = self.namespaces().get_opt(spec.name.as_str()).await.map_err(failed)?;
                let there = there
                    .ok_or_else(|| BackendError::Unreachable("the namespace is just going".to_owned()))?;
                if !is_ours(&there, &spec.id) {
                    return Err(BackendError::Taken);
                }
                if there.metadata.deletion_timestamp.is_some() {
                    return Err(BackendError::Unreachable("the namespace is still being removed".to_owned()));
                }
                // A namespace of ours that has got further already is not taken back.
                uid(&there)
            }
            Err(error) => Err(failed(error)),
        }
    }

    /// Which namespace is the enclave's now.
    pub(super) async fn find_namespace(&self, spec: &EnclaveSpec) -> Result<Uid, BackendError> {
        let there = self.namespaces().get_opt(spec.name.as_str()).await.map_err(failed)?;
        let ours = there
            .filter(|there| is_ours(there, &spec.id) && there.metadata.deletion_timestamp.is_none())
            .ok_or_else(|| BackendError::Lost(spec.name.to_string()))?;
        uid(&ours)
    }

    /// The enclave's namespace, as it is now; none where it is gone, or another has its name.
    pub(super) async fn namespace(&self, spec: &EnclaveSpec) -> Result<Option<Namespace>, BackendError> {
        let there = self.namespaces().get_opt(spec.name.as_str()).await.map_err(failed)?;
        Ok(there.filter(|there| there.annotations().get(ENCLAVE_ID).is_some_and(|own| *own == spec.id)))
    }

    /// The object of this kind and name, as it is now; nothing where the server has no rights in the namespace any more.
    pub(super) async fn find<K>(&self, namespace: &str, like: &K) -> Result<Option<K>, BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: DeserializeOwned + Clone + fmt::Debug,
    {
        let objects: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let name = like.meta().name.as_deref().unwrap_or_default();
        match objects.get_opt(name).await {
            Err(Error::Api(status)) if status.code == 403 => Ok(None),
            found => found.map_err(failed),
        }
    }

    /// Shows an enclave's status and its record on its namespace, and only on that one: what took its name meanwhile is
    /// left alone, and what is gone is not made anew, which would have none of its walls.
    pub(super) async fn show(&self, spec: &EnclaveSpec, status: Status, on: Uid) -> Result<(), BackendError> {
        let mut namespace = manifest::namespace(spec, status);
        namespace.metadata.uid = Some(on.0);
        let params = PatchParams::apply(FIELD_MANAGER).force();
        match self.namespaces().patch(spec.name.as_str(), &params, &Patch::Apply(namespace)).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if is_another(&status) => Err(BackendError::Lost(spec.name.to_string())),
            Err(error) => Err(failed(error)),
        }
    }

    fn namespaces(&self) -> Api<Namespace> {
        Api::all(self.client.clone())
    }

    /// Applies an object within a namespace. The rights there may be seconds old, and controllers write to it, too, so a
    /// refusal and a conflict are tried again for a while.
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
                Err(Error::Api(status))
                    if matches!(status.code, 403 | 409) && began.elapsed() < RIGHTS_WITHIN =>
                {
                    tokio::time::sleep(wait).await;
                    wait = (wait * 2).min(LOOK_AGAIN);
                }
                Err(error) => return Err(failed(error)),
            }
        }
    }

    /// Changes a part of an object that is there.
    pub(super) async fn merge<K>(
        &self,
        namespace: &str,
        name: &str,
        change: &Value,
    ) -> Result<(), BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let objects: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
        objects.patch(name, &params, &Patch::Merge(change)).await.map(drop).map_err(failed)
    }

    /// The names of the objects with these labels, without their content.
    pub(super) async fn names<K>(&self, namespace: &str, labels: &str) -> Result<Vec<String>, BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let objects = self.metadata::<K>(namespace, labels).await?;
        Ok(objects.into_iter().filter_map(|object| object.metadata.name).collect())
    }

    /// What the objects with these labels are marked with, as it is now.
    pub(super) async fn metadata<K>(
        &self,
        namespace: &str,
        labels: &str,
    ) -> Result<Vec<PartialObjectMeta<K>>, BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let objects: Api<K> = Api::namespaced(self.client.clone(), namespace);
        let list = objects.list_metadata(&ListParams::default().labels(labels)).await.map_err(failed)?;
        Ok(list.items)
    }

    /// Removes an object, if it is there; what belongs to it goes after it.
    pub(super) async fn remove<K>(&self, namespace: &str, name: &str) -> Result<(), BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
    {
        let objects: Api<K> = Api::namespaced(self.client.clone(), namespace);
        match objects.delete(name, &DeleteParams::background()).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// Ends a pod now, with the runs on it.
    pub(super) async fn end_pod(&self, namespace: &str, name: &str) -> Result<(), BackendError> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        match pods.delete(name, &DeleteParams::default().grace_period(1)).await {
            Ok(_) => Ok(()),
            Err(Error::Api(status)) if status.code == 404 => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    /// The last lines that a container printed; nothing where it has not begun to.
    pub(super) async fn log(
        &self,
        namespace: &str,
        [pod, container]: [&str; 2],
        lines: usize,
    ) -> Result<String, BackendError> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let (container, tail_lines) = (Some(container.to_owned()), i64::try_from(lines).ok());
        let params = LogParams { container, tail_lines, ..LogParams::default() };
        match pods.logs(pod, &params).await {
            Ok(text) => Ok(text),
            Err(Error::Api(status)) if matches!(status.code, 400 | 404) => Ok(String::new()),
            Err(error) => Err(failed(error)),
        }
    }

    /// The last lines that a container printed, and what it prints until it ends.
    pub(super) async fn follow_log(
        &self,
        namespace: &str,
        [pod, container]: [&str; 2],
        lines: usize,
    ) -> Result<impl Stream<Item = String> + Send + use<>, BackendError> {
        let pods: Api<Pod> = Api::namespaced(self.client.clone(), namespace);
        let (container, tail_lines) = (Some(container.to_owned()), i64::try_from(lines).ok());
        let params = LogParams { follow: true, container, tail_lines, ..LogParams::default() };
        let said = pods.log_stream(pod, &params).await.map_err(failed)?;
        Ok(stream::unfold((Box::pin(said), Cutter::default()), |(mut said, mut cutter)| async move {
            let mut part = vec![0; 16 * 1024];
            let count = said.read(&mut part).await.ok().filter(|count| *count > 0)?;
            let lines = cutter.cut(part.get(..count).unwrap_or_default());
            Some((stream::iter(lines), (said, cutter)))
        })
        .flatten())
    }

    /// Removes a namespace, if it is ours, and waits until nothing of it is left.
    pub(super) async fn remove_namespace(&self, name: &str, id: &str) -> Result<(), BackendError> {
        let namespaces = self.namespaces();
        let began = tokio::time::Instant::now();
        loop {
            let Some(there) = namespaces.get_opt(name).await.map_err(failed)? else { return Ok(()) };
            if !is_ours(&there, id) {
                // Ours is gone, and somebody else has the name since.
                return Ok(());
            }
            if there.metadata.deletion_timestamp.is_none() {
                match delete(&namespaces, name, uid(&there)?).await {
                    Ok(()) => {}
                    Err(Error::Api(status)) if status.code == 404 => return Ok(()),
                    // Another has its name since it was looked at: the next look sees whose.
                    Err(Error::Api(status)) if is_another(&status) => {}
                    Err(error) => return Err(failed(error)),
                }
            }
            if began.elapsed() > GONE_WITHIN {
                return Err(BackendError::StillGoing(format!("namespace `{name}` is still going")));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }
}

/// Deletes this namespace, and none that took its name. First its status says so: its policies go before it does, and
/// must not go from under one that looks as if it could be used.
async fn delete(namespaces: &Api<Namespace>, name: &str, Uid(uid): Uid) -> Result<(), Error> {
    let annotations = json!({ENCLAVE_STATUS: Status::Deprovisioning.word()});
    let leaving = json!({"metadata": {"uid": uid, "annotations": annotations}});
    namespaces.patch(name, &PatchParams::default(), &Patch::Merge(leaving)).await?;
    let this_one = Preconditions { uid: Some(uid), resource_version: None };
    namespaces.delete(name, &DeleteParams::foreground().preconditions(this_one)).await?;
    Ok(())
}

/// Whether a write was refused because the namespace is not the one that was meant. The API server says it as a conflict
/// where there is none, and for a deletion; of a change it says that the identity cannot be changed.
fn is_another(status: &KubeStatus) -> bool {
    let names_the_uid = || {
        let causes = status.details.iter().flat_map(|details| &details.causes);
        causes.into_iter().any(|cause| cause.field == "metadata.uid")
    };
    status.code == 409 || (status.code == 422 && names_the_uid())
}

/// The identity that the cluster gave a namespace.
fn uid(namespace: &Namespace) -> Result<Uid, BackendError> {
    let uid = namespace.metadata.uid.clone();
    uid.map(Uid).ok_or_else(|| BackendError::Fault("the cluster names no uid of a namespace".to_owned()))
}

/// Whether a namespace is the one of the record with this id.
fn is_ours(namespace: &Namespace, id: &str) -> bool {
    let managed = namespace.labels().get(MANAGED_BY_LABEL).is_some_and(|by| by == MANAGED_BY);
    managed && namespace.annotations().get(ENCLAVE_ID).is_some_and(|own| own == id)
}

pub(super) fn failed(error: Error) -> BackendError {
    match error {
        Error::Api(status) => refused(&status),
        other => BackendError::Unreachable(other.to_string()),
    }
}

/// What is told of a quota that is used up.
pub(super) const QUOTA_USED_UP: &str = "the enclave has no room left for it";

fn refused(status: &KubeStatus) -> BackendError {
    let told = format!("{} ({})", status.message, status.code);
    match status.code {
        429 | 500..=599 => BackendError::Unreachable(told),
        403 if told.contains("exceeded quota") => {
            tracing::info!(message = status.message, "a quota is used up");
            BackendError::NoRoom(QUOTA_USED_UP.to_owned())
        }
        _ => BackendError::Fault(told),
    }
}
