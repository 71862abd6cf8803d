//! Tools about what happened to a tentacle.

use super::tentacle::SourceCommit;
use crate::tool::{EnclaveRef, Page, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Its runs, or its deploys.
    WfHistory = "wf_history": WfHistoryArgs => WfHistoryAnswer
);
tool!(
    /// What is different between two versions?
    WfCompare = "wf_compare": WfCompareArgs => WfCompareAnswer
);
tool!(
    /// What happened lately?
    WfEvents = "wf_events": WfEventsArgs => WfEventsAnswer
);

/// Which part of a history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHistoryArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// Runs, when left out.
    #[serde(default)]
    pub of: HistoryOf,
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// What a history is of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum HistoryOf {
    /// Runs.
    #[default]
    Runs,
    /// Deploys.
    Deploys,
}

/// A page of a history, the newest first. The list that was not asked for is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfHistoryAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The runs.
    pub runs: Vec<RunEntry>,
    /// The deploys.
    pub deploys: Vec<DeployEntry>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A run, or a stretch of moments at which a trigger was due and nothing ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunEntry {
    /// Its id, which the trail has too.
    pub id: String,
    /// The version that ran.
    pub version: String,
    /// The trigger that ran it; absent where a person asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
    /// Who or what asked for it, to show.
    pub by: String,
    /// When the trigger was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// `running`, `succeeded`, `failed`, `interrupted`, `missed` or `skipped`.
    pub outcome: String,
    /// For how many moments it stands: more than one only where they were missed or skipped.
    pub moments: u64,
    /// How long each node took.
    pub nodes: Vec<NodeEntry>,
    /// What went wrong, in short; where no code was run, that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A node of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NodeEntry {
    /// Its name.
    pub name: String,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether it succeeded.
    pub success: bool,
}

/// A deploy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DeployEntry {
    /// Its id, which the trail has too.
    pub id: String,
    /// Which version of the tentacle it made, from 1; absent where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// Whether that is what runs now.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub runs: bool,
    /// The version, by the name of its content.
    pub version: String,
    /// The digest of all that it reaches.
    pub reach: String,
    /// Where the source is kept: the commit's words and its day, or `not in git`.
    pub source: String,
    /// The commit that it was deployed from; absent where it is not in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<SourceCommit>,
    /// Where that commit can be looked at; absent where nobody knows of such a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_page: Option<String>,
    /// Who deployed it, to show.
    pub by: String,
    /// With which client.
    pub via: String,
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// `deployed` or `failed`.
    pub outcome: String,
    /// The step that failed: `turn`, `supply`, `start` or `place`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What went wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// Which versions to compare: by number (`3` or `v3`), or by the beginning of the hash, four characters at least.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfCompareArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// The older one; the one before `to` when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The newer one; the one that runs when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// What is different between two versions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfCompareAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The older version.
    pub from: String,
    /// Its number; absent where it is not on record any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from_number: Option<u64>,
    /// The newer version.
    pub to: String,
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_number: Option<u64>,
    /// The files that differ.
    pub files: Vec<FileChange>,
    /// What the newer one reaches and the older one does not, in words.
    pub reach_added: Vec<String>,
    /// What the older one reaches and the newer one does not.
    pub reach_removed: Vec<String>,
    /// The settings under `config` that differ.
    pub params: Vec<ParamChange>,
    /// Whether the differences of the files were cut because there are too many.
    pub truncated: bool,
}

/// A file that differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FileChange {
    /// Its path.
    pub path: String,
    /// `added`, `removed` or `changed`.
    pub change: String,
    /// The difference, as `diff -u` writes it.
    pub diff: String,
}

/// A setting that differs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ParamChange {
    /// Its name.
    pub name: String,
    /// What it was; absent where there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Value>,
    /// What it is; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Value>,
}

/// Whose events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfEventsArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Only those of this tentacle; of all that the caller may see when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<TentacleName>,
    /// Which part of the list: 100 events when nothing is said.
    #[serde(flatten)]
    pub page: Page,
}

/// What happened, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfEventsAnswer {
    /// The events.
    pub events: Vec<TentacleEvent>,
    /// Where the next page begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Something that happened to a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TentacleEvent {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One word.
    pub reason: String,
    /// One sentence.
    pub message: String,
    /// How often.
    pub count: u64,
    /// When, or when last.
    pub at: Timestamp,
}
