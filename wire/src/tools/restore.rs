//! What git has of enclaves that the server does not know any more, and how they come back.

use super::tentacle::SourceCommit;
use crate::tool::tool;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use workflow::{EnclaveName, TentacleName};

tool!(
    /// What could be restored from git?
    StateRestorable = "state_restorable": StateRestorableArgs => StateRestorableAnswer
);
tool!(
    /// Restore one enclave from git.
    StateRestore = "state_restore": StateRestoreArgs => StateRestoreAnswer
);

/// Of which enclaves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRestorableArgs {
    /// Only this one; without it all that git has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<EnclaveName>,
}

/// What git has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRestorableAnswer {
    /// The state repo that this server reads.
    pub state_repo: String,
    /// The newest commit of its branch.
    pub head: SourceCommit,
    /// The id of the key with which this server signs records.
    pub signing_key: String,
    /// The recipient of age whose secrets this server opens; absent where it opens none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recipient: Option<String>,
    /// The enclaves in it, by name.
    pub enclaves: Vec<Restorable>,
    /// Whether there are more than were looked at.
    pub truncated: bool,
}

/// An enclave in git.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Restorable {
    /// Its name.
    pub name: EnclaveName,
    /// `there`, `proven`, `to_confirm` or `impossible`.
    pub standing: RestoreWord,
    /// The same in one sentence.
    pub says: String,
    /// The tentacles that its record names.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tentacles: Vec<TentacleName>,
    /// How its record differs from the newest that this server is known to have written, as a diff: the whole record where none is
    /// known. Only where it is to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
    /// The digest of the record: what is given back to confirm exactly this one. Only where it is to be confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Whether an enclave in git can be restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestoreWord {
    /// The server knows it: what of it is missing where it runs is made again, and nothing else.
    There,
    /// Its record is the newest that the server signed for.
    Proven,
    /// That is not proven: an operator has to confirm it.
    ToConfirm,
    /// It cannot be.
    Impossible,
}

/// Which enclave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRestoreArgs {
    /// The enclave.
    pub name: EnclaveName,
    /// The digest of a record that is not proven, as `state_restorable` tells it: an operator has seen the difference.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirm: Option<String>,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StateRestoreAnswer {
    /// The enclave.
    pub name: EnclaveName,
    /// `restored`: its record was put back. `made_again`: the server knew it, and what was missing where it runs was made. `unchanged`:
    /// all of it was there.
    pub status: String,
    /// Whether it is frozen: then its tentacles wait until it is not.
    pub frozen: bool,
    /// Its tentacles, by name.
    pub tentacles: Vec<RestoredEntry>,
    /// What could not be restored besides, a sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<String>,
}

/// What became of a tentacle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RestoredEntry {
    /// Its name.
    pub name: TentacleName,
    /// `restored`, `there`, `waits` or `not_restored`.
    pub state: RestoredWord,
    /// The same in one sentence.
    pub says: String,
    /// What to do about it; absent where nothing is to be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<String>,
}

/// What became of a tentacle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RestoredWord {
    /// The version that ran was made again.
    Restored,
    /// It was there.
    There,
    /// It is written down, and waits until its enclave is not frozen any more.
    Waits,
    /// Something is in the way. Its owner and its mode are written down.
    NotRestored,
}
