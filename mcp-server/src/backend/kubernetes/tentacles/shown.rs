//! What the cluster shows of tentacles' records, on their deployments.

use super::Tentacles;
use crate::backend::{BackendError, EnclaveView};
use crate::mirror;
use k8s_openapi::api::apps::v1::Deployment;
use kube::core::{PartialObjectMeta, ResourceExt};
use manifest::annotation::{MANAGED_BY, MANAGED_BY_LABEL, TENTACLE, VERSION};
use serde_json::json;

impl Tentacles {
    /// Shows each tentacle's record on the deployment of the version that it names. It is read anew, not taken from the
    /// watch: of two changes right after one another the later one has to be what is shown.
    pub(in super::super) async fn show(&self, enclave: &EnclaveView) -> Result<(), BackendError> {
        let record = &enclave.record;
        if record.tentacles.is_empty() {
            return Ok(());
        }
        let (namespace, labels) =
            (record.name.as_str(), format!("{MANAGED_BY_LABEL}={MANAGED_BY},{TENTACLE}"));
        let deployments = self.cluster.metadata::<Deployment>(namespace, &labels).await?;
        for (name, tentacle) in &record.tentacles {
            let is_it = |marks: &&PartialObjectMeta<Deployment>| {
                marks.labels().get(TENTACLE).is_some_and(|own| own == name.as_str())
                    && marks.annotations().get(VERSION).is_some_and(|own| *own == tentacle.version)
            };
            let Some(deployment) = deployments.iter().find(is_it) else { continue };
            let owner = enclave.tentacle_owners.get(name).map_or("", String::as_str);
            let mirror = mirror::of(tentacle, owner);
            let wanted = mirror.annotations();
            let shown = deployment.annotations();
            if wanted.iter().any(|(key, value)| shown.get(*key).map(String::as_str) != *value) {
                let change = json!({"metadata": {"annotations": wanted}});
                self.cluster.merge::<Deployment>(namespace, &deployment.name_any(), &change).await?;
            }
        }
        Ok(())
    }
}
