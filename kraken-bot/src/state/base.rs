//! What the disk and git have in common: a commit, and what was seen of git since.

use state_repo::CommitId;
use std::collections::BTreeMap;

/// Files as texts, by path within the tentacle's folder.
pub(super) type Files = BTreeMap<String, String>;

/// What the disk and git have in common.
#[derive(Debug)]
pub(crate) struct Base {
    pub(super) commit: CommitId,
    seen: BTreeMap<String, Option<String>>,
    files: Files,
}

impl Base {
    /// A commit, and what the tentacle was there.
    pub(super) fn of(commit: CommitId, files: Files) -> Self {
        Self { commit, seen: BTreeMap::new(), files }
    }

    /// The same, when whoever changed the disk had been told of these files of git; `None` where git had one no more.
    pub(super) fn seeing(mut self, seen: BTreeMap<String, Option<String>>) -> Self {
        for (path, text) in &seen {
            match text {
                Some(text) => self.files.insert(path.clone(), text.clone()),
                None => self.files.remove(path),
            };
        }
        Self { seen, ..self }
    }

    /// What was seen.
    pub(super) fn seen(&self) -> &BTreeMap<String, Option<String>> {
        &self.seen
    }

    /// What the tentacle was, with what was seen.
    pub(super) fn files(&self) -> &Files {
        &self.files
    }

    /// Whether each file of a disk is as it was, or as git has it by now: then it has nothing of its own.
    pub(super) fn has_all(&self, disk: &Files, git: &Files) -> bool {
        let mut paths = self.files.keys().chain(disk.keys()).chain(git.keys());
        paths.all(|path| disk.get(path) == self.files.get(path) || disk.get(path) == git.get(path))
    }
}
