//! The modules of a version: kept in objects of its own once they were fetched, and believed only while they are what was
//! kept.

mod fetch;
mod kept;

use super::{Tentacles, recorded};
use crate::backend::{BackendError, Version};
use crate::gate::target::OnTentacle;
use k8s_openapi::api::core::v1::ConfigMap;
use manifest::{PackedModules, TentacleSpec, name_of, version_of};

/// The modules of a version.
pub(super) struct Ready {
    pub(super) packed: PackedModules,
    /// Whether its objects hold them already.
    kept: bool,
}

impl Ready {
    /// Modules that are to be kept in objects of their own.
    fn new(packed: PackedModules) -> Self {
        let set = format!("{:08x}", rand::random::<u32>());
        Self { packed: PackedModules { set, ..packed }, kept: false }
    }
}

impl Tentacles {
    /// The modules of a version whose objects are to have this name: what they hold already, or what those of the version that
    /// serves hold, if that is the same, else what is fetched. Nothing for a version without any.
    pub(super) async fn modules(
        &self,
        target: &OnTentacle,
        version: &Version,
        name: &str,
    ) -> Result<Option<Ready>, BackendError> {
        let modules = &version.sandbox.modules;
        if modules.is_empty() {
            return Ok(None);
        }
        let wanted = modules.digest();
        if let Some(packed) = self.kept(target, name, &wanted).await? {
            return Ok(Some(Ready { packed, kept: true }));
        }
        let serves = recorded(target).map(|serves| name_of(&target.name, &serves));
        if let Some(serves) = serves.filter(|serves| serves != name)
            && let Some(packed) = self.kept(target, &serves, &wanted).await?
        {
            return Ok(Some(Ready::new(packed)));
        }
        let files = self.fetch(target, &version.sandbox).await?;
        let packed = tokio::task::spawn_blocking(move || files.pack()).await;
        let packed = packed.map_err(|error| BackendError::Fault(error.to_string()))??;
        let record = self.record(target, &wanted, &packed)?;
        Ok(Some(Ready::new(PackedModules { record, ..packed })))
    }

    /// Keeps the modules of a version in its objects; answers whether they were not there. The first of them is made last:
    /// where it is, all are.
    pub(super) async fn keep(&self, spec: &TentacleSpec<'_>, ready: &Ready) -> Result<bool, BackendError> {
        if ready.kept {
            return Ok(false);
        }
        let (enclave, name) = (spec.sandbox.tentacle.enclave.as_str(), spec.name());
        // What a server left that ended meanwhile, or what somebody has altered.
        for object in self.parts(enclave, &name).await? {
            self.cluster.remove::<ConfigMap>(enclave, &object).await?;
        }
        for object in manifest::modules(spec).iter().rev() {
            self.cluster.apply(enclave, object).await?;
        }
        Ok(true)
    }

    /// The names of the objects in which the version of this name keeps modules.
    pub(super) async fn parts(&self, enclave: &str, name: &str) -> Result<Vec<String>, BackendError> {
        let labels = super::going::labels_of(name);
        let mut names = self.cluster.names::<ConfigMap>(enclave, &labels).await?;
        names.retain(|object| object != name && version_of(object) == name);
        Ok(names)
    }
}
