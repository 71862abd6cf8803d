//! Tools by which a tentacle changes hands, doors, or its copy.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Start a tentacle anew.
    WfRestart = "wf_restart": WfRestartArgs => WfRestartAnswer
);
tool!(
    /// Set who may do what with a tentacle.
    WfSetMode = "wf_set_mode": WfSetModeArgs => WfSetModeAnswer
);
tool!(
    /// Give a tentacle to another member.
    WfTransfer = "wf_transfer": WfTransferArgs => WfTransferAnswer
);

/// Which tentacle to start anew.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfRestartArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TentacleName>,
    /// The same, as older clients call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment: Option<TentacleName>,
}

/// It will be started anew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfRestartAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// Always true: a failure is told as one.
    pub restarted: bool,
}

/// Which mode for which tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfSetModeArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// The mode: a preset such as `private`, or nine letters such as `rwxr-x---`.
    pub mode: String,
}

/// The mode is set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfSetModeAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The mode that it had; `unreadable` where nobody could tell.
    pub before: String,
    /// The mode that it has.
    pub mode: String,
}

/// Who gets which tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfTransferArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// The member who gets it: a Slack user such as `U024BE7LH`, an e-mail address, or a subject.
    pub to: String,
}

/// It has another owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfTransferAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// Who owned it, to show.
    pub from: String,
    /// Who owns it, to show.
    pub to: String,
}
