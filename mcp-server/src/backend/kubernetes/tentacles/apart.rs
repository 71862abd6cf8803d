//! What somebody changed of tentacles past this server, and how it is put back.

use super::{Tentacles, always};
use crate::backend::apart::Apart;
use crate::backend::kubernetes::fields;
use crate::backend::{BackendError, Version};
use crate::gate::target::OnTentacle;
use crate::store::EnclaveRecord;
use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment;
use kube::core::{Resource, ResourceExt};
use manifest::annotation::{PASSING, STANDING};
use manifest::{Purpose, name_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;
use workflow::{ContentHash, TentacleName};

/// With what it was changed, where the server's own settings were.
const BY_SETTINGS: &str = "other settings of the server";

/// How long a deploy may take until the watch shows all of it.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

impl Tentacles {
    /// What somebody changed or took away of an enclave's tentacles, as the watches have it. The first who asks waits until
    /// they have read everything; then nothing is asked of the cluster. Secrets are not among it: this server may not read
    /// them.
    pub(in super::super) async fn apart(
        &self,
        record: &EnclaveRecord,
    ) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        let mut found = BTreeMap::new();
        if record.tentacles.is_empty() {
            return Ok(found);
        }
        let workload = self.workloads.read(&record.name).await?;
        let walls = self.workloads.walls(&record.name).await?;
        let (of_policy, of_files) = (always::of_policy(), always::of_files());
        let now = Timestamp::now();
        for (name, tentacle) in &record.tentacles {
            let settled = now.duration_since(tentacle.deployed_at).unsigned_abs() >= SETTLED_AFTER;
            let Ok(version) = tentacle.version.parse::<ContentHash>() else { continue };
            let object = name_of(name, &version);
            let deployment = workload.deployment(&record.name, &object);
            let of_deployment = deployment.as_deref().map(always::of_deployment);
            let mut apart = of(("Deployment", &object), deployment.as_deref(), of_deployment.as_ref());
            // What the operator opened once may be closed by now, and the pass that it has does not end.
            if deployment.as_deref().is_some_and(|there| !self.passes(&record.name, there)) {
                let (object, field) =
                    (format!("Deployment {object}"), format!("metadata.annotations.{PASSING}"));
                apart.push(Apart::Changed { object, field, by: Some(BY_SETTINGS.to_owned()) });
            }
            let policy = walls.policy(&record.name, &object);
            apart.extend(of(("NetworkPolicy", &object), policy.as_deref(), Some(&of_policy)));
            let modules = deployment.iter().flat_map(|deployment| modules_of(deployment));
            for files in [object.as_str()].into_iter().chain(modules) {
                let there = walls.files(&record.name, files);
                apart.extend(of(("ConfigMap", files), there.as_deref(), Some(&of_files)));
            }
            if settled && !apart.is_empty() {
                found.insert(name.clone(), apart);
            }
        }
        Ok(found)
    }

    /// What is wrong with the enclave's own walls, in plain words, as far as the watches know them.
    pub(in super::super) fn amiss(&self, record: &EnclaveRecord) -> Option<String> {
        self.workloads.amiss(&record.name)
    }

    /// Makes the objects of the version that runs as they were made; answers what was not. What is as it was made is not
    /// written to.
    pub(in super::super) async fn put_back(
        &self,
        target: &OnTentacle,
        version: &Version,
    ) -> Result<Vec<String>, BackendError> {
        let (enclave, sandbox) = (&target.record.name, &version.sandbox);
        let object = name_of(&target.name, &sandbox.version);
        let workload = self.workloads.read(enclave).await?;
        let mut supplied = self.supplied(target, version, Purpose::Serve).await?;
        // It was given a secret's new value since it was deployed: that is no difference.
        if let Some(there) = workload.deployment(enclave, &object).as_deref() {
            let changed = of(("", &object), Some(there), None);
            let by_hand =
                |apart: &Apart| matches!(apart, Apart::Changed { field, .. } if field.ends_with(STANDING));
            let standing = there.annotations().get(STANDING).filter(|_| !changed.iter().any(by_hand));
            supplied.standing = standing.cloned().unwrap_or(supplied.standing);
        }
        let modules = self.modules(target, version, &object).await?;
        let supplied = supplied.with(modules);
        let spec = &supplied.spec(version);
        let fault = |error: manifest::RenderError| BackendError::Fault(error.to_string());
        let (deployment, supply) =
            (manifest::deployment(spec).map_err(fault)?, manifest::supply(spec).map_err(fault)?);
        let (namespace, mut done) = (enclave.as_str(), Vec::new());
        let mut note = |kind: &str, put: bool| done.extend(put.then(|| format!("{kind} {object}")));
        note("NetworkPolicy", self.cluster.put_back(namespace, &manifest::policy(spec)).await?);
        note("ConfigMap", self.cluster.put_back(namespace, &manifest::code(spec)).await?);
        // It may not be read, and nothing is written where it is the same.
        self.cluster.apply(namespace, &supply).await?;
        if let Some(modules) = supplied.modules() {
            note("modules", self.keep(spec, modules).await?);
        }
        note("Deployment", self.cluster.put_back(namespace, &deployment).await?);
        Ok(done)
    }
}

/// The names of the objects that hold the modules of what runs.
fn modules_of(deployment: &Deployment) -> impl Iterator<Item = &str> {
    let pod = deployment.spec.as_ref().and_then(|spec| spec.template.spec.as_ref());
    let volumes = pod.and_then(|pod| pod.volumes.as_ref()).into_iter().flatten();
    let sources = volumes.filter_map(|volume| volume.projected.as_ref()?.sources.as_ref()).flatten();
    sources.filter_map(|source| source.config_map.as_ref()).map(|part| part.name.as_str())
}

/// What of an object is not as it was made, of which `ours` are always set.
fn of<K: Resource>((kind, name): (&str, &str), there: Option<&K>, ours: Option<&Value>) -> Vec<Apart> {
    let object = format!("{kind} {name}");
    match there {
        Some(there) => fields::changed(&object, there.managed_fields(), ours),
        None => vec![Apart::Gone { object }],
    }
}
