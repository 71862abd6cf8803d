//! Why something about a state repo was not done: what, why, and what to do next.

use crate::hostile::Hostile;
use crate::names::{BranchName, CommitId};
use crate::publish::Conflict;
use crate::remote::RemoteError;
use crate::secrets::Leak;
use std::io;
use std::path::PathBuf;
use workflow::BundleProblems;

/// Why something about a state repo was not done.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The repository holds what a tentacle may not.
    #[error("the repository is not read: {0}")]
    HostileRepository(#[from] Hostile),
    /// The files are no tentacle.
    #[error("{0}")]
    Bundle(#[from] BundleProblems),
    /// The repository's server.
    #[error(transparent)]
    Remote(#[from] RemoteError),
    /// No such commit where it should be.
    #[error("commit {commit} is not on the branch `{branch}` of the state repo")]
    NotOnBranch {
        /// The commit.
        commit: CommitId,
        /// The branch.
        branch: BranchName,
    },
    /// The branch is not there.
    #[error("the state repo has no branch `{0}`")]
    NoBranch(BranchName),
    /// Nothing lies there.
    #[error("there is no `{path}` in commit {commit}")]
    NoTentacle {
        /// The tentacle's folder.
        path: String,
        /// The commit.
        commit: CommitId,
    },
    /// What was to be committed holds secrets.
    #[error("it is not committed, because it has what looks like secrets:\n{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))]
    Leaks(Vec<Leak>),
    /// Both sides changed the same.
    #[error("{0}")]
    Conflict(Box<Conflict>),
    /// There is nothing new.
    #[error("there is nothing to commit: everything in `enclaves/` and `archive/` is committed already")]
    Nothing,
    /// The folder is not a state repo.
    #[error("`{0}` is not in a state repo")]
    NotARepo(PathBuf),
    /// Somebody's work is there.
    #[error("`{path}` has something in it already (`{found}`), and nothing in it was touched")]
    NotEmpty {
        /// The folder.
        path: PathBuf,
        /// The first thing that was found.
        found: String,
    },
    /// What is on the disk is not what is committed.
    #[error("`{0}` has changes that are not committed")]
    Uncommitted(String),
    /// What others pushed would be written over a file of this disk.
    #[error(
        "`{0}` is here and not committed, and others have pushed a file of that name: nothing was touched"
    )]
    InTheWay(String),
    /// What is committed is not where others see it.
    #[error("{0} is not pushed yet")]
    Unpushed(String),
    /// Nobody says whose the commit is.
    #[error("nobody is named as the author of the commit")]
    NoAuthor,
    /// A clone is in use by another process.
    #[error("`{0}` is in use by another process")]
    InUse(PathBuf),
    /// Others go on pushing.
    #[error("others push to the state repo again and again: after {0} tries it is not pushed")]
    Crowded(u32),
    /// A key does not sign.
    #[error("the commit cannot be signed: {0}")]
    Unsigned(String),
    /// The disk says no.
    #[error("`{path}` cannot be used: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Git says no, in its own words.
    #[error("git cannot do it: {0}")]
    Git(String),
}

impl From<git2::Error> for StateError {
    fn from(error: git2::Error) -> Self {
        Self::Git(error.message().to_owned())
    }
}

impl StateError {
    /// Whether it lies with us or with the way to the state repo, and not with what somebody wrote into it.
    #[must_use]
    pub const fn is_ours(&self) -> bool {
        matches!(self, Self::Remote(_) | Self::Io { .. } | Self::Git(_) | Self::InUse(_))
    }

    pub(crate) fn io(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { path, error }
    }

    /// What to do next, where the sentence itself does not say it.
    #[must_use]
    pub fn next(&self) -> Option<&'static str> {
        Some(match self {
            Self::HostileRepository(hostile) => hostile.next(),
            Self::Remote(error) => error.next(),
            Self::NotOnBranch { .. } => {
                "push the commit to that branch, or merge it there, then deploy again"
            }
            Self::NoBranch(_) => {
                "push something to it first: `tntc state init` makes a repository to begin with"
            }
            Self::NoTentacle { .. } => "commit the tentacle's folder there, push, then deploy that commit",
            Self::Leaks(_) => {
                "take the secrets out (`tntc secret set` keeps them), and replace them where they were issued if anybody saw them"
            }
            Self::Conflict(_) => "nothing is lost: bring the two together by hand, then commit again",
            Self::NotARepo(_) => "`tntc state init --repo-path FOLDER` makes one",
            Self::NotEmpty { .. } => "name a folder that is not there yet, or an empty one",
            Self::Uncommitted(_) => "`tntc state commit -m \"what changes\"`, then `tntc state push`",
            Self::InTheWay(_) => "move it out of the clone, or commit it, then `tntc state push`",
            Self::Unpushed(_) => "`tntc state push`",
            Self::NoAuthor => "`git config user.name` and `git config user.email` say who you are",
            Self::Crowded(_) => "nothing is lost: try again",
            Self::InUse(_) => "give each process a folder of its own",
            Self::Bundle(_) | Self::Nothing | Self::Unsigned(_) | Self::Io { .. } | Self::Git(_) => {
                return None;
            }
        })
    }
}
