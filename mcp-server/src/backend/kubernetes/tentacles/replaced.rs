//! A version that was replaced goes when its runs have come to their end, which takes as long as they take. Whoever goes back to it
//! meanwhile waits until it is seen to be gone.

use super::going::{labels_of, purpose_of, remove_rest, versions};
use super::{Tentacles, named};
use crate::backend::kubernetes::objects::Cluster;
use crate::backend::kubernetes::workloads::Workload;
use crate::backend::{BackendError, LeftBehind};
use crate::gate::Authorized;
use crate::gate::act::{Apply, Revoke};
use crate::rollout::{Rollouts, Turn};
use crate::store::{EnclaveRecord, StoreError};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use k8s_openapi::api::networking::v1::NetworkPolicy;
use kube::core::ResourceExt;
use manifest::annotation::{MANAGED_BY, MANAGED_BY_LABEL, TENTACLE};
use manifest::{Purpose, name_of};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use workflow::{ContentHash, EnclaveName, TentacleName};

/// How long it may take until a deployment that was removed is seen to be, with the pods that it had.
const SEEN_WITHIN: Duration = Duration::from_secs(30);

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What is said where a version could not be removed.
const NOT_GONE: &str =
    "a version that was replaced is not gone yet: the next deploy removes it, or the server's next start";

/// Those of which the deployment was removed, by the name of a version's objects in its enclave.
#[derive(Debug, Default)]
pub(super) struct Leaving(Mutex<HashSet<String>>);

impl Leaving {
    /// A version is on its way out.
    pub(super) fn goes(&self, enclave: &EnclaveName, name: &str) {
        self.known().insert(key(enclave, name));
    }

    /// It is not any more, as nothing of it is left or it comes again; answers whether it was.
    pub(super) fn is_over(&self, enclave: &EnclaveName, name: &str) -> bool {
        self.known().remove(&key(enclave, name))
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tentacles {
    /// Removes the versions before the one that a deploy made the tentacle's; their runs come to their end first, in the background. One
    /// that somebody goes back to meanwhile stays.
    pub(in super::super) fn settled(&self, grant: &Authorized<Apply>) {
        let (target, removal) = (grant.target(), self.removal(Arc::clone(&grant.target().record)));
        let tentacle = target.name.clone();
        let of = named(target);
        tokio::spawn(async move {
            let go = async {
                for name in versions(&removal.cluster, removal.enclave.name.as_str(), &tentacle).await? {
                    if purpose_of(&name) == Purpose::Serve {
                        removal.of(&LeftBehind { tentacle: tentacle.clone(), name }).await?;
                    }
                }
                Ok::<(), BackendError>(())
            };
            if let Err(error) = go.await {
                tracing::warn!(tentacle = %of, %error, "{NOT_GONE}");
            }
        });
    }

    /// The versions of which anything is there, and which are neither on record nor on trial.
    pub(in super::super) async fn left_behind(
        &self,
        record: &EnclaveRecord,
    ) -> Result<Vec<LeftBehind>, BackendError> {
        let labels = format!("{MANAGED_BY_LABEL}={MANAGED_BY},{TENTACLE}");
        // The policy is the first of a version's objects, and the last that goes.
        let policies = self.cluster.metadata::<NetworkPolicy>(record.name.as_str(), &labels).await?;
        let left = policies.into_iter().filter_map(|policy| {
            let tentacle: TentacleName = policy.labels().get(TENTACLE)?.parse().ok()?;
            let left = LeftBehind { tentacle, name: policy.name_any() };
            (purpose_of(&left.name) == Purpose::Serve && !is_on_record(record, &left)).then_some(left)
        });
        Ok(left.collect())
    }

    /// Removes such versions, in the background.
    pub(in super::super) fn clear_away(&self, grant: &Authorized<Revoke>, left: Vec<LeftBehind>) {
        let record = &grant.target().record;
        for left in left {
            let removal = self.removal(Arc::clone(record));
            tokio::spawn(async move {
                if let Err(error) = removal.of(&left).await {
                    let of = format!("{}/{}", removal.enclave.name, left.tentacle);
                    tracing::warn!(tentacle = of, %error, "{NOT_GONE}");
                }
            });
        }
    }

    fn removal(&self, enclave: Arc<EnclaveRecord>) -> Removal {
        Removal {
            cluster: self.cluster.clone(),
            leaving: Arc::clone(&self.leaving),
            rollouts: Arc::clone(&self.rollouts),
            enclave,
        }
    }

    /// Waits until what was removed of a version is seen to be: what is left of it would pass for what comes. After a while what is
    /// seen is what is there, also where it could not be removed.
    pub(super) async fn seen_gone(&self, workload: &Workload, tentacle: &TentacleName, revision: &str) {
        let began = Instant::now();
        while began.elapsed() < SEEN_WITHIN {
            let seen = workload.version(tentacle, revision);
            let ends = |pod: &Arc<Pod>| pod.metadata.deletion_timestamp.is_some();
            if seen.deployment.is_none() && seen.pods.iter().all(ends) {
                return;
            }
            workload.changes(LOOK_AGAIN).await;
        }
    }
}

/// What it takes to remove versions that were replaced, in an enclave.
struct Removal {
    cluster: Cluster,
    leaving: Arc<Leaving>,
    rollouts: Arc<Rollouts>,
    enclave: Arc<EnclaveRecord>,
}

impl Removal {
    /// Removes a version that was replaced, when its runs have ended, as long as no record names it again.
    async fn of(&self, of: &LeftBehind) -> Result<(), BackendError> {
        let (enclave, name) = (&self.enclave.name, of.name.as_str());
        let Some(turn) = self.turn(of).await? else { return Ok(()) };
        self.leaving.goes(enclave, name);
        self.cluster.remove::<Deployment>(enclave.as_str(), name).await?;
        drop(turn);
        loop {
            let now = self.rollouts.now(&self.enclave).await.map_err(unreachable)?;
            if now.is_none_or(|now| is_on_record(&now, of)) {
                return Ok(());
            }
            if self.is_idle(name).await?
                && let Some(_turn) = self.turn(of).await?
                // Somebody may have gone back to it, and away from it again.
                && self.is_idle(name).await?
            {
                remove_rest(&self.cluster, enclave.as_str(), name).await?;
                self.leaving.is_over(enclave, name);
                return Ok(());
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// Whether a version has no pods.
    async fn is_idle(&self, name: &str) -> Result<bool, BackendError> {
        Ok(self.cluster.names::<Pod>(self.enclave.name.as_str(), &labels_of(name)).await?.is_empty())
    }

    /// The turn to take something of a version away; nothing where a record names it.
    async fn turn(&self, of: &LeftBehind) -> Result<Option<Turn>, BackendError> {
        let turn = self.rollouts.removal(&self.enclave, &of.tentacle).await.map_err(unreachable)?;
        Ok(turn.filter(|(_, now)| !is_on_record(now, of)).map(|(turn, _)| turn))
    }
}

fn unreachable(error: StoreError) -> BackendError {
    BackendError::Unreachable(error.to_string())
}

/// Whether a version is the one that its tentacle's record names. Of what has no record, or none of a version, nobody knows what it is:
/// it is taken for one.
fn is_on_record(record: &EnclaveRecord, of: &LeftBehind) -> bool {
    let tentacle = record.tentacles.get(&of.tentacle);
    let version = tentacle.and_then(|tentacle| tentacle.version.parse::<ContentHash>().ok());
    version.is_none_or(|version| name_of(&of.tentacle, &version) == of.name)
}

fn key(enclave: &EnclaveName, name: &str) -> String {
    format!("{enclave}/{name}")
}
