//! What is to be made.

use crate::annotation::{MANAGED_BY, MANAGED_BY_LABEL};
use crate::quota::QuotaPreset;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use std::collections::BTreeMap;
use workflow::EnclaveName;

/// The name under which every field is applied.
pub const FIELD_MANAGER: &str = "tentacular";

/// An enclave, as far as its objects tell of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EnclaveSpec {
    /// Its name, which is its namespace's.
    pub name: EnclaveName,
    /// The record's own id: a namespace that carries another one belongs to another enclave of that name.
    pub id: String,
    /// Its size.
    pub quota: QuotaPreset,
    /// What of its record is shown on the namespace.
    pub mirror: Mirror,
    /// The server's account, which gets its rights here.
    pub server: ServerAccount,
}

/// What of an enclave's record is shown. Absent parts are not shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mirror {
    /// Who owns it, to show.
    pub owner: Option<String>,
    /// The owner's stable subject.
    pub owner_sub: Option<String>,
    /// The platform of its channel.
    pub platform: Option<String>,
    /// Its channel.
    pub channel_id: Option<String>,
    /// Its channel's name.
    pub channel_name: Option<String>,
    /// Its mode.
    pub mode: Option<String>,
    /// When it was made, RFC 3339.
    pub created_at: Option<String>,
    /// When its record last changed, RFC 3339.
    pub updated_at: Option<String>,
}

/// The account that the server has on the cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerAccount {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Default for ServerAccount {
    /// The account of `deploy/kubernetes`.
    fn default() -> Self {
        Self { namespace: "tentacular-system".to_owned(), name: "mcp-server".to_owned() }
    }
}

/// Where an enclave is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// Not all of its objects are there yet: nothing may run.
    Provisioning,
    /// In use.
    Active,
    /// Stopped by its owner, its channel's archiving, or an operator.
    Frozen,
    /// On its way out.
    Deprovisioning,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Provisioning, Self::Active, Self::Frozen, Self::Deprovisioning];

    /// The word on the namespace.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Provisioning => "provisioning",
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Deprovisioning => "deprovisioning",
        }
    }
}

impl EnclaveSpec {
    /// The metadata of an object within the enclave.
    pub(crate) fn meta(&self, name: &str) -> ObjectMeta {
        ObjectMeta {
            name: Some(name.to_owned()),
            namespace: Some(self.name.to_string()),
            labels: Some(labels([])),
            ..ObjectMeta::default()
        }
    }
}

/// These labels, and the one that everything has.
pub(crate) fn labels<const N: usize>(more: [(&str, &str); N]) -> BTreeMap<String, String> {
    let own = [(MANAGED_BY_LABEL, MANAGED_BY)];
    own.into_iter().chain(more).map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}
