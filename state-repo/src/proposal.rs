//! Changes that others review before they are on the branch: each is on a branch of its own, and a pull request is made of it where
//! the state repo is kept.

use crate::error::StateError;
use crate::graft::{self, Changes};
use crate::layout::Layout;
use crate::mirror::Mirror;
use crate::names::{BranchName, CommitId, NameError};
use crate::newest::{last_change, tree_at};
use crate::publish::{Change, Published};
use crate::read;
use crate::sign::SigningKey;
use git2::{Commit, Oid, Repository, Tree};
use workflow::{EnclaveName, TentacleName};

/// What branches of proposals begin with.
const PREFIX: &str = "kraken";

/// The branch of a change of one tentacle that is to be reviewed: `kraken/<enclave>/<tentacle>/<id>`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProposalBranch {
    /// The enclave.
    pub enclave: EnclaveName,
    /// The tentacle that changes.
    pub tentacle: TentacleName,
    name: BranchName,
}

impl ProposalBranch {
    /// The branch for a request.
    ///
    /// # Errors
    /// When `id` cannot be part of a branch's name.
    pub fn new(enclave: &EnclaveName, tentacle: &TentacleName, id: &str) -> Result<Self, NameError> {
        let name = format!("{PREFIX}/{enclave}/{tentacle}/{id}");
        Self::read(&name).ok_or(NameError::Branch(name))
    }

    /// The proposal of a branch; `None` where it is none of these.
    #[must_use]
    pub fn read(branch: &str) -> Option<Self> {
        let words: Vec<&str> = branch.split('/').collect();
        let [PREFIX, enclave, tentacle, id] = words[..] else { return None };
        let (enclave, tentacle) = (enclave.parse().ok()?, tentacle.parse().ok()?);
        let name = branch.parse().ok()?;
        (!id.is_empty()).then_some(Self { enclave, tentacle, name })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &BranchName {
        &self.name
    }
}

/// What was reviewed, and what it became on the branch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reviewed {
    /// Where the state repo keeps what was reviewed, e.g. `refs/pull/12/head`.
    pub reference: String,
    /// The newest commit that was reviewed.
    pub head: CommitId,
    /// The commit of the branch that has it.
    pub merged_as: CommitId,
}

impl Mirror {
    /// Commits a change on a branch of its own and pushes it there: on top of what that branch has, or of what is on the mirror's
    /// branch where there is none of this name. The same request again finds the commit that it has already.
    ///
    /// # Errors
    /// As [`Mirror::publish`].
    pub fn propose(
        &self,
        change: &Change,
        branch: &ProposalBranch,
        key: Option<&SigningKey>,
    ) -> Result<Published, StateError> {
        self.publish_to(branch.name(), change, key)
    }

    /// The commit that last changed a tentacle's folder, up to the commit `at`, which was fetched before.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn last_change(
        &self,
        at: CommitId,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
    ) -> Result<CommitId, StateError> {
        last_change(self.held().repo(), at.0, &Layout::tentacle(enclave, tentacle)).map(CommitId)
    }

    /// Whether a tentacle's folder, with all that lies in it, is at the commit `at` just what was reviewed, or what the branch and
    /// that make together: nothing that came in when they were brought together, and that nobody has seen.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or no longer has what was reviewed.
    pub fn is_as_reviewed(
        &self,
        at: CommitId,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
        reviewed: &Reviewed,
    ) -> Result<bool, StateError> {
        let held = self.held();
        let repo = held.repo();
        self.elsewhere().fetch_reference(repo, &reviewed.reference, "refs/incoming/reviewed")?;
        let folder = Layout::tentacle(enclave, tentacle);
        let there = tree_at(&repo.find_commit(at.0)?, &folder);
        let seen = tree_at(&repo.find_commit(reviewed.head.0)?, &folder);
        Ok(there == seen || there == together(repo, &folder, reviewed)?)
    }
}

/// What a merge of what was reviewed makes of a folder, on what the branch had before. Nothing else is brought together.
fn together(repo: &Repository, folder: &str, reviewed: &Reviewed) -> Result<Option<Oid>, StateError> {
    let (head, merged) = (repo.find_commit(reviewed.head.0)?, repo.find_commit(reviewed.merged_as.0)?);
    let Ok(before) = merged.parent(0) else { return Ok(None) };
    let base = match repo.merge_base(before.id(), head.id()) {
        Ok(base) => repo.find_commit(base)?,
        Err(error) if error.code() == git2::ErrorCode::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let at = |commit: &Commit<'_>| -> Result<Tree<'_>, StateError> {
        let tree = match tree_at(commit, folder) {
            Some(tree) => tree,
            None => graft::with(repo, None, &Changes::new())?,
        };
        read::bounded(repo, tree, folder)?;
        Ok(repo.find_tree(tree)?)
    };
    let mut index = repo.merge_trees(&at(&base)?, &at(&before)?, &at(&head)?, None)?;
    if index.has_conflicts() || index.is_empty() {
        return Ok(None);
    }
    Ok(Some(index.write_tree_to(repo)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_branch_names_what_it_proposes() {
        let (enclave, tentacle) = ("price-watch".parse().unwrap(), "hello".parse().unwrap());
        let branch = ProposalBranch::new(&enclave, &tentacle, "0123abcd").unwrap();
        assert_eq!(branch.name().as_str(), "kraken/price-watch/hello/0123abcd");
        assert_eq!(ProposalBranch::read("kraken/price-watch/hello/0123abcd"), Some(branch));
        for none in [
            "main",
            "kraken/price-watch/hello",
            "kraken/price-watch/hello/",
            "kraken/Price Watch/hello/1",
            "kraken/price-watch/../1",
            "kraken/a/b/c/d",
            "x/kraken/a/b",
        ] {
            assert_eq!(ProposalBranch::read(none), None, "{none}");
        }
    }
}
