//! One request, one commit, pushed: over whatever others pushed in the meantime, and never over their heads.

use crate::commit::{self, Author, Draft, Trailers};
use crate::error::StateError;
use crate::graft::{self, Changes, Found, Object};
use crate::hostile::Hostile;
use crate::layout::{ARCHIVE, ENCLAVES, Entry};
use crate::mirror::Mirror;
use crate::names::{BranchName, CommitId};
use crate::read;
use crate::remote::{self, Pushed};
use crate::secrets;
use crate::sign::SigningKey;
use git2::{Commit, Index, IndexEntry, MergeOptions, Oid, Repository, Tree};
use std::collections::BTreeMap;
use std::fmt;

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
        let there = on.as_ref().map(Commit::tree_id);
        let base = match self.base {
            Base::At(base) => Some(repo.find_commit(base.0)?.tree_id()),
            Base::Newest => there,
            Base::Nothing => None,
        };
        let tree = self.tree(repo, base, there)?;
        if there == Some(tree) {
            return Err(StateError::Nothing);
        }
        let tree = repo.find_tree(tree)?;
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

    /// The tree that is there with the change put into it, and with what others made of the same files since `base`. Nothing but the
    /// files of the change and the folders that lead to them is looked at.
    fn tree(&self, repo: &Repository, base: Option<Oid>, there: Option<Oid>) -> Result<Oid, StateError> {
        // Where the branch is gone, nobody has made anything of it.
        let on = there.or(base);
        let mut changes = Changes::new();
        let mut conflicts: BTreeMap<String, Versions> = BTreeMap::new();
        for (path, wanted) in &self.files {
            let blob = |content: &Option<Vec<u8>>| -> Result<Option<Object>, StateError> {
                Ok(content.as_ref().map(|content| repo.blob(content)).transpose()?.map(Object::file))
            };
            let before = match self.seen.get(path) {
                Some(seen) if there.is_some() => blob(seen)?,
                _ => graft::find(repo, base, path)?.object(),
            };
            let ours = blob(wanted)?;
            let found = graft::find(repo, on, path)?;
            let theirs = found.object();
            // A file is taken away, never a folder.
            let folder = wanted.is_none() && before.is_some_and(|before| before.is_folder());
            if folder || ours == before || ours == theirs {
                continue;
            }
            if ours.is_some()
                && let Some(versions) = in_the_way(repo, base, &found)?
            {
                conflicts.insert(versions.path.clone(), versions);
            } else if theirs == before {
                changes.insert(path.clone(), ours);
            } else {
                match together(repo, path, [before, theirs, ours])? {
                    Ok(both) => {
                        changes.insert(path.clone(), both);
                    }
                    Err(versions) => {
                        conflicts.insert(path.clone(), versions);
                    }
                }
            }
        }
        if conflicts.is_empty() {
            graft::with(repo, on, &changes)
        } else {
            let files = conflicts.into_values().collect();
            Err(StateError::Conflict(Box::new(Conflict { files })))
        }
    }
}

/// What is in the way of a file at `path`, where others have put it there since `base`: nobody's folder is made over it.
fn in_the_way(repo: &Repository, base: Option<Oid>, found: &Found) -> Result<Option<Versions>, StateError> {
    let Found::Behind(path, object) = found else { return Ok(None) };
    if graft::find(repo, base, path)?.object() == Some(*object) {
        return Ok(None);
    }
    Ok(Some(Versions { path: path.clone(), theirs: content(repo, Some(*object)), ours: None }))
}

/// What lies there as a file, for people.
fn content(repo: &Repository, object: Option<Object>) -> Option<Vec<u8>> {
    object.and_then(|object| repo.find_blob(object.id).ok()).map(|blob| blob.content().to_vec())
}

/// What both sides made of one file; both versions where they do not go together.
fn together(
    repo: &Repository,
    path: &str,
    [before, theirs, ours]: [Option<Object>; 3],
) -> Result<Result<Option<Object>, Versions>, StateError> {
    const NAME: &str = "file";
    if ![before, theirs, ours].iter().flatten().all(Object::has_content) {
        let (theirs, ours) = (content(repo, theirs), content(repo, ours));
        return Ok(Err(Versions { path: path.to_owned(), theirs, ours }));
    }
    if let Some(theirs) = theirs {
        read::bounded_file(repo, theirs.id, path)?;
    }
    // Alone in a tree, so that nothing else is looked at.
    let alone = |object: Option<Object>| -> Result<Tree<'_>, StateError> {
        Ok(repo.find_tree(graft::with(repo, None, &[(NAME.to_owned(), object)].into())?)?)
    };
    match merged(repo, &alone(before)?, &alone(theirs)?, &alone(ours)?) {
        Ok(tree) => Ok(Ok(graft::find(repo, Some(tree.id()), NAME)?.object())),
        Err(StateError::Conflict(conflict)) => {
            let versions = conflict.files.into_iter().next();
            let none = Versions { path: String::new(), theirs: None, ours: None };
            Ok(Err(Versions { path: path.to_owned(), ..versions.unwrap_or(none) }))
        }
        Err(error) => Err(error),
    }
}

/// What both sides made of `before`, in memory.
fn merged<'r>(
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
