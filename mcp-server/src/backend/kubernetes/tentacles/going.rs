//! A version goes, or a whole tentacle does.

use super::leaving::Leaving;
use super::trial::TRIAL_LASTS;
use super::{Tentacles, named};
use crate::backend::kubernetes::objects::Cluster;
use crate::backend::{BackendError, LeftBehind};
use crate::gate::Authorized;
use crate::gate::act::{Apply, Remove, Revoke};
use crate::gate::target::OnTentacle;
use crate::rollouts::{Rollouts, Turn};
use crate::store::{EnclaveRecord, StoreError};
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::ResourceExt;
use manifest::annotation::{MANAGED_BY, MANAGED_BY_LABEL, REVISION, TENTACLE};
use manifest::{Purpose, name_of, version_of};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};
use workflow::{ContentHash, TentacleName};

/// How long pods may take to end that nobody waits for: their runs are ended.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// How often it is looked whether they have.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// What is said where a version could not be removed.
const NOT_GONE: &str =
    "a version that was replaced is not gone yet: the next deploy removes it, or the server's next start";

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

    /// Removes a tentacle and waits until nothing of it is left; answers what was removed.
    pub(in super::super) async fn remove(
        &self,
        grant: &Authorized<Remove>,
    ) -> Result<Vec<String>, BackendError> {
        let target = grant.target();
        let (enclave, mut removed) = (target.record.name.as_str(), Vec::new());
        for name in versions(&self.cluster, enclave, &target.name).await? {
            let kept = self.parts(enclave, &name).await?;
            self.clear(target, &name).await?;
            let kinds = ["deployment and its pod", "code", "plan, pass and secrets", "network policy"];
            removed.extend(kinds.map(|kind| format!("{kind} `{name}`")));
            removed.extend((!kept.is_empty()).then(|| format!("modules `{name}`")));
        }
        Ok(removed)
    }

    /// Removes what was on trial, or fetched modules, when a server ended: nobody waits for it.
    pub(super) async fn clear_left(&self, target: &OnTentacle) -> Result<(), BackendError> {
        let (enclave, labels) = (target.record.name.as_str(), format!("{TENTACLE}={}", target.name));
        // The policy is the first of a version's objects, and the last that goes.
        let policies = self.cluster.metadata::<NetworkPolicy>(enclave, &labels).await?;
        let old = |made: Option<Time>| {
            let age = made.map(|Time(at)| Timestamp::now().duration_since(at).unsigned_abs());
            age.is_some_and(|age| age > TRIAL_LASTS)
        };
        for policy in policies {
            let name = policy.name_any();
            if purpose_of(&name) != Purpose::Serve && old(policy.creation_timestamp()) {
                self.clear(target, &name).await?;
            }
        }
        Ok(())
    }

    /// Removes one version of a tentacle at once, whatever it is doing.
    pub(super) async fn clear(&self, target: &OnTentacle, name: &str) -> Result<(), BackendError> {
        take_away(&self.cluster, target.record.name.as_str(), name).await
    }
}

/// Whether a version is the one that its tentacle's record names. Of what has no record, or none of a version, nobody knows what it is:
/// it is taken for one.
fn is_on_record(record: &EnclaveRecord, of: &LeftBehind) -> bool {
    let tentacle = record.tentacles.get(&of.tentacle);
    let version = tentacle.and_then(|tentacle| tentacle.version.parse::<ContentHash>().ok());
    version.is_none_or(|version| name_of(&of.tentacle, &version) == of.name)
}

/// What the version of this name was made for.
fn purpose_of(name: &str) -> Purpose {
    Purpose::of(name.rsplit_once('-').map_or("", |(_, revision)| revision))
}

/// The names of all versions of a tentacle of which anything is there.
async fn versions(
    cluster: &Cluster,
    enclave: &str,
    tentacle: &TentacleName,
) -> Result<BTreeSet<String>, BackendError> {
    let labels = format!("{TENTACLE}={tentacle}");
    let (deployments, codes, policies) = tokio::try_join!(
        cluster.names::<Deployment>(enclave, &labels),
        cluster.names::<ConfigMap>(enclave, &labels),
        cluster.names::<NetworkPolicy>(enclave, &labels),
    )?;
    let all = deployments.into_iter().chain(codes).chain(policies);
    Ok(all.map(|object| version_of(&object).to_owned()).collect())
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

/// Removes a version now, whatever it is doing: its deployment, then, when its pods are gone, what they needed and what held them.
async fn take_away(cluster: &Cluster, enclave: &str, name: &str) -> Result<(), BackendError> {
    cluster.remove::<Deployment>(enclave, name).await?;
    let (began, labels) = (Instant::now(), labels_of(name));
    loop {
        let left = cluster.names::<Pod>(enclave, &labels).await?;
        if left.is_empty() {
            return remove_rest(cluster, enclave, name).await;
        }
        if began.elapsed() > GONE_WITHIN {
            return Err(BackendError::Unreachable(format!("pods of `{name}` are still ending")));
        }
        for pod in &left {
            cluster.end_pod(enclave, pod).await?;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Removes what the pods of a version needed, and what held them.
async fn remove_rest(cluster: &Cluster, enclave: &str, name: &str) -> Result<(), BackendError> {
    cluster.remove::<Secret>(enclave, name).await?;
    for object in cluster.names::<ConfigMap>(enclave, &labels_of(name)).await? {
        cluster.remove::<ConfigMap>(enclave, &object).await?;
    }
    cluster.remove::<NetworkPolicy>(enclave, name).await
}

/// The labels of the pods and the objects of the version of this name.
pub(super) fn labels_of(name: &str) -> String {
    let (tentacle, revision) = name.rsplit_once('-').unwrap_or((name, ""));
    format!("{TENTACLE}={tentacle},{REVISION}={revision}")
}
