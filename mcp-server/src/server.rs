//! The server's parts, held together.

use crate::assertions::Assertions;
use crate::backend::{Backend, EnclaveView};
use crate::gate::{Changed, Gate};
use crate::identity::Authenticator;
use crate::keyed_lock::KeyedLocks;
use crate::metrics::Metrics;
use crate::store::{EnclaveRecord, Rights, Store, StoreError};
use crate::trail::Trail;
use std::sync::Arc;
use wire::signing::SigningKey;
use workflow::EnclaveName;

/// Everything that a call needs.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) store: Arc<Store>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) gate: Gate,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) authenticator: Authenticator,
    pub(crate) assertions: Assertions,
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) metrics: Arc<Metrics>,
    /// One lifecycle step of an enclave at a time in this process.
    pub(crate) lifecycles: KeyedLocks,
    /// One change of a tentacle at a time, and none while its enclave is being removed, in this process.
    pub(crate) rollouts: KeyedLocks,
    /// One call of a request at a time in this process.
    pub(crate) requests: KeyedLocks,
}

impl Server {
    /// The enclave with the names that people read.
    pub(crate) fn view(rights: &Rights, record: &EnclaveRecord) -> EnclaveView {
        EnclaveView { record: record.clone(), owner: rights.shown(&record.owner).to_owned() }
    }

    /// Makes the backend follow a changed record. A failure is only logged: the record holds already, and the
    /// reconciler tries again.
    pub(crate) async fn follow(&self, grant: &dyn Changed, name: &EnclaveName) {
        if let Err(error) = self.try_follow(grant, name).await {
            tracing::warn!(enclave.name = %name, %error, "the backend does not show the change yet; trying again later");
        }
    }

    /// Makes the backend follow a changed record.
    pub(crate) async fn try_follow(
        &self,
        grant: &dyn Changed,
        name: &EnclaveName,
    ) -> Result<(), FollowError> {
        let _one_at_a_time = self.lifecycles.lock(name.as_str()).await;
        let rights = self.store.rights().await?;
        let Some(record) = rights.enclave(name) else { return Ok(()) };
        self.backend.mirror(grant, &Self::view(&rights, record)).await?;
        let mut tx = self.store.begin().await?;
        tx.mirrored(name, record.changed).await?;
        Ok(tx.commit().await?)
    }
}

/// Why the backend does not show a change.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FollowError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The backend.
    #[error(transparent)]
    Backend(#[from] crate::backend::BackendError),
}
