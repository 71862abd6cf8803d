//! What is in git, and what runs.

use super::drift::ByHand;
use super::tentacle::SourceCommit;
use crate::tool::{EnclaveRef, tool};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// Does what runs agree with what is in git?
    StateStatus = "state_status": StateStatusArgs => StateStatusAnswer
);

/// Whose tentacles.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateStatusArgs {
    /// The enclave.
    #[serde(flatten)]
    pub enclave: EnclaveRef,
}

/// How git and cluster agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateStatusAnswer {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The same, under its older name.
    pub namespace: EnclaveName,
    /// The newest commit of the state repo's branch; absent where there is no state repo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<SourceCommit>,
    /// How the enclave's own record in git stands to the one that the server wrote; absent where there is no state repo.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<RecordEntry>,
    /// The tentacles that the caller may see, and those that are only in git, by name.
    pub tentacles: Vec<StateEntry>,
    /// Whether there are more in git than were looked at.
    pub truncated: bool,
    /// The recipient of age (`age1…`) to whom secrets in git are encrypted, so that the server opens them; absent where it
    /// takes none from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// Why it is not known whether somebody changed what runs, where it is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unseen: Option<String>,
}

/// A tentacle in git and on the cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateEntry {
    /// Its name.
    pub name: TentacleName,
    /// `in_sync`, `not_deployed`, `older_runs`, `other_secrets`, `not_in_git`, `removed_in_git`, `unreadable_in_git`, `renamed`,
    /// `changed_by_hand` or `missing`.
    pub state: StateWord,
    /// The same in one sentence.
    pub says: String,
    /// What could be done about it; absent where nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
    /// The name of its content in git; absent where it is not there, or cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<String>,
    /// The name of the content that runs; absent where none does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster: Option<String>,
    /// What somebody changed or took away on the cluster.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_hand: Vec<ByHand>,
}

/// How git and cluster agree on one tentacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum StateWord {
    /// What is in git runs.
    InSync,
    /// It is in git and does not run.
    NotDeployed,
    /// What runs came from git, and git has another version by now.
    OlderRuns,
    /// What is in git runs, with other secrets than those that lie beside it by now.
    OtherSecrets,
    /// What runs never was in git, as far as is known.
    NotInGit,
    /// What runs came from git, and is not there any more.
    RemovedInGit,
    /// What is in git is no tentacle.
    UnreadableInGit,
    /// It runs under one name, and is in git under another.
    Renamed,
    /// Somebody changed it where it runs, past this server.
    ChangedByHand,
    /// Something of it is gone where it runs.
    Missing,
}

/// The enclave's record, `enclave.yaml`, in git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordEntry {
    /// `in_sync`, `waiting`, `missing`, `unsigned`, `altered`, `older` or `newer`.
    pub state: RecordWord,
    /// The same in one sentence.
    pub says: String,
    /// What is done about it; absent where nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
}

/// How the record in git stands to the server's. Whatever it is, what is in git is never applied by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordWord {
    /// It is the newest.
    InSync,
    /// The newest is on its way.
    Waiting,
    /// Somebody removed it.
    Missing,
    /// It is not signed by this server.
    Unsigned,
    /// It was changed after it was signed.
    Altered,
    /// It is one of an earlier time.
    Older,
    /// It is one of a time that the server's store knows nothing of.
    Newer,
}
