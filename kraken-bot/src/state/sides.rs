//! The two sides of a tentacle: its files on the disk, and its folder in git. What people changed on either is kept.

use super::StateStop;
use super::came::{Came, Sent, ToldOf, hash, hashes};
use crate::working_copy::{WorkingCopy, WorkingCopyError};
use state_repo::{
    AtCommit, Author, CommitId, Committed, Conflict, Layout, Mirror, Newest, SigningKey, StateError,
    Trailers, Versions,
};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Bundle, ContentHash, EnclaveName, TentacleName};

/// Files as texts, by path within the tentacle's folder.
type Files = BTreeMap<String, String>;

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
    Changed { files: Files, before: Files, base: CommitId },
    /// Both have it, and nobody knows what they had in common.
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
        let Names { enclave, tentacle } = self.names;
        let Newest { tip, tentacle: newest } = self.mirror.newest(enclave, tentacle)?;
        let files = match self.disk()? {
            None => return Ok(newest.map_or(Standing::Nowhere, |at| Standing::InGit(Box::new(at)))),
            Some(files) => files,
        };
        if newest.as_ref().is_some_and(|at| at.files() == files) {
            return Ok(newest.map_or(Standing::Nowhere, |at| Standing::InGit(Box::new(at))));
        }
        let base = self.base(&files, tip)?;
        let before = match base {
            Some(base) => self.at(base)?.map(|at| at.files()),
            None => None,
        };
        Ok(match (base, newest) {
            (_, Some(at)) if before.as_ref() == Some(&files) => Standing::InGit(Box::new(at)),
            (_, None) if before.as_ref() == Some(&files) => Standing::Removed(files),
            (Some(base), _) => Standing::Changed { files, before: before.unwrap_or_default(), base },
            (None, None) => Standing::Changed { files, before: Files::new(), base: tip },
            (None, Some(at)) => {
                let conflict = Box::new(self.apart(&files, &at.files()));
                Standing::Apart { files, conflict, theirs: tip }
            }
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
        match self.look()? {
            Standing::Nowhere | Standing::Removed(_) => Ok(None),
            Standing::InGit(at) => self.follow(&at).map(Some),
            Standing::Apart { files, conflict, theirs } => {
                self.keep(|came| {
                    came.told = Some(ToldOf { theirs: theirs.to_string(), files: hashes(&files) })
                })?;
                Err(StateError::Conflict(conflict).into())
            }
            Standing::Changed { files, before, base } => {
                let wanted = state_repo::Change {
                    author: change.author.clone(),
                    committer: kraken(),
                    message: summary(&self.names.tentacle, &before, &files),
                    trailers: change.trailers.clone(),
                    base: Some(base),
                    files: self.changes(&before, &files),
                };
                self.publish(&wanted, &files, key).map(Some)
            }
        }
    }

    /// Commits what the commit `to` had. Files that were added since are removed. Nothing where the disk has changes of its own.
    pub(crate) fn roll_back(
        &self,
        to: CommitId,
        message: String,
        change: &Change,
        key: Option<&SigningKey>,
    ) -> Result<Option<Committed>, StateStop> {
        let Standing::InGit(before) = self.look()? else { return Ok(None) };
        let target = self.at(to)?.ok_or_else(|| self.gone(to))?.files();
        let wanted = state_repo::Change {
            author: change.author.clone(),
            committer: kraken(),
            message,
            trailers: change.trailers.clone(),
            base: Some(before.committed.commit),
            files: self.changes(&before.files(), &target),
        };
        let disk = self.disk()?.unwrap_or_default();
        self.publish(&wanted, &disk, key).map(Some)
    }

    fn publish(
        &self,
        wanted: &state_repo::Change,
        files: &Files,
        key: Option<&SigningKey>,
    ) -> Result<Committed, StateStop> {
        let request = wanted.trailers.request.clone().unwrap_or_default();
        let now = Sent { request: request.clone(), files: hashes(files) };
        let before = self.came().sent.filter(|sent| sent.request == request);
        if before.is_none() {
            self.keep(|came| came.sent = Some(now.clone()))?;
        }
        match self.mirror.publish(wanted, key) {
            Ok(published) => {
                let at = self.at(published.commit)?.ok_or_else(|| self.gone(published.commit))?;
                // What an earlier try has committed is what was on the disk at that time.
                let sent = if published.already { before } else { Some(now) };
                let settled = sent.map_or(Ok(()), |sent| self.settle(&sent.files, &at));
                if let Err(error) = settled {
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
            Err(StateError::Conflict(conflict)) => {
                let theirs = self.mirror.fetch()?.tip.to_string();
                self.keep(|came| {
                    came.sent = None;
                    came.told = Some(ToldOf { theirs, files: hashes(files) });
                })?;
                Err(StateError::Conflict(conflict).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Lets the disk, which has no changes of its own, follow what git has.
    fn follow(&self, at: &AtCommit) -> Result<Committed, StateStop> {
        let Names { enclave, tentacle } = self.names;
        match self.disk()? {
            None => {
                let files = at.files();
                let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
                self.copy.write(enclave, tentacle, texts)?;
                let commit = at.committed.commit.to_string();
                self.keep(|came| *came = Came { base: Some(commit), ..Came::default() })?;
            }
            Some(files) => self.settle(&hashes(&files), at)?,
        }
        Ok(at.committed.clone())
    }

    /// Brings the disk from `was`, which went into the commit, to what the commit has. What somebody changed since stays.
    fn settle(&self, was: &BTreeMap<String, String>, at: &AtCommit) -> Result<(), StateStop> {
        let Names { enclave, tentacle } = self.names;
        let (there, target) = (self.disk()?.unwrap_or_default(), at.files());
        let paths: BTreeSet<&String> = was.keys().chain(target.keys()).collect();
        let mut is_whole = true;
        for path in paths {
            let (was, now, next) = (was.get(path), there.get(path), target.get(path));
            let is_as_sent = next.map(|text| hash(text)).as_ref() == was;
            if now == next || is_as_sent {
                continue;
            }
            if now.map(|text| hash(text)).as_ref() == was {
                self.copy.put(enclave, tentacle, path, next.map(String::as_str))?;
            } else {
                is_whole = false;
            }
        }
        if is_whole {
            let commit = at.committed.commit.to_string();
            self.keep(|came| *came = Came { base: Some(commit), ..Came::default() })?;
        }
        Ok(())
    }

    /// What the disk and git had in common last.
    fn base(&self, files: &Files, tip: CommitId) -> Result<Option<CommitId>, StateStop> {
        let came = self.came();
        let within =
            |id: String| id.parse::<CommitId>().ok().filter(|commit| self.mirror.is_within(*commit, tip));
        // Whoever changed the files after a conflict was told has seen both versions.
        let told = came.told.filter(|told| told.files != hashes(files));
        if let Some(seen) = told.and_then(|told| within(told.theirs)) {
            return Ok(Some(seen));
        }
        if let Some(base) = came.base.and_then(within) {
            return Ok(Some(base));
        }
        let Some(content) = content_of(files) else { return Ok(None) };
        let Names { enclave, tentacle } = self.names;
        Ok(self.mirror.had(tip, (enclave, tentacle), content)?)
    }

    /// The files that a commit changes, by their paths from the repository's root.
    fn changes(&self, before: &Files, files: &Files) -> BTreeMap<String, Option<Vec<u8>>> {
        let within = Layout::tentacle(&self.names.enclave, &self.names.tentacle);
        let gone = before.keys().filter(|path| !files.contains_key(*path)).map(|path| (path, None));
        let put = files.iter().map(|(path, text)| (path, Some(text.clone().into_bytes())));
        gone.chain(put).map(|(path, content)| (format!("{within}/{path}"), content)).collect()
    }

    fn apart(&self, ours: &Files, theirs: &Files) -> Conflict {
        let within = Layout::tentacle(&self.names.enclave, &self.names.tentacle);
        let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
        let bytes = |files: &Files, path: &String| files.get(path).map(|text| text.clone().into_bytes());
        let differ = paths.into_iter().filter(|path| ours.get(*path) != theirs.get(*path));
        let versions = differ.map(|path| Versions {
            path: format!("{within}/{path}"),
            theirs: bytes(theirs, path),
            ours: bytes(ours, path),
        });
        Conflict { files: versions.collect() }
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

    fn came(&self) -> Came {
        let Names { enclave, tentacle } = self.names;
        let note = self.copy.note(enclave, tentacle).and_then(|text| {
            text.map(|text| serde_json::from_str(&text).map_err(std::io::Error::other)).transpose()
        });
        note.unwrap_or_else(|error| {
            // Without it both sides are compared as strangers, and nothing is overwritten.
            tracing::warn!(%error, "where a disk copy came from cannot be read");
            None
        })
        .unwrap_or_default()
    }

    fn keep(&self, change: impl FnOnce(&mut Came)) -> Result<(), StateStop> {
        let Names { enclave, tentacle } = self.names;
        let mut came = self.came();
        change(&mut came);
        let text =
            serde_json::to_string(&came).map_err(std::io::Error::other).map_err(WorkingCopyError::from)?;
        Ok(self.copy.set_note(enclave, tentacle, &text).map_err(WorkingCopyError::from)?)
    }
}

/// The name of a content; `None` where it is no tentacle's.
fn content_of(files: &Files) -> Option<ContentHash> {
    let bytes = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    Some(Bundle::new(bytes).ok()?.content_hash())
}

/// Who writes commits down.
fn kraken() -> Author {
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
