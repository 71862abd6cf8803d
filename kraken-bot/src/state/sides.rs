//! The two sides of a tentacle: its files on the disk, and its folder in git. What people changed on either is kept.

mod following;
mod proposing;

pub(crate) use proposing::{ProposedHere, Put, What};

use super::StateStop;
use super::base::{Base, Files};
use super::came::{Sent, ToldOf, hashes};
use crate::working_copy::{WorkingCopy, WorkingCopyError};
use state_repo::{
    AtCommit, Author, CommitId, Committed, Conflict, Layout, Mirror, Newest, SigningKey, StateError,
    Trailers, Versions,
};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Bundle, ContentHash, EnclaveName, TentacleName};

/// Which tentacle.
#[derive(Debug, Clone)]
pub(crate) struct Names {
    pub(crate) enclave: EnclaveName,
    pub(crate) tentacle: TentacleName,
}

/// For whom something is committed, and what asked for it.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) author: Author,
    pub(crate) trailers: Trailers,
}

/// How the two sides stand to each other.
#[derive(Debug)]
pub(crate) enum Standing {
    /// It is on neither.
    Nowhere,
    /// It was removed in git, and the disk has it as it was before.
    Removed(Files),
    /// Git has it, and the disk has no changes of its own.
    InGit(Box<AtCommit>),
    /// The disk has changes that git does not have.
    Changed { files: Files, base: Base },
    /// Both have it, and nobody knows what they had in common; or it was removed in git, and the disk has changes.
    Apart { files: Files, conflict: Box<Conflict>, theirs: CommitId },
}

/// The two sides.
pub(crate) struct Sides<'a> {
    pub(super) mirror: &'a Mirror,
    pub(super) copy: &'a WorkingCopy,
    pub(super) names: &'a Names,
}

impl Sides<'_> {
    /// How they stand to each other.
    pub(crate) fn look(&self) -> Result<Standing, StateStop> {
        self.standing(None)
    }

    /// The same, for a request.
    fn standing(&self, request: Option<&str>) -> Result<Standing, StateStop> {
        let Names { enclave, tentacle } = self.names;
        let Newest { tip, tentacle: newest } = self.mirror.newest(enclave, tentacle)?;
        let here = self.here(tip)?.filter(|here| !here.files.is_empty());
        let Some(here) = here else {
            return Ok(newest.map_or(Standing::Nowhere, |at| Standing::InGit(Box::new(at))));
        };
        let base = self.base(&here, tip, request)?;
        let files = here.files;
        Ok(match (base, newest) {
            (_, Some(at)) if at.files() == files => Standing::InGit(Box::new(at)),
            (Some(base), Some(at)) if base.has_all(&files, &at.files()) => Standing::InGit(Box::new(at)),
            (Some(base), None) if base.has_all(&files, &Files::new()) => Standing::Removed(files),
            // What is left of a tentacle that was removed would be none: all of it is told.
            (Some(base), None) if !base.files().is_empty() => self.apart(files, &Files::new(), tip),
            (Some(base), _) => Standing::Changed { files, base },
            (None, None) => Standing::Changed { files, base: Base::of(tip, Files::new()) },
            (None, Some(at)) => self.apart(files, &at.files(), tip),
        })
    }

    /// Whether the disk has changes that git does not have. Nothing is fetched where it has just what is in git.
    pub(crate) fn has_changes(&self, git: Option<&str>) -> Result<bool, StateStop> {
        let Some(files) = self.disk()? else { return Ok(false) };
        if git.is_some() && content_of(&files).map(|content| content.to_string()).as_deref() == git {
            return Ok(false);
        }
        Ok(matches!(self.look()?, Standing::Changed { .. } | Standing::Apart { .. }))
    }

    /// Commits what is on the disk, and lets the disk follow.
    pub(crate) fn carry(
        &self,
        change: &Change,
        key: Option<&SigningKey>,
    ) -> Result<Option<Committed>, StateStop> {
        let before = self.committed_before(change)?;
        match self.standing(change.trailers.request.as_deref())? {
            Standing::Nowhere | Standing::Removed(_) => Ok(None),
            Standing::InGit(at) => self.follow(&at).map(Some),
            // What was changed since is for the next request.
            Standing::Changed { .. } if before.is_some() => Ok(before),
            Standing::Apart { files, conflict, theirs } => {
                // All that differs is told: it is seen from that commit on.
                self.tell(change, &files, (&Base::of(theirs, Files::new()), false), &conflict)?;
                Err(StateError::Conflict(conflict).into())
            }
            Standing::Changed { files, base } => {
                let message = summary(&self.names.tentacle, base.files(), &files);
                let wanted = self.wanted(change, message, (&base, &files));
                let published = self.publish(&wanted, (&base, &files), key);
                if let Err(StateStop::Repo(StateError::Conflict(conflict))) = &published {
                    self.tell(change, &files, (&base, true), conflict)?;
                }
                published.map(Some)
            }
        }
    }

    /// Commits what the commit `to` had. Files that were added since are removed. How the two sides stand to each other where
    /// the disk has changes of its own, or git has the tentacle no more: then nothing is done.
    pub(crate) fn roll_back(
        &self,
        to: CommitId,
        message: String,
        change: &Change,
        key: Option<&SigningKey>,
    ) -> Result<Result<Committed, Standing>, StateStop> {
        if let Some(committed) = self.committed_before(change)? {
            return Ok(Ok(committed));
        }
        let before = match self.look()? {
            Standing::InGit(before) => before,
            other => return Ok(Err(other)),
        };
        let base = Base::of(before.committed.commit, before.files());
        let target = self.at(to)?.ok_or_else(|| self.gone(to))?.files();
        let wanted = self.wanted(change, message, (&base, &target));
        let disk = self.disk()?.unwrap_or_default();
        self.publish(&wanted, (&base, &disk), key).map(Ok)
    }

    /// What an earlier try of the same request has committed. Whatever an earlier request has committed, before it could write
    /// down that it did: the disk follows.
    fn committed_before(&self, change: &Change) -> Result<Option<Committed>, StateStop> {
        self.catch_up()?;
        let Some(request) = &change.trailers.request else { return Ok(None) };
        let Some(commit) = self.mirror.committed_for(request)? else { return Ok(None) };
        let at = self.at(commit)?.ok_or_else(|| self.gone(commit))?;
        Ok(Some(at.committed))
    }

    /// The commit that brings git from what both sides have in common to `files`.
    fn wanted(&self, change: &Change, message: String, (base, files): (&Base, &Files)) -> state_repo::Change {
        state_repo::Change {
            author: change.author.clone(),
            committer: kraken(),
            message,
            trailers: change.trailers.clone(),
            base: state_repo::Base::At(base.commit),
            seen: self.at_root(base.seen().iter().map(|(path, text)| (path, text.as_ref()))),
            files: self.changes(base.files(), files),
        }
    }

    /// Writes down what somebody is told of a conflict. What they were not told of is no more theirs to decide than before; nor
    /// is any of it where the same request comes again, because nobody has answered it.
    fn tell(
        &self,
        change: &Change,
        files: &Files,
        (base, is_known): (&Base, bool),
        conflict: &Conflict,
    ) -> Result<(), StateStop> {
        let within = format!("{}/", Layout::tentacle(&self.names.enclave, &self.names.tentacle));
        let mut theirs = base.seen().clone();
        for Versions { path, theirs: version, .. } in &conflict.files {
            let text = version.clone().map(String::from_utf8).transpose();
            // What is no text cannot be brought together on the disk: it stays a conflict.
            if let (Some(path), Ok(text)) = (path.strip_prefix(&within), text) {
                theirs.insert(path.to_owned(), text);
            }
        }
        let told = ToldOf {
            request: change.trailers.request.clone(),
            base: base.commit.to_string(),
            before: is_known.then(|| base.seen().clone()),
            theirs,
            files: hashes(files),
        };
        self.keep(|came| came.told = Some(told))
    }

    fn publish(
        &self,
        wanted: &state_repo::Change,
        (base, files): (&Base, &Files),
        key: Option<&SigningKey>,
    ) -> Result<Committed, StateStop> {
        let request = wanted.trailers.request.clone().unwrap_or_default();
        let now = Sent::of(request, base, files);
        self.keep(|came| came.sent = Some(now.clone()))?;
        match self.mirror.publish(wanted, key) {
            Ok(published) => {
                let at = self.at(published.commit)?.ok_or_else(|| self.gone(published.commit))?;
                if let Err(error) = self.settle(&now, &at) {
                    // It is committed and pushed; the disk follows the next time.
                    tracing::warn!(%error, "the disk copy does not follow the state repo yet");
                }
                Ok(at.committed)
            }
            Err(StateError::Nothing) => {
                let Names { enclave, tentacle } = self.names;
                let newest = self.mirror.newest(enclave, tentacle)?;
                let at = newest.tentacle.ok_or_else(|| self.gone(newest.tip))?;
                self.follow(&at)
            }
            Err(error @ StateError::Conflict(_)) => {
                self.keep(|came| came.sent = None)?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// The files that a commit changes, by their paths from the repository's root.
    fn changes(&self, before: &Files, files: &Files) -> BTreeMap<String, Option<Vec<u8>>> {
        let gone = before.keys().filter(|path| !files.contains_key(*path)).map(|path| (path, None));
        let put = files.iter().map(|(path, text)| (path, Some(text)));
        self.at_root(gone.chain(put))
    }

    fn at_root<'f>(
        &self,
        files: impl Iterator<Item = (&'f String, Option<&'f String>)>,
    ) -> BTreeMap<String, Option<Vec<u8>>> {
        let within = Layout::tentacle(&self.names.enclave, &self.names.tentacle);
        let bytes = |text: &String| text.clone().into_bytes();
        files.map(|(path, text)| (format!("{within}/{path}"), text.map(bytes))).collect()
    }

    fn apart(&self, ours: Files, theirs: &Files, tip: CommitId) -> Standing {
        let within = Layout::tentacle(&self.names.enclave, &self.names.tentacle);
        let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let bytes = |files: &Files, path: &String| files.get(path).map(|text| text.clone().into_bytes());
        let differ = paths.into_iter().filter(|path| ours.get(*path) != theirs.get(*path));
        let versions = differ.map(|path| Versions {
            path: format!("{within}/{path}"),
            theirs: bytes(theirs, path),
            ours: bytes(&ours, path),
        });
        let conflict = Box::new(Conflict { files: versions.collect() });
        Standing::Apart { files: ours, conflict, theirs: tip }
    }

    fn at(&self, commit: CommitId) -> Result<Option<AtCommit>, StateStop> {
        Ok(self.mirror.at(commit, &self.names.enclave, &self.names.tentacle)?)
    }

    fn gone(&self, commit: CommitId) -> StateError {
        let path = Layout::tentacle(&self.names.enclave, &self.names.tentacle);
        StateError::NoTentacle { path, commit }
    }

    /// The files on the disk, with the line endings that git has; `None` where there is no folder.
    fn disk(&self) -> Result<Option<Files>, WorkingCopyError> {
        match self.copy.read(&self.names.enclave, &self.names.tentacle) {
            Ok(files) => {
                Ok(Some(files.into_iter().map(|(path, text)| (path, text.replace("\r\n", "\n"))).collect()))
            }
            Err(WorkingCopyError::NotThere(_)) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// The name of a content; `None` where it is no tentacle's.
fn content_of(files: &Files) -> Option<ContentHash> {
    let bytes = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    Some(Bundle::new(bytes).ok()?.content_hash())
}

/// Who writes commits down.
pub(super) fn kraken() -> Author {
    Author { name: "Kraken".to_owned(), email: "kraken@localhost".to_owned() }
}

/// What a commit does, in one line.
fn summary(tentacle: &TentacleName, before: &Files, files: &Files) -> String {
    if before.is_empty() {
        return format!("{tentacle}: a first version");
    }
    let paths: BTreeSet<&String> = before.keys().chain(files.keys()).collect();
    let mut differ = paths.into_iter().filter(|path| before.get(*path) != files.get(*path));
    let Some(first) = differ.next() else { return format!("{tentacle}: as it is on disk") };
    let what = match (before.contains_key(first), files.contains_key(first)) {
        (false, _) => "add",
        (_, false) => "remove",
        _ => "change",
    };
    match differ.count() {
        0 => format!("{tentacle}: {what} {first}"),
        1 => format!("{tentacle}: {what} {first} and one more file"),
        more => format!("{tentacle}: {what} {first} and {more} more files"),
    }
}

#[cfg(test)]
mod tests;
