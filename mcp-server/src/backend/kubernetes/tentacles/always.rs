//! The fields that this server sets of an object: what somebody took away of them is seen, although the API server notes nothing of
//! it but that they are nobody's any more.

use crate::backend::kubernetes::fields;
use k8s_openapi::api::apps::v1::Deployment;
use kube::core::ResourceExt;
use manifest::annotation::{FIELDS, MANAGED_BY_LABEL, REVISION, TENTACLE};

/// What every object says of what it is of.
const SAID: [&str; 3] = [MANAGED_BY_LABEL, TENTACLE, REVISION];

/// Those of a network policy, whatever it allows.
const OF_POLICIES: [&str; 4] = ["spec.podSelector", "spec.policyTypes", "spec.ingress", "spec.egress"];

/// Those of a deployment, which says them itself. That it says so is one of them: who takes that away is seen, too.
pub(super) fn of_deployment(there: &Deployment) -> Vec<String> {
    let said = there.annotations().get(FIELDS).and_then(|said| serde_json::from_str(said).ok());
    let mut all = said.as_ref().map(fields::in_set).unwrap_or_default();
    all.push(format!("metadata.annotations.{FIELDS}"));
    all
}

/// Those of a network policy.
pub(super) fn of_policy() -> Vec<String> {
    let mut all = of_files();
    all.extend(OF_POLICIES.map(str::to_owned));
    all
}

/// Those of what holds files, which cannot change by itself.
pub(super) fn of_files() -> Vec<String> {
    SAID.map(|label| format!("metadata.labels.{label}")).to_vec()
}
