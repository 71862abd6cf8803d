//! Tools about tentacles.

use super::approval::ApprovalAsked;
use crate::tool::{EnclaveRef, Page, list_or_null, tool};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Deploy a tentacle from its source.
    WfApply = "wf_apply": WfApplyArgs => WfApplyAnswer
);
tool!(
    /// Remove a tentacle.
    WfRemove = "wf_remove": WfRemoveArgs => WfRemoveAnswer
);
tool!(
    /// Which tentacles are there?
    WfList = "wf_list": WfListArgs => WfListAnswer
);
tool!(
    /// Does it run?
    WfStatus = "wf_status": WfStatusArgs => WfStatusAnswer
);
tool!(
    /// Run a tentacle and wait for its answer.
    WfRun = "wf_run": WfRunArgs => WfRunAnswer
);

/// A tentacle's source. Everything else is derived by the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfApplyArgs {
    /// Where to deploy it.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// The tentacle's name, as its `workflow.yaml` says.
    pub name: TentacleName,
    /// The commit of the state repo to deploy, by its whole id. Where the server has a state repo, this is the only way: it
    /// reads `enclaves/<enclave>/<name>/` at that commit itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// The files, by path: `workflow.yaml`, `nodes/…`; for servers without a state repo.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub files: BTreeMap<String, String>,
    /// Check and decide only: nothing is changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dry_run: bool,
    /// Manifests, from older clients: the source in them is taken, and nothing else.
    #[serde(default, deserialize_with = "list_or_null", skip_serializing_if = "Vec::is_empty")]
    pub manifests: Vec<serde_json::Value>,
}

/// A commit of the state repo, as it says of itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SourceCommit {
    /// Its id.
    pub id: String,
    /// When it was made.
    pub at: Timestamp,
    /// The first line of its message.
    pub summary: String,
    /// Whose change it is.
    pub author: String,
}

impl SourceCommit {
    /// Where a source is kept, for people: the commit's words and its day, or that there is none.
    #[must_use]
    pub fn told(commit: Option<&Self>) -> String {
        match commit {
            None => "not in git".to_owned(),
            Some(Self { at, summary, author, .. }) => {
                format!("in git: \"{summary}\" by {author}, {}", at.strftime("%Y-%m-%d"))
            }
        }
    }
}

/// What a deploy did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfApplyAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// `deployed`, `unchanged`, `checked`, or `needs_approval`: then nothing was changed.
    pub status: String,
    /// What it waits for, where it needs an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalAsked>,
    /// What this version reaches and the running one does not, for people.
    #[serde(default)]
    pub new_reach: Vec<String>,
    /// What came with the source and was not read, and why, for people.
    #[serde(default)]
    pub ignored: Vec<String>,
    /// Secrets that it may read and that are not set yet.
    #[serde(default)]
    pub missing_secrets: Vec<String>,
    /// The content's hash, which names the version.
    pub version: String,
    /// What was made or changed, for people.
    pub applied: Vec<String>,
    /// How many objects were made.
    pub created: u64,
    /// How many were changed.
    pub updated: u64,
    /// How many were removed.
    pub deleted: u64,
    /// What came of its fixtures, which were run before it served; left out where it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fixtures: Option<FixturesPassed>,
    /// Where the source is kept: the commit's words and its day, or `not in git`.
    pub source: String,
    /// The commit that it was deployed from; absent where it is not in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<SourceCommit>,
    /// Where that commit can be looked at; absent where nobody knows of such a page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit_page: Option<String>,
    /// What this backend cannot enforce.
    pub not_enforced: Vec<String>,
}

/// What came of a version's fixtures. Where one fails, nothing is deployed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixturesPassed {
    /// How many passed: each fixture, and the whole graph where there are several nodes.
    pub passed: u64,
    /// Where code and contract were seen to have parted, for people.
    #[serde(default)]
    pub drift: Vec<String>,
}

/// Which tentacle to remove.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfRemoveArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// The tentacle's name once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// What was removed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfRemoveAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// How many things were removed.
    pub deleted: u64,
    /// What they were, for people.
    pub removed: Vec<String>,
    /// Whether shared services were cleaned up; there are none yet.
    pub exo_cleaned_up: bool,
}

/// Which tentacles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfListArgs {
    /// Only those of this enclave; all that the caller may see when left out.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Only those of this owner: the name that lists show, or the e-mail address, whatever the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    /// Only those that have this among the tags of their `metadata`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tag: Option<String>,
    /// Which part of the list.
    #[serde(flatten)]
    pub page: Page,
}

/// A page of tentacles.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfListAnswer {
    /// The tentacles, by enclave and name.
    pub workflows: Vec<TentacleEntry>,
    /// Where the next page begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// A tentacle in a list.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TentacleEntry {
    /// Its name.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// What it says of itself.
    pub description: String,
    /// The hash of its content.
    pub version: String,
    /// Who owns it, to show.
    pub owner: String,
    /// Its mode.
    pub mode: String,
    /// The group that its `metadata` names; empty for none.
    #[serde(default)]
    pub team: String,
    /// The environment that its `metadata` names; empty for none.
    #[serde(default)]
    pub environment: String,
    /// The tags of its `metadata`.
    #[serde(default)]
    pub tags: Vec<String>,
    /// The commit that it was deployed from; absent where it is not in git.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub commit: Option<SourceCommit>,
    /// Who deployed it, to show.
    pub deployed_by: String,
    /// With which client.
    pub deployed_via: String,
    /// When it was first deployed.
    #[serde(rename = "createdAt")]
    pub created_at: Timestamp,
    /// How long ago the running version was deployed, e.g. `3h`.
    pub age: String,
    /// How many copies there should be.
    pub replicas: u32,
    /// How many can be used.
    pub available: u32,
    /// Whether it can be run.
    pub ready: bool,
}

/// What an author wrote under `metadata`, to find a tentacle by.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Metadata {
    /// The team or group that it belongs to; empty for none.
    pub group: String,
    /// The environment that it is meant for; empty for none.
    pub environment: String,
    /// Free words.
    pub tags: Vec<String>,
}

impl From<workflow::Metadata> for Metadata {
    fn from(read: workflow::Metadata) -> Self {
        let workflow::Metadata { group, environment, tags } = read;
        Self { group: group.unwrap_or_default(), environment: environment.unwrap_or_default(), tags }
    }
}

/// Which tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WfStatusArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// With its last events, 20 at most.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub detail: bool,
}

/// Whether a tentacle runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfStatusAnswer {
    /// What it is.
    #[serde(flatten)]
    pub tentacle: TentacleEntry,
    /// `idle`, `running`, `starting` or `failing`.
    pub state: String,
    /// How many runs are going on.
    pub in_flight: u64,
    /// Its last run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_run: Option<LastRun>,
    /// Where the source is kept: the commit's words and its day, or `not in git`.
    pub source: String,
    /// The sandbox that holds it.
    pub sandbox: String,
    /// What that sandbox cannot enforce.
    pub not_enforced: Vec<String>,
    /// Its copies, for older clients.
    pub pods: Vec<Pod>,
    /// Its last events.
    pub events: Vec<Event>,
}

/// How a run went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LastRun {
    /// When it began.
    pub started_at: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// Whether every node succeeded.
    pub success: bool,
    /// Who or what asked for it, to show.
    pub by: String,
}

/// One copy of a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pod {
    /// Its name.
    pub name: String,
    /// `Running`, `Pending` or `Failed`.
    pub phase: String,
    /// Whether it can be used.
    pub ready: bool,
    /// Where it runs.
    #[serde(rename = "nodeName")]
    pub node_name: String,
}

/// Something that happened to a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// `Normal` or `Warning`.
    #[serde(rename = "type")]
    pub kind: String,
    /// One word.
    pub reason: String,
    /// One sentence.
    pub message: String,
    /// How often.
    pub count: u64,
}

/// What to run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfRunArgs {
    /// Its enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
    /// Its name.
    pub name: TentacleName,
    /// The input of the first nodes; an empty object when left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<serde_json::Value>,
    /// After how many seconds the run is stopped: 120 when left out, 600 at most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout_seconds: Option<u32>,
}

/// What a run gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WfRunAnswer {
    /// The tentacle.
    pub name: TentacleName,
    /// Its enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// Whether every node succeeded.
    pub success: bool,
    /// What the engine answered: `{success, outputs, errors, timing}`.
    pub output: serde_json::Value,
    /// How long it took, in milliseconds, the sandbox's start included.
    pub duration_ms: u64,
    /// Which copy ran it.
    pub pod_name: String,
}
