//! `tntc state …`: the repository in which a team's tentacles lie.

mod commit;
mod init;
mod push;
mod repair;
mod restore;
mod status;

use super::Context;
use crate::failed::Failed;
use state_repo::{Credentials, SigningKey, StateError, WorkingClone};
use std::path::{Path, PathBuf};

/// The state repo.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum StateCommand {
    /// Make the repository that a team begins with
    Init(init::Init),
    /// Commit what changed in `enclaves/` and `archive/`, unless it holds secrets
    Commit(commit::Commit),
    /// Push what is committed; what others pushed in the meantime stays
    Push(push::Push),
    /// How git, disk and cluster agree, for each tentacle of an enclave
    Status(status::Status),
    /// Put back what somebody changed where a tentacle runs
    Repair(repair::Repair),
    /// Bring back from git what the server or the cluster lost; for operators
    Restore(restore::Restore),
}

/// Which clone.
#[derive(Debug, clap::Args)]
struct Here {
    /// The clone of the state repo, or a folder in it
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    repo_path: PathBuf,
    /// Sign commits with this SSH key (Ed25519, without a passphrase)
    #[arg(long, env = "TENTACULAR_STATE_SIGNING_KEY", value_name = "FILE")]
    signing_key: Option<PathBuf>,
}

impl StateCommand {
    pub(crate) async fn run(self, context: &Context) -> Result<(), Failed> {
        let output = context.output;
        match self {
            Self::Init(init) => off_the_runtime(move || init.run(output)).await,
            Self::Commit(commit) => off_the_runtime(move || commit.run(output)).await,
            Self::Push(push) => off_the_runtime(move || push.run(output)).await,
            Self::Status(status) => status.run(context).await,
            Self::Repair(repair) => repair.run(context).await,
            Self::Restore(restore) => restore.run(context).await,
        }
    }
}

/// Git's work blocks, and waits for the network in its own way.
pub(super) async fn off_the_runtime<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failed> + Send + 'static,
) -> Result<T, Failed> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Failed::Bad(format!("it ended before its end: {error}"))).and_then(|done| done)
}

impl Here {
    fn open(&self) -> Result<WorkingClone, StateError> {
        WorkingClone::discover(&self.repo_path)
    }

    fn key(&self) -> Result<Option<SigningKey>, StateError> {
        let read =
            |file: &PathBuf| SigningKey::read(file).map_err(|error| StateError::Unsigned(error.to_string()));
        self.signing_key.as_ref().map(read).transpose()
    }
}

/// What opens the state repo, of the file that is named.
fn credentials(file: Option<&Path>, known_hosts: Option<&Path>) -> Result<Option<Credentials>, StateError> {
    let read = |file: &Path| {
        Credentials::read(file, known_hosts).map_err(|error| StateError::Io { path: file.to_owned(), error })
    };
    file.map(read).transpose()
}
