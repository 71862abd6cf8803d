//! One run of a version that serves nobody: in a pod of its own, of which nothing is left afterwards.

use super::Tentacles;
use super::rollout::READY_WITHIN;
use super::running::{Wanted, gone};
use crate::backend::{BackendError, RunOrder, RunReport, Version};
use crate::gate::Authorized;
use crate::gate::act::Apply;
use crate::gate::target::OnTentacle;
use manifest::Purpose;
use std::time::Duration;

/// After this long the cluster ends a pod on trial by itself: it is more than the longest run and its start take.
pub(super) const TRIAL_LASTS: Duration = Duration::from_secs(900);

impl Tentacles {
    /// Starts a version, has it observed once, and takes it away, however that ends. Where a server ends in between, the
    /// cluster ends the pod, and the next trial of the tentacle takes away what is left.
    pub(in super::super) async fn observe(
        &self,
        grant: &Authorized<Apply>,
        version: &Version,
        order: &RunOrder,
    ) -> Result<RunReport, BackendError> {
        let target = grant.target();
        self.clear_left(target).await?;
        let supplied = self.supplied(target, version, Purpose::Trial).await?;
        let name = supplied.spec(version).name();
        // Of the same content, and thus of the same name: a server that ended just now has left it.
        self.clear(target, &name).await?;
        let modules = self.modules(target, version, &name).await?;
        let supplied = supplied.with(modules);
        let spec = supplied.spec(version);
        let pod = manifest::trial_pod(&spec, TRIAL_LASTS)
            .map_err(|error| BackendError::Fault(error.to_string()))?;
        let observed = async {
            self.apply_walls(&supplied, version).await?;
            self.cluster.apply(target.record.name.as_str(), &pod).await?;
            self.observed(target, version, &supplied.standing, order).await
        };
        let observed = observed.await;
        let cleared = self.clear(target, &name).await;
        let report = observed?;
        cleared?;
        Ok(report)
    }

    async fn observed(
        &self,
        target: &OnTentacle,
        version: &Version,
        standing: &str,
        order: &RunOrder,
    ) -> Result<RunReport, BackendError> {
        debug_assert!(order.limit + READY_WITHIN < TRIAL_LASTS);
        let workload = self.workloads.read(&target.record.name).await?;
        let (version, purpose) = (version.sandbox.version, Purpose::Trial);
        let pod = self.ready(&workload, &target.name, &purpose.revision(&version), standing).await?;
        let wanted = Wanted { workload: &workload, target, version, purpose };
        self.report(&wanted, &pod, ("/observe", order)).await?.ok_or_else(gone)
    }
}
