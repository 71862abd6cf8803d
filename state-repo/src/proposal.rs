//! Changes that others review before they are on the branch: each is on a branch of its own, and a pull request is made of it where
//! the state repo is kept.

use crate::error::StateError;
use crate::graft::{self, Changes};
use crate::layout::Layout;
use crate::mirror::Mirror;
use crate::names::{BranchName, CommitId, NameError};
use crate::newest::last_change;
use crate::publish::{Change, Published};
use crate::read::{self, Committed};
use crate::sign::SigningKey;
use git2::{Commit, ErrorCode, Oid, Repository, Tree};
use std::path::Path;
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
    /// All its commits. Whoever reviewed it was shown what these change, and nothing of what the branch had before them.
    pub commits: Vec<CommitId>,
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

    /// The commit that made a tentacle's folder, with all that lies in it, what it is at the commit `at`, which was fetched before.
    /// `None` where there is nothing to be seen by anybody: the folder is not there, or it is just as the commit `base` has it.
    ///
    /// # Errors
    /// When the copy is damaged.
    pub fn changed_since(
        &self,
        base: Option<CommitId>,
        at: CommitId,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
    ) -> Result<Option<Committed>, StateError> {
        let held = self.held();
        let (repo, folder) = (held.repo(), Layout::tentacle(enclave, tentacle));
        let Some(there) = folder_at(&repo.find_commit(at.0)?, &folder)? else { return Ok(None) };
        // One that is not here any more was on a branch that somebody moved back: nobody can compare with it.
        let base = base.and_then(|base| repo.find_commit(base.0).ok());
        if base.is_some_and(|base| folder_at(&base, &folder).ok().flatten() == Some(there)) {
            return Ok(None);
        }
        let changed = last_change(repo, at.0, &folder)?;
        Committed::of(&repo.find_commit(changed)?).map(Some)
    }

    /// Whether a tentacle's folder, with all that lies in it, is at the commit `at` what the branch and what was reviewed make together,
    /// or just what was reviewed: nothing that came in when they were brought together, and that nobody has seen. Answers the commits
    /// that it stands on, all of them older: of what these have the review showed nothing. `None` where it is something else.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or no longer has what was reviewed.
    pub fn stands_on(
        &self,
        at: CommitId,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
        reviewed: &Reviewed,
    ) -> Result<Option<Vec<CommitId>>, StateError> {
        let held = self.held();
        let repo = held.repo();
        self.elsewhere().fetch_reference(repo, &reviewed.reference, "refs/incoming/reviewed")?;
        let folder = Layout::tentacle(enclave, tentacle);
        let Some(there) = folder_at(&repo.find_commit(at.0)?, &folder)? else { return Ok(None) };
        let Some(before) = before_all(repo, reviewed) else { return Ok(None) };
        let merge = Merge { repo, folder: &folder, there, reviewed, before: &before };
        if let Some(onto) = merge.onto(at.0)? {
            return Ok(Some(vec![CommitId(onto)]));
        }
        let seen = folder_at(&repo.find_commit(reviewed.head.0)?, &folder)?;
        let is_seen = seen == Some(there) && are_older(repo, &before, at.0)?;
        Ok(is_seen.then(|| before.into_iter().map(CommitId).collect()))
    }
}

/// A folder as a commit has it; `None` where it is not there.
fn folder_at(commit: &Commit<'_>, folder: &str) -> Result<Option<Oid>, StateError> {
    match commit.tree()?.get_path(Path::new(folder)) {
        Ok(entry) => Ok(Some(entry.id())),
        Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The commits from which those that were reviewed begin; `None` where these are not all here. Which parent of a merge is the branch
/// is not asked: whoever merges by hand chooses that.
fn before_all(repo: &Repository, reviewed: &Reviewed) -> Option<Vec<Oid>> {
    let own = &reviewed.commits;
    let mut before = Vec::new();
    for id in own {
        for parent in repo.find_commit(id.0).ok()?.parent_ids() {
            if !own.contains(&CommitId(parent)) && !before.contains(&parent) {
                before.push(parent);
            }
        }
    }
    own.contains(&reviewed.head).then_some(before)
}

/// Whether a commit has all of these in its past.
// INVARIANT: what something stands on is older, so that nothing is found to be reviewed by going in circles.
fn are_older(repo: &Repository, these: &[Oid], than: Oid) -> Result<bool, StateError> {
    for id in these {
        if !repo.graph_descendant_of(than, *id)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// What was reviewed, and what a folder became of it.
struct Merge<'a> {
    repo: &'a Repository,
    folder: &'a str,
    there: Oid,
    reviewed: &'a Reviewed,
    before: &'a [Oid],
}

impl Merge<'_> {
    /// The commit of the branch, older than `at`, on which what was reviewed makes the folder what it is there.
    fn onto(&self, at: Oid) -> Result<Option<Oid>, StateError> {
        let head = self.repo.find_commit(self.reviewed.head.0)?;
        // As many before it as were reviewed where they were put on top one by one, else the one before it.
        for steps in [self.reviewed.commits.len(), 1] {
            let mut onto = Some(self.repo.find_commit(self.reviewed.merged_as.0)?);
            for _ in 0..steps {
                onto = onto.and_then(|commit| commit.parent(0).ok());
            }
            let Some(onto) = onto else { continue };
            if self.has_all_before(onto.id())?
                && are_older(self.repo, &[onto.id()], at)?
                && self.together(&onto, &head)? == Some(self.there)
            {
                return Ok(Some(onto.id()));
            }
        }
        Ok(None)
    }

    /// Whether a commit has all that those which were reviewed begin from: then a merge brings what these change, and no more.
    fn has_all_before(&self, onto: Oid) -> Result<bool, StateError> {
        let others: Vec<Oid> = self.before.iter().copied().filter(|id| *id != onto).collect();
        are_older(self.repo, &others, onto)
    }

    /// What a merge with what was reviewed makes of the folder; `None` where git cannot bring them together. Nothing else is brought
    /// together.
    fn together(&self, onto: &Commit<'_>, head: &Commit<'_>) -> Result<Option<Oid>, StateError> {
        let repo = self.repo;
        let base = match repo.merge_base(onto.id(), head.id()) {
            Ok(base) => repo.find_commit(base)?,
            Err(error) if error.code() == ErrorCode::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let at = |commit: &Commit<'_>| -> Result<Tree<'_>, StateError> {
            let tree = match folder_at(commit, self.folder)? {
                Some(tree) => tree,
                None => graft::with(repo, None, &Changes::new())?,
            };
            read::bounded(repo, tree, self.folder)?;
            Ok(repo.find_tree(tree)?)
        };
        let mut index = repo.merge_trees(&at(&base)?, &at(onto)?, &at(head)?, None)?;
        if index.has_conflicts() || index.is_empty() {
            return Ok(None);
        }
        Ok(Some(index.write_tree_to(repo)?))
    }
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
