//! A version goes, or a whole tentacle does.

use super::Tentacles;
use super::trial::TRIAL_LASTS;
use crate::backend::BackendError;
use crate::backend::kubernetes::objects::Cluster;
use crate::gate::Authorized;
use crate::gate::act::Remove;
use crate::gate::target::OnTentacle;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Pod, Secret};
use k8s_openapi::api::networking::v1::NetworkPolicy;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;
use kube::core::ResourceExt;
use manifest::annotation::{REVISION, TENTACLE};
use manifest::{Purpose, version_of};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};
use workflow::TentacleName;

/// How long pods may take to end that nobody waits for: their runs are ended.
const GONE_WITHIN: Duration = Duration::from_secs(60);

/// How often it is looked whether they have.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Tentacles {
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

/// What the version of this name was made for.
pub(super) fn purpose_of(name: &str) -> Purpose {
    Purpose::of(name.rsplit_once('-').map_or("", |(_, revision)| revision))
}

/// The names of all versions of a tentacle of which anything is there.
pub(super) async fn versions(
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
            return Err(BackendError::StillGoing(format!("pods of `{name}` are still ending")));
        }
        for pod in &left {
            cluster.end_pod(enclave, pod).await?;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Removes what the pods of a version needed, and what held them.
pub(super) async fn remove_rest(cluster: &Cluster, enclave: &str, name: &str) -> Result<(), BackendError> {
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
