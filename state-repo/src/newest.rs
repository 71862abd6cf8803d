//! What a disk copy of a tentacle is compared with: the newest commit of its folder, and older ones.

use crate::error::StateError;
use crate::layout::{Layout, SECRETS};
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::read::{self, AtCommit, Committed};
use git2::{Commit, Oid, Repository};
use std::path::Path;
use workflow::{ContentHash, EnclaveName, TentacleName};

/// How far back a folder's last change, or an older content of it, is looked for.
const LOOK_BACK: usize = 10_000;

/// A tentacle as the branch has it now.
#[derive(Debug, Clone)]
pub struct Newest {
    /// Where the branch stands.
    pub tip: CommitId,
    /// The tentacle, with the commit that changed it last; `None` where it is not there.
    pub tentacle: Option<AtCommit>,
}

impl Mirror {
    /// Fetches, and reads the tentacle as the branch has it now.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or when what lies there is no tentacle.
    pub fn newest(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> Result<Newest, StateError> {
        let tip = self.fetch()?.tip;
        let held = self.held();
        let repo = held.repo();
        let found = present(read::tentacle(repo, tip, enclave, tentacle))?;
        let tentacle = match found {
            None => None,
            Some(at) => {
                let last = last_change(repo, tip.0, &Layout::tentacle(enclave, tentacle))?;
                Some(AtCommit { committed: Committed::of(&repo.find_commit(last)?)?, ..at })
            }
        };
        Ok(Newest { tip, tentacle })
    }

    /// The tentacle as a commit that was fetched before has it; `None` where it is not there.
    ///
    /// # Errors
    /// When what lies there is no tentacle.
    pub fn at(
        &self,
        commit: CommitId,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<Option<AtCommit>, StateError> {
        present(read::tentacle(self.held().repo(), commit, enclave, tentacle))
    }

    /// Those of these tentacles beside which other secrets lie at the commit `tip`, which was fetched before, than at the commit
    /// that each is named with. Nothing is opened, and what only one of the commits has is another secret.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn with_other_secrets(
        &self,
        tip: CommitId,
        enclave: &EnclaveName,
        tentacles: Vec<(TentacleName, CommitId)>,
    ) -> Result<Vec<TentacleName>, StateError> {
        let held = self.held();
        let repo = held.repo();
        let newest = repo.find_commit(tip.0)?;
        let differs = |(name, commit): (TentacleName, CommitId)| {
            // One that is not here any more was on a branch that somebody moved back: nobody can tell.
            let then = repo.find_commit(commit.0).ok()?;
            let secrets = format!("{}/{SECRETS}", Layout::tentacle(enclave, &name));
            (tree_at(&newest, &secrets) != tree_at(&then, &secrets)).then_some(name)
        };
        Ok(tentacles.into_iter().filter_map(differs).collect())
    }

    /// Whether a commit is a part of what `tip` stands for.
    #[must_use]
    pub fn is_within(&self, commit: CommitId, tip: CommitId) -> bool {
        let held = self.held();
        commit == tip || held.repo().graph_descendant_of(tip.0, commit.0).unwrap_or(false)
    }

    /// The newest commit within `tip` in which the tentacle has just this content.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn had(
        &self,
        tip: CommitId,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
        content: ContentHash,
    ) -> Result<Option<CommitId>, StateError> {
        let held = self.held();
        let repo = held.repo();
        let folder = Layout::tentacle(enclave, tentacle);
        let mut walk = repo.revwalk()?;
        walk.push(tip.0)?;
        let mut seen = None;
        for id in walk.take(LOOK_BACK) {
            let commit = repo.find_commit(id?)?;
            let tree = tree_at(&commit, &folder);
            if tree == seen {
                continue;
            }
            seen = tree;
            let found = read::tentacle(repo, CommitId(commit.id()), enclave, tentacle);
            if found.is_ok_and(|at| at.hash() == content) {
                return Ok(Some(CommitId(commit.id())));
            }
        }
        Ok(None)
    }
}

fn present(found: Result<AtCommit, StateError>) -> Result<Option<AtCommit>, StateError> {
    match found {
        Ok(at) => Ok(Some(at)),
        Err(StateError::NoTentacle { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

pub(crate) fn tree_at(commit: &Commit<'_>, folder: &str) -> Option<Oid> {
    commit.tree().ok()?.get_path(Path::new(folder)).ok().map(|entry| entry.id())
}

/// The commit that last changed `folder`, so that what others commit elsewhere makes no difference.
pub(crate) fn last_change(repo: &Repository, head: Oid, folder: &str) -> Result<Oid, StateError> {
    let mut commit = repo.find_commit(head)?;
    let wanted = tree_at(&commit, folder);
    for _ in 0..LOOK_BACK {
        let Some(same) = commit.parents().find(|parent| tree_at(parent, folder) == wanted) else { break };
        commit = same;
    }
    Ok(commit.id())
}
