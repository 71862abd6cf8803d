//! Makes an object as it was made, whatever somebody did to it, and leaves alone what is as it was made.

use super::fields;
use super::objects::{Cluster, failed};
use crate::backend::BackendError;
use k8s_openapi::NamespaceResourceScope;
use kube::api::{Patch, PatchParams};
use kube::core::{Resource, ResourceExt, Status};
use kube::{Api, Error};
use manifest::FIELD_MANAGER;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::fmt;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// For how long it is tried again while others write to it, and how far apart the tries are.
const CALM_WITHIN: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(100);

impl Cluster {
    /// Puts an object back; answers whether anything of it was not as it is to be. Who writes to it meanwhile, as a controller
    /// does whenever something changes, is looked at again: neither goes over what the other wrote unseen.
    pub(super) async fn put_back<K>(&self, namespace: &str, wanted: &K) -> Result<bool, BackendError>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Serialize + DeserializeOwned + Clone + fmt::Debug + Sync,
    {
        let began = Instant::now();
        loop {
            match self.put_back_as_seen(namespace, wanted).await {
                Err(NotPutBack::Changed) if began.elapsed() < CALM_WITHIN => sleep(LOOK_AGAIN).await,
                Err(NotPutBack::Changed) => {
                    let name = wanted.name_any();
                    return Err(BackendError::Unreachable(format!("`{name}` is changed again and again")));
                }
                Err(NotPutBack::Failed(error)) => return Err(error),
                Ok(differed) => return Ok(differed),
            }
        }
    }

    /// Looks at an object once, and puts it back as it was seen. The API server is asked first what would come of it, so that
    /// fields that somebody removed are found as well as those that somebody set.
    async fn put_back_as_seen<K>(&self, namespace: &str, wanted: &K) -> Result<bool, NotPutBack>
    where
        K: Resource<Scope = NamespaceResourceScope, DynamicType = ()>,
        K: Serialize + DeserializeOwned + Clone + fmt::Debug + Sync,
    {
        let objects: Api<K> = Api::namespaced(self.client(), namespace);
        let name = wanted.meta().name.clone().unwrap_or_default();
        let params = PatchParams::apply(FIELD_MANAGER).force();
        let Some(there) = objects.get_opt(&name).await? else {
            self.apply(namespace, wanted).await?;
            return Ok(true);
        };
        let would = PatchParams { dry_run: true, ..params.clone() };
        let by_hand = !fields::changed("", there.managed_fields(), None).is_empty();
        let differs = by_hand
            || match objects.patch(&name, &would, &Patch::Apply(wanted)).await {
                Ok(after) => content(&after)? != content(&there)?,
                Err(Error::Api(status)) if cannot_change(&status) => true,
                Err(error) => return Err(error.into()),
            };
        if !differs {
            return Ok(false);
        }
        if by_hand {
            take_over(&objects, &there).await?;
        }
        match objects.patch(&name, &params, &Patch::Apply(wanted)).await {
            Ok(_) => {}
            // What can never be changed is made anew.
            Err(Error::Api(status)) if cannot_change(&status) => {
                self.remove::<K>(namespace, &name).await?;
                self.apply(namespace, wanted).await?;
            }
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }
}

/// Takes over what others have set, unless it changed since it was looked at.
async fn take_over<K>(objects: &Api<K>, there: &K) -> Result<(), Error>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone + fmt::Debug,
{
    let entries = fields::taken_over(there.managed_fields());
    let change = json!({"metadata": {
        "managedFields": entries,
        "resourceVersion": there.resource_version(),
    }});
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    objects.patch(&there.name_any(), &params, &Patch::Merge(change)).await.map(drop)
}

/// Why an object was not put back.
enum NotPutBack {
    /// Somebody wrote to it after it was looked at.
    Changed,
    Failed(BackendError),
}

impl From<Error> for NotPutBack {
    fn from(error: Error) -> Self {
        match error {
            Error::Api(status) if status.code == 409 => Self::Changed,
            error => Self::Failed(failed(error)),
        }
    }
}

impl From<BackendError> for NotPutBack {
    fn from(error: BackendError) -> Self {
        Self::Failed(error)
    }
}

/// Whether the API server refuses a change of what can never be changed.
fn cannot_change(status: &Status) -> bool {
    status.code == 422
}

/// What an object is, without what the API server notes of its changes.
fn content<K: Serialize>(object: &K) -> Result<Value, BackendError> {
    let mut value = serde_json::to_value(object).map_err(|error| BackendError::Fault(error.to_string()))?;
    if let Some(all) = value.as_object_mut() {
        all.remove("status");
        if let Some(metadata) = all.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata
                .retain(|key, _| !matches!(key.as_str(), "managedFields" | "resourceVersion" | "generation"));
        }
    }
    Ok(value)
}
