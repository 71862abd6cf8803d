//! Talking to the repository's server: a fetch of one branch, and a push that never forces.

use crate::address::RepoAddress;
use crate::credentials::Credentials;
use crate::error::StateError;
use crate::folder;
use crate::libgit2;
use crate::line::Line;
use crate::names::{BranchName, CommitId};
use git2::{AutotagOption, ErrorCode, FetchOptions, Oid, Progress, PushOptions, RemoteCallbacks, Repository};
use std::time::{Duration, Instant};

/// How much one fetch may bring.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) bytes: u64,
    pub(crate) objects: usize,
    pub(crate) time: Duration,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { bytes: 256 * 1024 * 1024, objects: 1_000_000, time: Duration::from_secs(120) }
    }
}

/// Why the repository's server does not do what it is asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RemoteError {
    /// It cannot be reached.
    #[error("the state repo cannot be reached: {0}")]
    Unreachable(String),
    /// It takes too long.
    #[error("the state repo did not answer in time")]
    TooSlow,
    /// It wants to know who asks.
    #[error("the state repo asks for a sign-in, and does not take ours")]
    SignIn,
    /// It knows who asks.
    #[error("the state repo does not let us do that")]
    Forbidden,
    /// It is not there.
    #[error("there is no repository at the state repo's address")]
    NotThere,
    /// It is somewhere else, and nobody follows.
    #[error("the state repo's address answers that it has moved, which is not followed")]
    Moved,
    /// It answers with an error.
    #[error("the state repo's server answered with status {0}")]
    Answered(u16),
    /// Something else answers.
    #[error("what answers at the state repo's address does not speak git's protocol")]
    NotGit,
    /// More than is taken.
    #[error("the state repo is larger than what is taken")]
    TooLarge,
    /// Somebody holds the branch there.
    #[error("the state repo's branch is held by another process, which works on it or died when it did")]
    Held,
    /// By SSH, without what that takes.
    #[error("the state repo is reached by SSH, and no key was given for it")]
    NoKey,
    /// The key is not taken.
    #[error("the state repo's host does not take our key for `{0}`")]
    KeyRefused(String),
    /// Nobody knows the host.
    #[error(
        "the file of known hosts has no key of the state repo's host `{0}`, and nobody is trusted at first sight"
    )]
    HostUnknown(String),
    /// Another key than the one it is known by.
    #[error(
        "the state repo's host `{0}` shows another key than the file of known hosts has: it was changed, or something else answers \
         in its place"
    )]
    HostChanged(String),
    /// Nobody can be known.
    #[error("the file of known hosts cannot be read: {0}")]
    KnownHosts(String),
    /// Git's program ended there.
    #[error("the state repo's host ended without an answer: {0}")]
    Ended(String),
    /// It refuses a push.
    #[error("the state repo refused the push: {0}")]
    Rejected(String),
}

impl RemoteError {
    /// What to do next.
    #[must_use]
    pub const fn next(&self) -> &'static str {
        match self {
            Self::Unreachable(_) | Self::TooSlow | Self::Answered(_) | Self::Ended(_) => {
                "nothing is lost: try again when its server is back"
            }
            Self::SignIn | Self::Forbidden => {
                "see whether the credentials file still holds a token with the rights"
            }
            Self::NoKey => {
                "name a file with a private key as its credentials, and the file with the host's key"
            }
            Self::KeyRefused(_) => "see whether the key's public half may still open it there",
            Self::HostUnknown(_) => {
                "`ssh-keyscan` writes its key: let whoever runs the host confirm it, and put it into that file"
            }
            Self::HostChanged(_) => {
                "nothing was sent to it: ask whoever runs the host, and put the new key into that file only if they changed it"
            }
            Self::KnownHosts(_) => "see whether the file is there and may be read",
            Self::NotThere | Self::Moved | Self::NotGit => {
                "see whether the address of the state repo is right"
            }
            Self::TooLarge => {
                "a state repo holds texts: take large files out of its history, or begin a new one"
            }
            Self::Held => {
                "nothing is lost: try again in a minute, when what a process that died has left is put away"
            }
            Self::Rejected(_) => "see what rules the branch has there",
        }
    }
}

/// How a push ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushed {
    /// The branch is where it was meant to be.
    Done,
    /// Somebody else was faster.
    Lost,
    /// Somebody holds the branch.
    Held,
}

impl Pushed {
    /// Why nobody tries any more, when so many tries ended like this one.
    pub(crate) fn given_up(self, tries: u32) -> StateError {
        match self {
            Self::Held => RemoteError::Held.into(),
            Self::Done | Self::Lost => StateError::Crowded(tries),
        }
    }
}

/// Waits before a try that is not the first, longer each time and never as long as others do.
pub(crate) fn give_way(tries: u32) {
    const LONGEST: u64 = 500;
    if tries > 0 {
        let most = (u64::from(tries) * 40).min(LONGEST);
        std::thread::sleep(Duration::from_millis(rand::random_range(1..=most)));
    }
}

/// A repository elsewhere, and how it is asked.
#[derive(Debug, Clone)]
pub(crate) struct Elsewhere {
    pub(crate) address: RepoAddress,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) bounds: Bounds,
}

impl Elsewhere {
    /// Fetches `branch` into `repo`, and answers where it stands; `None` where there is no such branch. Nothing else is
    /// fetched, whatever else the other side has.
    pub(crate) fn fetch(&self, repo: &Repository, branch: &BranchName) -> Result<Option<Oid>, StateError> {
        self.fetch_reference(repo, &branch.reference(), &format!("refs/incoming/{branch}"))
    }

    /// The same of any reference, into the name `incoming`.
    pub(crate) fn fetch_reference(
        &self,
        repo: &Repository,
        reference: &str,
        incoming: &str,
    ) -> Result<Option<Oid>, StateError> {
        libgit2::prepare()?;
        // A name of its own, emptied first: what is there afterwards came now. What is here already is known by other names.
        if let Ok(mut old) = repo.find_reference(incoming) {
            old.delete()?;
        }
        let line = self.line();
        let bounds = self.bounds;
        let mut callbacks = RemoteCallbacks::new();
        let mut too_large = false;
        let until = line.until;
        callbacks.transfer_progress(|progress: Progress<'_>| {
            too_large =
                progress.total_objects() > bounds.objects || progress.received_bytes() as u64 > bounds.bytes;
            !too_large && Instant::now() < until
        });
        let mut options = FetchOptions::new();
        options.download_tags(AutotagOption::None).update_fetchhead(false).remote_callbacks(callbacks);
        let mut remote = repo.remote_anonymous(self.address.as_str())?;
        let spec = format!("+{reference}:{incoming}");
        let fetched = line.during(|| remote.fetch(&[spec.as_str()], Some(&mut options), None));
        drop(options);
        if let Err(error) = fetched {
            return Err(match line.fault() {
                Some(fault) => fault.into(),
                None if too_large => RemoteError::TooLarge.into(),
                None if Instant::now() >= until => RemoteError::TooSlow.into(),
                None => self.local_fault(&error),
            });
        }
        match repo.find_reference(incoming) {
            Ok(found) => Ok(found.target()),
            Err(error) if error.code() == ErrorCode::NotFound => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Pushes `new` to `branch`, which stands at `old` as far as we know. Only forward: whatever came in between stays.
    pub(crate) fn push(
        &self,
        repo: &Repository,
        branch: &BranchName,
        old: Option<Oid>,
        new: CommitId,
    ) -> Result<Pushed, StateError> {
        libgit2::prepare()?;
        if let Some(old) = old.filter(|old| *old != new.0) {
            // INVARIANT: what is pushed has what is there as its ancestor.
            if !repo.graph_descendant_of(new.0, old)? {
                return Ok(Pushed::Lost);
            }
        }
        match self.address.folder() {
            Some(folder) => folder::push(repo, &Repository::open(folder)?, (branch, old), new),
            None => self.push_by_git(repo, branch, new),
        }
    }

    fn push_by_git(
        &self,
        repo: &Repository,
        branch: &BranchName,
        new: CommitId,
    ) -> Result<Pushed, StateError> {
        let line = self.line();
        let leaving = format!("refs/leaving/{}", new.short());
        repo.reference(&leaving, new.0, true, "a push")?;
        let mut refused = None;
        let mut callbacks = RemoteCallbacks::new();
        callbacks.push_update_reference(|_, status| {
            refused = status.map(str::to_owned);
            Ok(())
        });
        let mut options = PushOptions::new();
        options.remote_callbacks(callbacks);
        let mut remote = repo.remote_anonymous(self.address.as_str())?;
        let spec = format!("{leaving}:{}", branch.reference());
        let pushed = line.during(|| remote.push(&[spec.as_str()], Some(&mut options)));
        drop(options);
        repo.find_reference(&leaving).and_then(|mut done| done.delete())?;
        match (pushed, refused) {
            (Ok(()), None) => Ok(Pushed::Done),
            (Ok(()), Some(why)) if lost(&why) => Ok(Pushed::Lost),
            (Ok(()), Some(why)) => Err(RemoteError::Rejected(one_line(&why)).into()),
            (Err(error), _) if error.code() == ErrorCode::NotFastForward => Ok(Pushed::Lost),
            (Err(error), _) => Err(line.fault().map_or_else(|| self.local_fault(&error), StateError::from)),
        }
    }

    fn line(&self) -> std::sync::Arc<Line> {
        let until = Instant::now() + self.bounds.time;
        Line::new(self.credentials.clone(), self.address.ssh().cloned(), self.bounds.bytes, until)
    }

    /// An error that the way did not explain. A folder that is not there is one of a repository that is not there.
    fn local_fault(&self, error: &git2::Error) -> StateError {
        let gone = self.address.folder().is_some_and(|folder| !folder.exists());
        if gone { RemoteError::NotThere.into() } else { StateError::Git(one_line(error.message())) }
    }
}

/// Whether a server's words for a refused branch mean that somebody else was faster.
fn lost(why: &str) -> bool {
    [
        "non-fast-forward",
        "fetch first",
        "failed to update ref",
        "cannot lock ref",
        "failed to lock",
        "stale info",
    ]
    .iter()
    .any(|words| why.contains(words))
}

pub(crate) fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect()
}
