//! What a branch has of all enclaves, and what an enclave's record said before.

use crate::error::StateError;
use crate::layout::Layout;
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::read::{self, Folder};
use git2::{ObjectType, Sort};
use std::path::Path;
use workflow::EnclaveName;

/// How many commits are looked at for what a record said before.
const LOOK_BACK: usize = 10_000;

/// The most bytes of a record.
const MOST_OF_A_RECORD: usize = 1024 * 1024;

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

    /// What an enclave's record said, up to the commit `at`, which was fetched before: the first `most` texts, the newest first,
    /// each once.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn past_records(
        &self,
        at: CommitId,
        enclave: &EnclaveName,
        most: usize,
    ) -> Result<Vec<Vec<u8>>, StateError> {
        let held = self.held();
        let repo = held.repo();
        let path = Layout::record(enclave);
        let mut walk = repo.revwalk()?;
        walk.set_sorting(Sort::TOPOLOGICAL)?;
        walk.push(at.0)?;
        let (mut seen, mut texts) = (Vec::new(), Vec::new());
        for id in walk.take(LOOK_BACK) {
            let tree = repo.find_commit(id?)?.tree()?;
            let Ok(entry) = tree.get_path(Path::new(&path)) else { continue };
            if seen.contains(&entry.id()) || entry.kind() != Some(ObjectType::Blob) {
                continue;
            }
            seen.push(entry.id());
            let blob = repo.find_blob(entry.id())?;
            if blob.size() <= MOST_OF_A_RECORD {
                texts.push(blob.content().to_vec());
            }
            if texts.len() == most {
                break;
            }
        }
        Ok(texts)
    }
}
