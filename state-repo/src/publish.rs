//! One request, one commit, pushed: over whatever others pushed in the meantime, and never over their heads.

use crate::commit::{self, Author, Draft, Trailers};
use crate::error::StateError;
use crate::hostile::Hostile;
use crate::layout::{ARCHIVE, ENCLAVES, Entry};
use crate::mirror::Mirror;
use crate::names::{BranchName, CommitId};
use crate::remote::{self, Pushed};
use crate::secrets;
use crate::sign::SigningKey;
use git2::{Commit, Index, IndexEntry, IndexTime, MergeOptions, Oid, Repository, Tree};
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// How often a push that lost the race is tried again.
pub(crate) const TRIES: u32 = 24;

/// How far back the commit of a request that comes again is looked for.
const LOOK_BACK: usize = 500;

/// A change that somebody asked for.
#[derive(Debug, Clone)]
pub struct Change {
    /// Who asked.
    pub author: Author,
    /// Who writes it down.
    pub committer: Author,
    /// What it changes and why.
    pub message: String,
    /// What it belongs to.
    pub trailers: Trailers,
    /// What whoever asked had before them.
    pub base: Base,
    /// What others made of files since `base`, and whoever asked has seen; `None` where they removed one. It is no conflict
    /// any more.
    pub seen: BTreeMap<String, Option<Vec<u8>>>,
    /// The new content of files, by path from the repository's root; `None` removes one.
    pub files: BTreeMap<String, Option<Vec<u8>>>,
}

/// What a change is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Base {
    /// Whatever is there when it comes.
    Newest,
    /// A state repo in which nothing was yet: what others have put there since is not gone over.
    Nothing,
    /// This commit.
    At(CommitId),
}

/// A change that is on the branch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// Its commit.
    pub commit: CommitId,
    /// Whether it was there already, from an earlier try of the same request.
    pub already: bool,
}

/// Both sides changed the same file. Both versions are here, and neither was touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The files, each with the version that is on the branch and the one that was to come; `None` where it is removed.
    pub files: Vec<Versions>,
}

/// Two versions of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versions {
    /// Its path from the root.
    pub path: String,
    /// What is on the branch.
    pub theirs: Option<Vec<u8>>,
    /// What was to come.
    pub ours: Option<Vec<u8>>,
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("somebody else changed the same in the meantime:")?;
        for versions in &self.files {
            let side = |content: &Option<Vec<u8>>| match content {
                Some(bytes) => String::from_utf8_lossy(bytes).trim_end().to_owned(),
                None => "(removed)".to_owned(),
            };
            let Versions { path, theirs, ours } = versions;
            write!(f, "\n{path}, in the state repo:\n{}\n{path}, yours:\n{}", side(theirs), side(ours))?;
        }
        Ok(())
    }
}

impl Mirror {
    /// Commits a change and pushes it. The same request again finds the commit that it has already.
    ///
    /// # Errors
    /// When it holds secrets, when somebody else changed the same, or when the state repo does not take it.
    pub fn publish(&self, change: &Change, key: Option<&SigningKey>) -> Result<Published, StateError> {
        self.publish_to(self.branch(), change, key)
    }

    /// The same on a branch that may be another. Where that is not there yet, it begins at the mirror's own.
    pub(crate) fn publish_to(
        &self,
        branch: &BranchName,
        change: &Change,
        key: Option<&SigningKey>,
    ) -> Result<Published, StateError> {
        check(&change.files)?;
        let mut ended = Pushed::Lost;
        for tries in 0..TRIES {
            remote::give_way(tries);
            let mut held = self.held();
            let own = self.tip(&mut held)?;
            let repo = held.repo();
            let there = if branch == self.branch() { own } else { self.elsewhere().fetch(repo, branch)? };
            let tip = there.or(own);
            if let Some(commit) = change
                .trailers
                .request
                .as_deref()
                .zip(tip)
                .map(|(request, tip)| made_for(repo, tip, request))
                .transpose()?
                .flatten()
            {
                return Ok(Published { commit, already: true });
            }
            let commit = change.onto(repo, tip, key)?;
            ended = self.elsewhere().push(repo, branch, there, commit)?;
            if ended == Pushed::Done {
                return Ok(Published { commit, already: false });
            }
        }
        Err(ended.given_up(TRIES))
    }

    /// What a request has committed already, where it is not too long ago.
    ///
    /// # Errors
    /// When the state repo cannot be read.
    pub fn committed_for(&self, request: &str) -> Result<Option<CommitId>, StateError> {
        let mut held = self.held();
        let tip = self.tip(&mut held)?;
        tip.map_or(Ok(None), |tip| made_for(held.repo(), tip, request))
    }
}

/// Refuses paths outside the layout, and secrets.
fn check(files: &BTreeMap<String, Option<Vec<u8>>>) -> Result<(), StateError> {
    let mut leaks = Vec::new();
    for (path, content) in files {
        let inside = [ENCLAVES, ARCHIVE].iter().any(|folder| path.split('/').next() == Some(folder));
        if !inside || !path.contains('/') {
            return Err(Hostile::Name { path: path.escape_debug().to_string() }.into());
        }
        for part in path.split('/') {
            Entry::of(part.as_bytes(), "")?;
        }
        leaks.extend(content.iter().flat_map(|content| secrets::leaks(path, content)));
    }
    if leaks.is_empty() { Ok(()) } else { Err(StateError::Leaks(leaks)) }
}

pub(crate) fn made_for(repo: &Repository, tip: Oid, request: &str) -> Result<Option<CommitId>, StateError> {
    let mut walk = repo.revwalk()?;
    walk.push(tip)?;
    for id in walk.take(LOOK_BACK) {
        let id = id?;
        if commit::is_for(&repo.find_commit(id)?, request) {
            return Ok(Some(CommitId(id)));
        }
    }
    Ok(None)
}

impl Change {
    /// Writes the commit on top of `tip`; its branch does not move yet.
    fn onto(
        &self,
        repo: &Repository,
        tip: Option<Oid>,
        key: Option<&SigningKey>,
    ) -> Result<CommitId, StateError> {
        let on = tip.map(|tip| repo.find_commit(tip)).transpose()?;
        let base = match self.base {
            Base::At(base) => tree_of(Some(&repo.find_commit(base.0)?))?,
            Base::Newest => tree_of(on.as_ref())?,
            Base::Nothing => Some(with(repo, None, &BTreeMap::new())?),
        };
        let before = match base {
            Some(before) if !self.seen.is_empty() => Some(with(repo, Some(&before), &self.seen)?),
            before => before,
        };
        let wanted = with(repo, before.as_ref(), &self.files)?;
        let there = tree_of(on.as_ref())?;
        let tree = match (&before, &there) {
            (Some(before), Some(there)) if before.id() != there.id() => merged(repo, before, there, &wanted)?,
            _ => wanted,
        };
        if there.is_some_and(|there| there.id() == tree.id()) {
            return Err(StateError::Nothing);
        }
        let draft = Draft {
            author: &self.author,
            committer: &self.committer,
            message: &self.message,
            trailers: &self.trailers,
            key,
        };
        let parents: Vec<&Commit<'_>> = on.iter().collect();
        Ok(CommitId(draft.write(repo, &tree, &parents)?))
    }
}

/// The tree with files put into it, or taken out.
fn with<'r>(
    repo: &'r Repository,
    before: Option<&Tree<'_>>,
    files: &BTreeMap<String, Option<Vec<u8>>>,
) -> Result<Tree<'r>, StateError> {
    let mut index = Index::new()?;
    if let Some(before) = before {
        index.read_tree(before)?;
    }
    for (path, content) in files {
        match content {
            Some(content) => index.add(&entry(path, repo.blob(content)?))?,
            None => match index.remove(Path::new(path), 0) {
                Err(error) if error.code() != git2::ErrorCode::NotFound => return Err(error.into()),
                _ => {}
            },
        }
    }
    Ok(repo.find_tree(index.write_tree_to(repo)?)?)
}

fn tree_of<'r>(commit: Option<&Commit<'r>>) -> Result<Option<Tree<'r>>, StateError> {
    Ok(commit.map(Commit::tree).transpose()?)
}

fn entry(path: &str, id: Oid) -> IndexEntry {
    let never = IndexTime::new(0, 0);
    IndexEntry {
        ctime: never,
        mtime: never,
        dev: 0,
        ino: 0,
        mode: 0o100_644,
        uid: 0,
        gid: 0,
        file_size: 0,
        id,
        flags: 0,
        flags_extended: 0,
        path: path.as_bytes().to_vec(),
    }
}

/// What both sides made of `before`, in memory.
pub(crate) fn merged<'r>(
    repo: &'r Repository,
    before: &Tree<'_>,
    theirs: &Tree<'_>,
    ours: &Tree<'_>,
) -> Result<Tree<'r>, StateError> {
    // A file that has another name now is another file: what somebody changed of the first one is told, and goes nowhere else.
    let mut options = MergeOptions::new();
    options.find_renames(false);
    let mut index = repo.merge_trees(before, theirs, ours, Some(&options))?;
    resolved(repo, &mut index)
}

/// The tree of a merge; both versions of what does not go together. The merge's own side is what is on the branch.
pub(crate) fn resolved<'r>(repo: &'r Repository, index: &mut Index) -> Result<Tree<'r>, StateError> {
    if !index.has_conflicts() {
        return Ok(repo.find_tree(index.write_tree_to(repo)?)?);
    }
    let mut files = Vec::new();
    for conflict in index.conflicts()? {
        let conflict = conflict?;
        let content = |entry: &Option<IndexEntry>| -> Result<Option<Vec<u8>>, StateError> {
            entry.as_ref().map(|entry| Ok(repo.find_blob(entry.id)?.content().to_vec())).transpose()
        };
        let named = conflict.our.as_ref().or(conflict.their.as_ref()).or(conflict.ancestor.as_ref());
        let path = named.map(|entry| String::from_utf8_lossy(&entry.path).into_owned()).unwrap_or_default();
        files.push(Versions { path, theirs: content(&conflict.our)?, ours: content(&conflict.their)? });
    }
    Err(StateError::Conflict(Box::new(Conflict { files })))
}
