//! How a disk follows what is in git. What somebody changed stays, and a Kraken that died in the middle leaves nothing to be
//! wondered at: what was about to be done is noted before it is done.

use super::{Sides, StateStop, content_of};
use crate::state::base::{Base, Files};
use crate::state::came::{Came, Sent, hash, hashes};
use crate::working_copy::WorkingCopyError;
use state_repo::{AtCommit, CommitId, Committed};
use std::collections::{BTreeMap, BTreeSet};

/// The disk as it is when it has followed what it was about to, and what is known of where it came from.
pub(super) struct Here {
    pub(super) files: Files,
    came: Came,
}

/// What is left to be done for a disk that follows a commit.
#[derive(Debug, Default)]
struct Way {
    puts: BTreeMap<String, Option<String>>,
    /// Files that somebody changed meanwhile, and that others changed as well.
    behind: BTreeSet<String>,
}

impl Way {
    /// From `was`, which is in the commit, to what the commit has.
    fn of(was: &BTreeMap<String, String>, there: &Files, target: &Files) -> Self {
        let mut way = Self::default();
        for path in was.keys().chain(target.keys()) {
            let (was, now, next) = (was.get(path), there.get(path), target.get(path));
            let is_as_sent = next.map(|text| hash(text)).as_ref() == was;
            if now == next || is_as_sent {
                continue;
            }
            if now.map(|text| hash(text)).as_ref() == was {
                way.puts.insert(path.clone(), next.cloned());
            } else {
                way.behind.insert(path.clone());
            }
        }
        way
    }
}

impl Sides<'_> {
    /// The disk; `None` where there is no folder. Nothing is changed.
    pub(super) fn here(&self, tip: CommitId) -> Result<Option<Here>, StateStop> {
        let Some(mut files) = self.disk()? else { return Ok(None) };
        let mut came = self.came();
        if let Some((sent, at)) = self.under_way(&came, tip)? {
            let way = Way::of(&sent.files, &files, &at.files());
            came = self.arrived(&sent, &at, &way)?;
            for (path, text) in way.puts {
                match text {
                    Some(text) => files.insert(path, text),
                    None => files.remove(&path),
                };
            }
        }
        Ok(Some(Here { files, came }))
    }

    /// Lets the disk follow what it was about to follow when a Kraken died.
    pub(super) fn catch_up(&self) -> Result<(), StateStop> {
        let came = self.came();
        if came.sent.is_none() {
            return Ok(());
        }
        let tip = self.mirror.fetch()?.tip;
        self.under_way(&came, tip)?.map_or(Ok(()), |(sent, at)| self.settle(&sent, &at))
    }

    /// What was sent, and what became of it; `None` where nothing did.
    fn under_way(&self, came: &Came, tip: CommitId) -> Result<Option<(Sent, AtCommit)>, StateStop> {
        let Some(sent) = &came.sent else { return Ok(None) };
        let commit = match &sent.commit {
            Some(commit) => commit.parse().ok().filter(|commit| self.mirror.is_within(*commit, tip)),
            None => self.mirror.committed_for(&sent.request)?,
        };
        let at = commit.map(|commit| self.at(commit)).transpose()?.flatten();
        Ok(at.map(|at| (sent.clone(), at)))
    }

    /// Lets the disk, which has no changes of its own, follow what git has.
    pub(super) fn follow(&self, at: &AtCommit) -> Result<Committed, StateStop> {
        let (tip, commit) = (self.mirror.fetch()?.tip, at.committed.commit.to_string());
        match self.here(tip)? {
            None => {
                let files = at.files();
                let texts = files.iter().map(|(path, text)| (path.as_str(), text.as_str()));
                let note = noted(&Came { base: Some(commit), ..Came::default() })?;
                self.copy.write(&self.names.enclave, &self.names.tentacle, texts, Some(&note))?;
            }
            Some(here) => {
                let base = self.base(&here, tip, None)?.unwrap_or_else(|| Base::of(tip, Files::new()));
                let sent = Sent { commit: Some(commit), ..Sent::of(String::new(), &base, &here.files) };
                if here.files != at.files() {
                    self.keep(|came| came.sent = Some(sent.clone()))?;
                }
                self.settle(&sent, at)?;
            }
        }
        Ok(at.committed.clone())
    }

    /// Brings the disk from what was sent, which went into the commit, to what the commit has. What somebody changed since stays.
    pub(super) fn settle(&self, sent: &Sent, at: &AtCommit) -> Result<(), StateStop> {
        let there = self.disk()?.unwrap_or_default();
        let way = Way::of(&sent.files, &there, &at.files());
        for (path, text) in &way.puts {
            self.copy.put(&self.names.enclave, &self.names.tentacle, path, text.as_deref())?;
        }
        let came = self.arrived(sent, at, &way)?;
        self.keep(|now| *now = came)
    }

    /// What is known of a disk that has followed.
    fn arrived(&self, sent: &Sent, at: &AtCommit, way: &Way) -> Result<Came, StateStop> {
        let mut older = BTreeMap::new();
        if !way.behind.is_empty() {
            let before = sent.base.as_ref().and_then(|base| base.parse().ok());
            let before = before.map(|commit| self.had(commit)).transpose()?.unwrap_or_default();
            for path in &way.behind {
                let text = sent.seen.get(path).cloned().unwrap_or_else(|| before.get(path).cloned());
                older.insert(path.clone(), text);
            }
        }
        let proposed = self.proposed();
        Ok(Came { base: Some(at.committed.commit.to_string()), older, sent: None, told: None, proposed })
    }

    /// What the disk and git had in common last, as far as a request goes.
    pub(super) fn base(
        &self,
        here: &Here,
        tip: CommitId,
        request: Option<&str>,
    ) -> Result<Option<Base>, StateStop> {
        let Here { files, came } = here;
        let within =
            |id: &String| id.parse::<CommitId>().ok().filter(|commit| self.mirror.is_within(*commit, tip));
        // Whoever changed the files after a conflict was told has seen both versions of what was told. As long as nobody has, it is
        // as it was when it was told.
        let told = came.told.as_ref().and_then(|told| {
            let is_heard = request.is_none() || told.request.as_deref() != request;
            let is_answered = is_heard && told.files != hashes(files);
            let seen = if is_answered { Some(&told.theirs) } else { told.before.as_ref() };
            Some((within(&told.base)?, seen?))
        });
        let known = told.or_else(|| Some((within(came.base.as_ref()?)?, &came.older)));
        if let Some((commit, seen)) = known {
            return Ok(Some(Base::of(commit, self.had(commit)?).seeing(seen.clone())));
        }
        let of = (&self.names.enclave, &self.names.tentacle);
        let same = content_of(files).map(|content| self.mirror.had(tip, of, content)).transpose()?.flatten();
        same.map(|commit| Ok(Base::of(commit, self.had(commit)?))).transpose()
    }

    fn had(&self, commit: CommitId) -> Result<Files, StateStop> {
        Ok(self.at(commit)?.map(|at| at.files()).unwrap_or_default())
    }

    pub(super) fn came(&self) -> Came {
        let note = self.copy.note(&self.names.enclave, &self.names.tentacle).and_then(|text| {
            text.map(|text| serde_json::from_str(&text).map_err(std::io::Error::other)).transpose()
        });
        note.unwrap_or_else(|error| {
            // Without it both sides are compared as strangers, and nothing is overwritten.
            tracing::warn!(%error, "where a disk copy came from cannot be read");
            None
        })
        .unwrap_or_default()
    }

    pub(super) fn keep(&self, change: impl FnOnce(&mut Came)) -> Result<(), StateStop> {
        let mut came = self.came();
        change(&mut came);
        let noted = self.copy.set_note(&self.names.enclave, &self.names.tentacle, &noted(&came)?);
        Ok(noted.map_err(WorkingCopyError::from)?)
    }
}

fn noted(came: &Came) -> Result<String, WorkingCopyError> {
    Ok(serde_json::to_string(came).map_err(std::io::Error::other)?)
}
