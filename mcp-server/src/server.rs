//! The server's parts, held together.

use crate::assertions::Assertions;
use crate::backend::{Backend, EnclaveView};
use crate::call::Call;
use crate::gate::{Changed, Gate};
use crate::hooks::Hooks;
use crate::identity::Authenticator;
use crate::keyed_lock::KeyedLocks;
use crate::metrics::Metrics;
use crate::pace::TriggerPace;
use crate::page::{Matter, Page};
use crate::rollout::Rollouts;
use crate::state::StateRepo;
use crate::store::{EnclaveRecord, PersonId, Rights, Store, StoreError};
use crate::supply::Supply;
use crate::telemetry::Telemetry;
use crate::trail::Trail;
use crate::triggers::Turns;
use jiff::Timestamp;
use std::sync::Arc;
use url::Url;
use wire::signing::SigningKey;
use wire::tools::tentacle::SourceCommit;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, PartName, TentacleName};

/// Everything that a call needs.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) store: Arc<Store>,
    pub(crate) trail: Arc<Trail>,
    pub(crate) gate: Gate,
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) supply: Arc<Supply>,
    pub(crate) authenticator: Authenticator,
    pub(crate) assertions: Assertions,
    pub(crate) signing: Arc<SigningKey>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) telemetry: Telemetry,
    /// One lifecycle step of an enclave at a time in this process.
    pub(crate) lifecycles: KeyedLocks,
    /// One change of a tentacle at a time, and none while its enclave is being removed.
    pub(crate) rollouts: Arc<Rollouts>,
    /// Where clients reach this server, without a path.
    pub(crate) url: Url,
    /// What calls of webhooks have in common.
    pub(crate) hooks: Hooks,
    /// Turns for runs that nobody asked for.
    pub(crate) unasked: Turns,
    /// The clock of triggers.
    pub(crate) clock: TriggerPace,
    /// One call of a request at a time in this process.
    pub(crate) requests: KeyedLocks,
    /// The page for approvals, where there is one.
    pub(crate) page: Option<Arc<Page>>,
    /// Where deploys come from, where it is not the call.
    pub(crate) state: Option<StateRepo>,
}

impl Server {
    /// Where a webhook is called.
    pub(crate) fn hook_url(&self, enclave: &EnclaveName, tentacle: &TentacleName, name: &PartName) -> String {
        format!("{}/hooks/{enclave}/{tentacle}/{name}", self.url.as_str().trim_end_matches('/'))
    }

    /// Where a commit can be looked at, where that is known.
    pub(crate) fn page_of(&self, commit: Option<&SourceCommit>) -> Option<String> {
        self.state.as_ref()?.page_of(commit?)
    }

    /// Now, by the clock of triggers.
    pub(crate) fn now(&self) -> Timestamp {
        (self.clock.now)()
    }

    /// Where something can be decided without a channel to click in; nowhere on a server without its page.
    pub(crate) fn on_page(&self, matter: &Matter) -> Option<String> {
        self.page.as_ref()?;
        Some(format!("{}{}", self.url.as_str().trim_end_matches('/'), matter.path()))
    }

    /// The same refusal; whoever came with a token alone, outside Slack, hears where they can prove what it takes.
    pub(crate) fn or_on_page(&self, call: &Call, refused: Failure, matter: &Matter) -> Failure {
        let elsewhere = call.is_proven() || call.kind().is_some() || call.person().is_none();
        if elsewhere || refused.code != FailureCode::Denied {
            return refused;
        }
        match self.on_page(matter) {
            Some(page) => refused.with_remedy(format!("open {page}, and sign in there for just this")),
            None => refused,
        }
    }

    /// The enclave with the names that people read.
    pub(crate) fn view(rights: &Rights, record: &EnclaveRecord) -> EnclaveView {
        let shown = |owner: &PersonId| rights.shown(owner).to_owned();
        let owners = record.tentacles.iter().map(|(name, tentacle)| (name.clone(), shown(&tentacle.owner)));
        EnclaveView { record: record.clone(), owner: shown(&record.owner), tentacle_owners: owners.collect() }
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
