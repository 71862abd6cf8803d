//! Why a backend did not do what it was asked, and how the caller hears it.

use crate::modules::ModulesError;
use crate::supply::SupplyError;
use std::path::PathBuf;
use std::time::Duration;
use wire::{Failure, FailureCode};

/// Why an effect did not happen, or not all of it.
#[derive(Debug, thiserror::Error)]
pub enum BackendError {
    /// Something of that name is there and is not ours.
    #[error("the name is taken")]
    Taken,
    /// What is the enclave's was removed or replaced by somebody else.
    #[error("the place of `{0}` is gone, or somebody else's now")]
    Lost(String),
    /// The cluster, or what is needed on this machine, cannot be reached.
    #[error("the backend cannot be reached: {0}")]
    Unreachable(String),
    /// What is being removed is not gone yet; the rest is done without anybody.
    #[error("{0}")]
    StillGoing(String),
    /// This backend cannot do it yet.
    #[error("{0}")]
    NotYet(&'static str),
    /// There is nothing on this machine that can hold untrusted code.
    #[error("no sandbox: {0}")]
    NoSandbox(String),
    /// There is nothing that could carry out what a tentacle sends.
    #[error("no egress gateway: {0}")]
    NoGateway(String),
    /// A sandbox cannot be given what it needs.
    #[error(transparent)]
    Supply(#[from] SupplyError),
    /// A version cannot have its modules.
    #[error(transparent)]
    Modules(#[from] ModulesError),
    /// The tentacle's own code does not start.
    #[error("the tentacle does not start: {0}")]
    DoesNotStart(String),
    /// It does not give what its own fixtures expect: each that failed, a line each.
    #[error("it fails its fixtures: {0}")]
    FailsItsFixtures(String),
    /// The enclave has no room for it.
    #[error("{0}")]
    NoRoom(String),
    /// The engine does not take the input.
    #[error("the input is not taken: {0}")]
    NotTaken(String),
    /// As many runs go on as may.
    #[error("as many runs go on already as may go on at the same time")]
    Busy,
    /// There is no sidecar of this name.
    #[error("it has no sidecar `{0}`")]
    NoSidecar(String),
    /// The operator does not let a sidecar's image run here.
    #[error("the image `{0}` is not among those that the operator lets run here as sidecars")]
    Image(String),
    /// A sidecar's image is not on this machine.
    #[error("the image `{image}` is not on this machine")]
    NoImage {
        /// The image.
        image: String,
        /// The image layout that the operator has named, if any.
        layout: Option<PathBuf>,
    },
    /// It took too long.
    #[error("it was stopped after {} s", .0.as_secs())]
    TimedOut(Duration),
    /// A fault: the text is for the log.
    #[error("{0}")]
    Fault(String),
}

impl BackendError {
    /// Whether a deploy that failed with this is certain never to have had its version serve: it ended while the version was
    /// being made or tried.
    pub(crate) const fn is_before_serving(&self) -> bool {
        match self {
            Self::NotYet(_)
            | Self::NoSandbox(_)
            | Self::NoGateway(_)
            | Self::Supply(_)
            | Self::Modules(_)
            | Self::DoesNotStart(_)
            | Self::FailsItsFixtures(_)
            | Self::NoRoom(_)
            | Self::NotTaken(_)
            | Self::NoSidecar(_)
            | Self::Image(_)
            | Self::NoImage { .. } => true,
            Self::Taken
            | Self::Lost(_)
            | Self::Unreachable(_)
            | Self::StillGoing(_)
            | Self::Busy
            | Self::TimedOut(_)
            | Self::Fault(_) => false,
        }
    }

    /// The failure as the caller hears it; what is not for them goes into the log.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        match self {
            Self::Taken => {
                Failure::new(FailureCode::Conflict, "that name is taken").with_remedy("choose another name")
            }
            Self::Lost(name) => {
                tracing::error!(enclave.name = name, "somebody removed or replaced an enclave's namespace");
                Failure::new(
                    FailureCode::Unavailable,
                    "somebody removed or replaced the enclave's place meanwhile",
                )
                .with_remedy("ask again; if it stays so, tell the operator")
            }
            Self::Unreachable(detail) => {
                tracing::error!(detail, "the backend cannot be reached");
                Failure::new(
                    FailureCode::Unavailable,
                    "the place where enclaves live cannot be reached at the moment",
                )
                .with_remedy("try again in a moment")
            }
            Self::StillGoing(detail) => {
                tracing::warn!(detail, "what is being removed is not gone yet");
                Failure::new(
                    FailureCode::Unavailable,
                    "what runs there has not ended yet: it is being removed",
                )
                .with_remedy("ask again in a minute")
            }
            Self::NotYet(what) => Failure::new(FailureCode::NotYet, what),
            Self::NoSandbox(detail) => Failure::new(
                FailureCode::Unavailable,
                format!("this machine has no sandbox to run code in: {detail}"),
            )
            .with_remedy("install bubblewrap (`apt-get install bubblewrap`) or gVisor's runsc"),
            Self::NoGateway(why) => {
                tracing::error!(why, "a tentacle that reaches something cannot run");
                let what = "tentacles that reach something cannot run here: there is no egress gateway";
                Failure::new(FailureCode::Unavailable, what)
                    .with_remedy("an operator must look at the server's log")
            }
            Self::Supply(error) => error.into_failure(),
            Self::Modules(error) => error.into_failure(),
            Self::DoesNotStart(why) => {
                Failure::new(FailureCode::Invalid, format!("the tentacle does not start: {why}"))
                    .with_remedy("mend its code and deploy it again")
            }
            Self::FailsItsFixtures(why) => {
                Failure::new(FailureCode::Invalid, format!("the tentacle fails its own fixtures: {why}"))
                    .with_remedy("`tntc test` shows the same: mend the code or the fixture, and deploy again")
            }
            Self::NoRoom(why) => Failure::new(FailureCode::Conflict, why)
                .with_remedy("remove a tentacle that nobody needs, or ask the owner for a larger size"),
            Self::NotTaken(why) => {
                Failure::new(FailureCode::Invalid, format!("the tentacle does not take this input: {why}"))
            }
            Self::NoSidecar(_) => Failure::new(FailureCode::NotFound, self.to_string())
                .with_remedy("`wf_describe` names its sidecars"),
            Self::Image(_) => Failure::new(FailureCode::Denied, self.to_string()).with_remedy(
                "use an image of the operator's (--sidecar-images), or ask the operator to add it",
            ),
            Self::NoImage { ref image, ref layout } => {
                let how = match layout {
                    Some(layout) => format!(
                        "an operator puts it there: skopeo copy --all --preserve-digests docker://{image} oci:{}",
                        layout.display()
                    ),
                    None => "an operator must name a folder with images (--sidecar-layout)".to_owned(),
                };
                Failure::new(FailureCode::Invalid, self.to_string()).with_remedy(how)
            }
            Self::Busy => {
                let what = "as many runs of this tentacle go on already as may go on at the same time";
                Failure::new(FailureCode::Unavailable, what).with_remedy("wait until one of them has ended")
            }
            Self::TimedOut(limit) => {
                Failure::new(FailureCode::TimedOut, format!("it was stopped after {} s", limit.as_secs()))
                    .with_remedy("give it more time, or less to do")
            }
            Self::Fault(detail) => {
                tracing::error!(detail, "a fault of the backend");
                Failure::new(FailureCode::Internal, "something went wrong on our side")
                    .with_remedy("try again in a moment")
            }
        }
    }
}
