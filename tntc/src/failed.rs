//! The one place where every failure becomes words for people and an exit code for scripts.

use crate::caller::CallerError;
use crate::confirm::ConfirmError;
use crate::folder::FolderError;
use crate::metadata::MetadataError;
use crate::output::OutputError;
use crate::pages::PagesError;
use crate::session::SessionError;
use crate::sign_in::SignInError;
use crate::web::WebError;
use state_repo::{RemoteError, StateError};
use std::process::ExitCode;
use wire::client::ClientError;
use wire::{Failure, FailureCode};

/// How a command ended, for scripts. `README.md` has the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It was done.
    Done = 0,
    /// It was refused, or it failed.
    Failed = 1,
    /// It was asked for in a way that cannot be understood; nothing was tried.
    Usage = 2,
    /// Nobody is signed in, or the server does not take the sign-in any more.
    SignedOut = 3,
    /// The server or the issuer cannot be reached.
    Unreachable = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failed {
    /// The command line does not say what is needed.
    #[error("{what}")]
    Usage {
        /// What is missing or contradicts itself.
        what: String,
        /// What to write instead.
        next: &'static str,
    },
    /// The answer is there and has been shown, and it is not a good one.
    #[error("{0}")]
    Bad(String),
    /// Who calls.
    #[error(transparent)]
    Caller(#[from] CallerError),
    /// A long list.
    #[error(transparent)]
    Pages(#[from] PagesError),
    /// The sign-in.
    #[error(transparent)]
    SignIn(#[from] SignInError),
    /// What is kept of sign-ins.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What the server says of itself.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// A request that is not a tool's call.
    #[error(transparent)]
    Web(#[from] WebError),
    /// A tentacle's folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The question before something is removed.
    #[error(transparent)]
    Confirm(#[from] ConfirmError),
    /// The answer could not be written.
    #[error(transparent)]
    Output(#[from] OutputError),
    /// What cannot be rendered.
    #[error(transparent)]
    Render(#[from] crate::commands::RenderError),
    /// A new folder.
    #[error(transparent)]
    New(#[from] crate::commands::NewError),
    /// The state repo.
    #[error(transparent)]
    State(#[from] StateError),
    /// A test that could not be made.
    #[cfg(feature = "up")]
    #[error(transparent)]
    Test(#[from] crate::commands::TestError),
    /// The trail's files.
    #[error(transparent)]
    Trail(#[from] crate::commands::TrailError),
    /// Tentacular on this machine.
    #[cfg(feature = "up")]
    #[error(transparent)]
    Up(#[from] crate::up::UpError),
}

impl Failed {
    /// What failed and why, without what to do next.
    pub(crate) fn what(&self) -> String {
        match self {
            Self::Caller(CallerError::Client(ClientError::Refused(failure)))
            | Self::Pages(PagesError::Caller(CallerError::Client(ClientError::Refused(failure)))) => {
                Failure { remedy: None, ..failure.clone() }.text()
            }
            other => other.to_string(),
        }
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } => Exit::Usage,
            Self::Caller(error) | Self::Pages(PagesError::Caller(error)) => error.exit(),
            Self::SignIn(error) => error.exit(),
            Self::Metadata(error) => error.exit(),
            Self::Web(error) => error.exit(),
            Self::Confirm(ConfirmError::NoTerminal(_)) => Exit::Usage,
            Self::State(StateError::Remote(RemoteError::Unreachable(_) | RemoteError::TooSlow)) => {
                Exit::Unreachable
            }
            Self::Bad(_)
            | Self::Pages(PagesError::Circle)
            | Self::Session(_)
            | Self::Folder(_)
            | Self::Confirm(_)
            | Self::Output(_)
            | Self::Render(_)
            | Self::New(_)
            | Self::State(_)
            | Self::Trail(_) => Exit::Failed,
            #[cfg(feature = "up")]
            Self::Up(_) | Self::Test(_) => Exit::Failed,
        }
    }

    /// What to do next, where the sentence itself does not say it.
    pub(crate) fn next(&self) -> Option<String> {
        let told = match self {
            Self::Usage { next, .. } => next,
            Self::Caller(error) | Self::Pages(PagesError::Caller(error)) => return error.next(),
            Self::SignIn(error) => return error.next(),
            Self::State(error) => return error.next().map(str::to_owned),
            Self::Metadata(MetadataError::Web(WebError::Unreachable { .. }))
            | Self::Web(WebError::Unreachable { .. }) => UNREACHABLE,
            Self::Confirm(ConfirmError::NoTerminal(_)) => {
                "run it in a terminal, or say `--yes` when you are sure"
            }
            #[cfg(feature = "up")]
            Self::Test(crate::commands::TestError::NoDeno) => {
                "name it with `--deno`, or start `tntc` by `cargo xtask`, which fetches it"
            }
            #[cfg(feature = "up")]
            Self::Test(crate::commands::TestError::NoSandbox(_)) => crate::commands::test::HOW,
            _ => return None,
        };
        Some(told.to_owned())
    }
}

pub(crate) const UNREACHABLE: &str = "see whether the address is right and the server runs";

/// The exit code of a call that has no good answer.
pub(crate) const fn of_client(error: &ClientError) -> Exit {
    match error {
        ClientError::Unreachable { .. } | ClientError::TimedOut(_) => Exit::Unreachable,
        ClientError::Unauthorized => Exit::SignedOut,
        ClientError::Refused(failure) if matches!(failure.code, FailureCode::SignInRequired) => {
            Exit::SignedOut
        }
        ClientError::Refused(_) | ClientError::Protocol(_) => Exit::Failed,
    }
}

/// What to do after it. A refusal carries its remedy in its own text.
pub(crate) fn after_client(error: &ClientError) -> Option<String> {
    let told = match error {
        ClientError::Unreachable { .. } => UNREACHABLE,
        ClientError::Unauthorized => "run `tntc login`",
        ClientError::TimedOut(_) => "what was begun may still go on: look at it before you ask again",
        ClientError::Refused(failure) => return failure.remedy.clone(),
        ClientError::Protocol(_) => "see whether this program and the server are of the same release",
    };
    Some(told.to_owned())
}
