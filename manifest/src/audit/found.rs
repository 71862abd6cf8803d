//! What the cluster has of an enclave.

use super::template::Template;
use k8s_openapi::api::core::v1::{LimitRange, Namespace, ResourceQuota, Service, ServiceAccount};
use k8s_openapi::api::networking::v1::{Ingress, NetworkPolicy};
use k8s_openapi::api::rbac::v1::{ClusterRoleBinding, Role, RoleBinding};

/// What is there, as far as it was asked for.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// The namespace; none where it is gone.
    pub namespace: Option<Namespace>,
    /// What pods may talk to.
    pub policies: Vec<NetworkPolicy>,
    /// What leads to pods.
    pub services: Vec<Service>,
    /// What leads there from outside.
    pub ingresses: Vec<Ingress>,
    /// The runtime class that tentacles are to be behind; none where none is wanted.
    pub behind: Option<String>,
    /// Pods, and what makes pods.
    pub templates: Vec<Template>,
    /// Roles.
    pub roles: Vec<Role>,
    /// Who has which.
    pub role_bindings: Vec<RoleBinding>,
    /// Who has which in the whole cluster.
    pub cluster_role_bindings: Vec<ClusterRoleBinding>,
    /// The accounts that pods may have.
    pub accounts: Vec<ServiceAccount>,
    /// What all may use together.
    pub quotas: Vec<ResourceQuota>,
    /// What each may use.
    pub limits: Vec<LimitRange>,
}
