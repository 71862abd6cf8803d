//! The state repo, as deploys read it: what is deployed is what a commit of it holds, whatever a client says.

use crate::config::StateConfig;
use crate::records::RecordBook;
use crate::rollout::Source;
use crate::trail::RecordHeads;
use state_repo::{AtCommit, CommitId, Committed, Found, Mirror, StateError};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::Mutex;
use wire::tools::tentacle::SourceCommit;
use wire::{Failure, FailureCode};
use workflow::{EnclaveName, TentacleName};

/// The most tentacles of an enclave that are looked at in git.
const MOST: usize = 1_000;

/// A tentacle in git: the name of its content, or why it is none.
pub(crate) type Kept = Result<String, String>;

/// What git has of an enclave.
#[derive(Debug)]
pub(crate) struct InGit {
    /// The newest commit.
    pub(crate) head: SourceCommit,
    /// The enclave's record, or why there can be none.
    pub(crate) record: Result<Option<Vec<u8>>, String>,
    /// The tentacles.
    pub(crate) kept: BTreeMap<TentacleName, Kept>,
    /// Whether there are more.
    pub(crate) truncated: bool,
}

/// This server's copy of the state repo.
#[derive(Debug)]
pub(crate) struct StateRepo {
    mirror: Arc<Mirror>,
    /// Where the records of enclaves are written: a copy of its own, so that no deploy waits for a push.
    pub(crate) records: RecordBook,
    /// One look at it at a time: whoever waits holds no thread.
    turn: Mutex<()>,
}

impl StateRepo {
    /// Opens the copy.
    pub(crate) async fn open(config: StateConfig, heads: RecordHeads) -> Result<Self, StateError> {
        let StateConfig { address, branch, credentials, folder } = config;
        let (again, within) =
            ((address.clone(), branch.clone(), credentials.clone()), folder.join("records"));
        let mirror = blocking(move || Mirror::open(&folder, address, branch, credentials)).await?;
        let (address, branch, credentials) = again;
        let writing = blocking(move || Mirror::open(&within, address, branch, credentials)).await?;
        let records = RecordBook::new(writing, heads);
        Ok(Self { mirror: Arc::new(mirror), records, turn: Mutex::new(()) })
    }

    /// The tentacle as the commit of this id has it.
    ///
    /// # Errors
    /// When it is no commit of the branch, when what lies there is no tentacle, or when the state repo cannot be reached.
    pub(crate) async fn source(
        &self,
        commit: &str,
        enclave: &EnclaveName,
        name: &TentacleName,
    ) -> Result<Source, Failure> {
        let commit: CommitId = commit
            .parse()
            .map_err(|error: state_repo::NameError| Failure::new(FailureCode::Invalid, error.to_string()))?;
        let (place, tentacle) = (enclave.clone(), name.clone());
        let at = self.ask(move |mirror| mirror.tentacle(commit, &place, &tentacle)).await?;
        let (files, AtCommit { committed, .. }) = (at.files(), at);
        Source::committed(enclave, name, files, told(committed))
    }

    /// An enclave as the newest commit of the branch has it.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or the enclave's folder is none.
    pub(crate) async fn enclave(&self, enclave: &EnclaveName) -> Result<InGit, Failure> {
        let enclave = enclave.clone();
        self.ask(move |mirror| {
            let tip = mirror.fetch()?.tip;
            let mut found = mirror.tentacles(tip, &enclave, MOST + 1)?;
            let truncated = found.len() > MOST;
            found.truncate(MOST);
            let kept = |Found { name, content }: Found| {
                (name, content.map(|hash| hash.to_string()).map_err(|error| error.to_string()))
            };
            let kept = found.into_iter().map(kept).collect();
            let record = mirror.record(tip, &enclave).map_err(|error| error.to_string());
            Ok(InGit { head: told(mirror.committed(tip)?), record, kept, truncated })
        })
        .await
    }

    /// Asks the copy something, off the threads that serve.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&Mirror) -> Result<T, StateError> + Send + 'static,
    ) -> Result<T, Failure> {
        let _turn = self.turn.lock().await;
        let mirror = Arc::clone(&self.mirror);
        blocking(move || question(&mirror)).await.map_err(|error| refused(&error))
    }
}

pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StateError> + Send + 'static,
) -> Result<T, StateError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| StateError::Git(error.to_string())).and_then(|result| result)
}

fn told(committed: Committed) -> SourceCommit {
    let Committed { commit, at, summary, author } = committed;
    SourceCommit { id: commit.to_string(), at, summary, author }
}

/// What whoever deploys is told.
fn refused(error: &StateError) -> Failure {
    let code = match error {
        StateError::Remote(_) => FailureCode::Unavailable,
        StateError::Io { .. } | StateError::Git(_) | StateError::InUse(_) => {
            tracing::error!(%error, "the state repo cannot be read");
            return Failure::new(
                FailureCode::Unavailable,
                "this server cannot read the state repo at the moment",
            )
            .with_remedy("nothing was changed: try again, or ask an operator to look at the server's log");
        }
        _ => FailureCode::Invalid,
    };
    if code == FailureCode::Unavailable {
        tracing::warn!(%error, "the state repo cannot be asked");
    }
    let failure = Failure::new(code, error.to_string());
    match error.next() {
        Some(next) => failure.with_remedy(next),
        None => failure,
    }
}
