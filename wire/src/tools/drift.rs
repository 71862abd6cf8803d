//! What somebody changed where tentacles run, and how it is put back.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Put back what somebody changed where a tentacle runs.
    StateRepair = "state_repair": StateRepairArgs => StateRepairAnswer
);
tool!(
    /// Say what becomes of what somebody changes past the server.
    EnclaveDrift = "enclave_drift": EnclaveDriftArgs => EnclaveDriftAnswer
);

/// What is to become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveDriftArgs {
    /// The enclave's name; in a Slack channel it is taken from the channel.
    #[serde(default, alias = "enclave", skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
    /// `report`: it is told. `repair`: it is put back, and that is told.
    pub drift: String,
}

/// It is said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnclaveDriftAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// What it was before.
    pub before: String,
    /// What it is now.
    pub drift: String,
}

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
