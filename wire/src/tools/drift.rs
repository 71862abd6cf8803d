//! What somebody changed where tentacles run, and how it is put back.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Put back what somebody changed where a tentacle runs.
    StateRepair = "state_repair": StateRepairArgs => StateRepairAnswer
);

/// Something that somebody changed or took away.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ByHand {
    /// What it is a part of, e.g. `Deployment hello-0123456789ab`.
    pub object: String,
    /// Which field, e.g. `spec.replicas`; absent where all of the object is gone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// With what it was changed, as the cluster notes it, e.g. `kubectl-edit`; absent where nobody noted it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Which tentacle is to be as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRepairArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
}

/// It is as it was deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRepairAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The version that the record names.
    pub version: String,
    /// What was put back; empty where nothing was different.
    pub put_back: Vec<String>,
}
