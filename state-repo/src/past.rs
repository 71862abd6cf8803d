//! What a branch has of all enclaves, and what an enclave's record said before.

use crate::error::StateError;
use crate::layout::RECORD;
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::read::{self, Folder};
use git2::{ObjectType, Oid, Repository, Sort, Tree, TreeEntry};
use std::collections::{BTreeMap, HashSet};
use workflow::EnclaveName;

/// How many commits are looked at for what a record said before.
const LOOK_BACK: usize = 10_000;

/// The most bytes of a record.
const MOST_OF_A_RECORD: usize = 1024 * 1024;

/// Where records are as they were before.
#[derive(Debug, Clone)]
pub struct PastRecords(BTreeMap<String, Vec<Oid>>);

/// What was found of one enclave.
#[derive(Default)]
struct Past {
    /// Its folder, as it was in a commit that was looked at.
    looked_at: HashSet<Oid>,
    records: Vec<Oid>,
}

impl Mirror {
    /// The enclaves that the commit `at`, which was fetched before, has: the first `most`, by name. A folder that another could be
    /// taken for is none.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn enclaves(&self, at: CommitId, most: usize) -> Result<Vec<EnclaveName>, StateError> {
        let folders = read::folders::<EnclaveName>(self.held().repo(), at, &[crate::ENCLAVES])?;
        let whole = folders.into_iter().filter(|folder| folder.tree.is_ok());
        Ok(whole.map(|Folder { name, .. }| name).take(most).collect())
    }

    /// Where the records of these enclaves are as they were up to the commit `at`, which was fetched before: of each the newest `most`,
    /// each once. The branch is walked once for all of them.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn past_records(
        &self,
        at: CommitId,
        enclaves: &[EnclaveName],
        most: usize,
    ) -> Result<PastRecords, StateError> {
        let held = self.held();
        let repo = held.repo();
        let mut walk = repo.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(at.0)?;
        let mut found: BTreeMap<&str, Past> =
            enclaves.iter().map(|enclave| (enclave.as_str(), Past::default())).collect();
        // A commit changes few folders: those that it leaves as they were are known by their trees.
        let mut looked_at = HashSet::new();
        for id in walk.take(LOOK_BACK) {
            let tree = repo.find_commit(id?)?.tree()?;
            let Some(all) = folder(repo, tree.get_name(crate::ENCLAVES))? else { continue };
            if !looked_at.insert(all.id()) {
                continue;
            }
            for entry in &all {
                let past = found.get_mut(entry.name().unwrap_or_default());
                let Some(past) = past.filter(|past| past.records.len() < most) else { continue };
                if !past.looked_at.insert(entry.id()) {
                    continue;
                }
                let Some(own) = folder(repo, Some(entry))? else { continue };
                let record = own.get_name(RECORD).filter(|entry| entry.kind() == Some(ObjectType::Blob));
                past.records.extend(record.map(|entry| entry.id()).filter(|id| !past.records.contains(id)));
            }
        }
        Ok(PastRecords(found.into_iter().map(|(name, past)| (name.to_owned(), past.records)).collect()))
    }

    /// What an enclave's record said before, the newest first.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn past_texts(&self, past: &PastRecords, enclave: &EnclaveName) -> Result<Vec<Vec<u8>>, StateError> {
        let held = self.held();
        let mut texts = Vec::new();
        for id in past.0.get(enclave.as_str()).into_iter().flatten() {
            let blob = held.repo().find_blob(*id)?;
            if blob.size() <= MOST_OF_A_RECORD {
                texts.push(blob.content().to_vec());
            }
        }
        Ok(texts)
    }
}

/// The folder of an entry, where it is one.
fn folder<'r>(repo: &'r Repository, entry: Option<TreeEntry<'_>>) -> Result<Option<Tree<'r>>, StateError> {
    let entry = entry.filter(|entry| entry.kind() == Some(ObjectType::Tree));
    Ok(entry.map(|entry| repo.find_tree(entry.id())).transpose()?)
}
