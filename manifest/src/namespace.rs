//! The namespace, which is the enclave.

use crate::annotation::{
    ENCLAVE, ENCLAVE_CHANNEL_ID, ENCLAVE_CHANNEL_NAME, ENCLAVE_CREATED_AT, ENCLAVE_ID, ENCLAVE_OWNER,
    ENCLAVE_OWNER_SUB, ENCLAVE_PLATFORM, ENCLAVE_QUOTA_PRESET, ENCLAVE_STATUS, ENCLAVE_UPDATED_AT, MODE,
};
use crate::spec::{EnclaveSpec, Status, labels};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;

/// The namespace of an enclave with its status.
///
/// Pod Security is set to `restricted` in all its three ways: what breaks it is refused, audited, and warned of, so
/// that whoever tries learns why. The labels are part of the object that creates the namespace: no pod can be faster.
#[must_use]
pub fn namespace(spec: &EnclaveSpec, status: Status) -> Namespace {
    let pod_security = labels([
        ("pod-security.kubernetes.io/enforce", "restricted"),
        ("pod-security.kubernetes.io/enforce-version", "latest"),
        ("pod-security.kubernetes.io/audit", "restricted"),
        ("pod-security.kubernetes.io/audit-version", "latest"),
        ("pod-security.kubernetes.io/warn", "restricted"),
        ("pod-security.kubernetes.io/warn-version", "latest"),
    ]);
    Namespace {
        metadata: ObjectMeta {
            name: Some(spec.name.to_string()),
            labels: Some(pod_security),
            annotations: Some(annotations(spec, status)),
            ..ObjectMeta::default()
        },
        ..Namespace::default()
    }
}

fn annotations(spec: &EnclaveSpec, status: Status) -> BTreeMap<String, String> {
    let mirror = &spec.mirror;
    let always = [
        (ENCLAVE, Some(spec.name.to_string())),
        (ENCLAVE_ID, Some(spec.id.clone())),
        (ENCLAVE_STATUS, Some(status.word().to_owned())),
        (ENCLAVE_QUOTA_PRESET, Some(spec.quota.name().to_owned())),
    ];
    let shown = [
        (ENCLAVE_OWNER, &mirror.owner),
        (ENCLAVE_OWNER_SUB, &mirror.owner_sub),
        (ENCLAVE_PLATFORM, &mirror.platform),
        (ENCLAVE_CHANNEL_ID, &mirror.channel_id),
        (ENCLAVE_CHANNEL_NAME, &mirror.channel_name),
        (ENCLAVE_CREATED_AT, &mirror.created_at),
        (ENCLAVE_UPDATED_AT, &mirror.updated_at),
        (MODE, &mirror.mode),
    ];
    let shown = shown.into_iter().map(|(key, value)| (key, value.clone()));
    always.into_iter().chain(shown).filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}
