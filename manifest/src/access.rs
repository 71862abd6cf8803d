//! Who may do what in the enclave's namespace: the server a little, code nothing.

use crate::spec::EnclaveSpec;
use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::api::rbac::v1::{RoleBinding, RoleRef, Subject};

/// The binding's name.
pub const ROLE_BINDING: &str = "tentacular-server";
/// The role that it binds: see `deploy/kubernetes/enclave-role.yaml`.
pub const ENCLAVE_ROLE: &str = "tentacular-enclave";

/// The namespace's own account, which every pod has that names no other: its token is not put into pods.
#[must_use]
pub fn service_account(spec: &EnclaveSpec) -> ServiceAccount {
    ServiceAccount {
        metadata: spec.meta("default"),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

/// Gives the server's account its rights in this namespace. It is the second object, because the server needs it to
/// make the others.
#[must_use]
pub fn role_binding(spec: &EnclaveSpec) -> RoleBinding {
    RoleBinding {
        metadata: spec.meta(ROLE_BINDING),
        role_ref: RoleRef {
            api_group: Some("rbac.authorization.k8s.io".to_owned()),
            kind: "ClusterRole".to_owned(),
            name: ENCLAVE_ROLE.to_owned(),
        },
        subjects: Some(vec![Subject {
            kind: "ServiceAccount".to_owned(),
            namespace: Some(spec.server.namespace.clone()),
            name: spec.server.name.clone(),
            ..Subject::default()
        }]),
    }
}
