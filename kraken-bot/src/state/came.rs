//! What is known of where a disk copy came from: kept beside it, so that both are lost together or not at all.

use super::base::{Base, Files};
use super::sides::ProposedHere;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use wire::canonical::hex;

/// Where a disk copy came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Came {
    /// The commit whose content it had last, before anybody changed it.
    #[serde(default)]
    pub(super) base: Option<String>,
    /// Files that somebody changed before the disk could follow that commit, and what they were when git had the same; `None`
    /// where there was none.
    #[serde(default)]
    pub(super) older: BTreeMap<String, Option<String>>,
    /// What was about to be committed: it may be already, and nobody has written it down yet.
    #[serde(default)]
    pub(super) sent: Option<Sent>,
    /// A conflict that somebody was told.
    #[serde(default)]
    pub(super) told: Option<ToldOf>,
    /// What lies on a branch of its own, for others to review.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) proposed: Option<ProposedHere>,
}

/// Files of a disk that follows a commit, as soon as there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sent {
    /// The request that they were about to be committed for.
    pub(super) request: String,
    /// The commit, where it was there before.
    #[serde(default)]
    pub(super) commit: Option<String>,
    /// The hash of each, by path.
    pub(super) files: BTreeMap<String, String>,
    /// The commit that both sides had in common.
    #[serde(default)]
    pub(super) base: Option<String>,
    /// What was seen of git since.
    #[serde(default)]
    pub(super) seen: BTreeMap<String, Option<String>>,
}

impl Sent {
    /// What is about to be committed for a request.
    pub(super) fn of(request: String, base: &Base, files: &Files) -> Self {
        let (commit, seen) = (base.commit.to_string(), base.seen().clone());
        Self { request, commit: None, files: hashes(files), base: Some(commit), seen }
    }
}

/// A conflict: whoever changes the files after that has seen both versions of what was told, and of nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ToldOf {
    /// The request that it was the answer to.
    #[serde(default)]
    pub(super) request: Option<String>,
    /// The commit that both sides have in common.
    pub(super) base: String,
    /// What had been seen before that request; `None` where nothing was known to be in common.
    #[serde(default)]
    pub(super) before: Option<BTreeMap<String, Option<String>>>,
    /// What git had of the files that both sides changed, by path; `None` where it had one no more.
    pub(super) theirs: BTreeMap<String, Option<String>>,
    /// The files as they were on the disk.
    pub(super) files: BTreeMap<String, String>,
}

/// The hash of a text.
pub(super) fn hash(text: &str) -> String {
    hex(&Sha256::digest(text))
}

/// The hash of each file.
pub(super) fn hashes(files: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    files.iter().map(|(path, text)| (path.clone(), hash(text))).collect()
}
