//! The tool that tells what a tentacle printed.

use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// What did it print?
    WfLogs = "wf_logs": WfLogsArgs => WfLogsAnswer
);

/// Whose output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfLogsArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TentacleName>,
    /// A copy's name, from older clients.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pod: Option<String>,
    /// A sidecar's name: what it printed, instead of what the tentacle's own code did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub container: Option<String>,
    /// How many lines, from the end: 100 when left out, 10,000 at most, and no more than 1 MiB of text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tail_lines: Option<u32>,
    /// For how many seconds to go on with what it prints, 600 at most: progress tells each line as it comes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_seconds: Option<u32>,
}

/// What a tentacle printed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfLogsAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The copy.
    pub pod: String,
    /// The part of it: `engine`, or a sidecar's name.
    pub container: String,
    /// The lines, the oldest first.
    pub lines: Vec<String>,
    /// Whether there were more.
    pub truncated: bool,
}
