//! The state repo, as deploys read it: what is deployed is what a commit of it holds, whatever a client says.

mod news;
mod restorable;
mod reviews;

pub(crate) use news::AtTip;
pub(crate) use restorable::KeptRecords;
pub(crate) use reviews::{NO_REVIEWS, has_ended};

use crate::config::StateConfig;
use crate::git_secrets::GitSecrets;
use crate::github::{Github, Outcome};
use crate::records::RecordBook;
use crate::rollout::Source;
use crate::trail::RecordHeads;
use secrecy::SecretString;
use state_repo::{
    AgeKey, AtCommit, CommitId, Committed, Credentials, Mirror, Place, RemoteError, StateError,
};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Mutex, Notify};
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
    /// What opens the secrets in it.
    age_key: Option<AgeKey>,
    /// Where it is at GitHub, and this server is an app there.
    github: Option<(Github, Credentials)>,
    /// Says that something was pushed.
    pushed: Notify,
    /// The same, for whoever follows reviews.
    reviewed: Notify,
    /// What whoever says so signs with; nobody is heard without one.
    webhook: Option<SecretString>,
}

impl StateRepo {
    /// Opens the copy.
    pub(crate) async fn open(config: StateConfig, heads: RecordHeads) -> Result<Self, StateError> {
        let StateConfig { place, folder, age_key, github, webhook } = config;
        // The first fetch puts a token in its place.
        let github = github.and_then(|config| Github::of(config, &place.address));
        let github = github.map(|github| (github, Credentials::of_token(String::new().into())));
        let credentials = github.as_ref().map(|(_, token)| token.clone()).or(place.credentials);
        let place = Place { credentials, ..place };
        let (again, within) = (place.clone(), folder.join("records"));
        let mirror = blocking(move || Mirror::open(&folder, place)).await?;
        let writing = blocking(move || Mirror::open(&within, again)).await?;
        let records = RecordBook::new(writing, heads);
        let (mirror, turn) = (Arc::new(mirror), Mutex::new(()));
        let (pushed, reviewed) = (Notify::new(), Notify::new());
        Ok(Self { mirror, records, turn, age_key, github, pushed, reviewed, webhook })
    }

    /// Sees to a token that is good where the state repo is at GitHub, for what is asked of a copy by itself.
    pub(crate) async fn sign_in(&self) -> Result<(), Failure> {
        if let Some((github, credentials)) = &self.github {
            credentials.renew(github.token().await?);
        }
        Ok(())
    }

    /// The token was not good any more: the next time there is another.
    pub(crate) async fn sign_out(&self) {
        if let Some((github, _)) = &self.github {
            github.forget().await;
        }
    }

    /// Where a commit can be looked at, where the state repo is at GitHub.
    pub(crate) fn page_of(&self, commit: &SourceCommit) -> Option<String> {
        let address = self.mirror.address();
        if self.github.is_none() && !address.is_github() {
            return None;
        }
        address.page_of(&commit.id)
    }

    /// What whoever says that something was pushed signs with.
    pub(crate) const fn webhook(&self) -> Option<&SecretString> {
        self.webhook.as_ref()
    }

    /// The tentacle as the commit of this id has it, with its secrets.
    ///
    /// # Errors
    /// As [`StateRepo::files`] and [`StateRepo::with_secrets`].
    pub(crate) async fn source(
        &self,
        commit: &str,
        enclave: &EnclaveName,
        name: &TentacleName,
    ) -> Result<Source, Failure> {
        let source = self.files(commit, enclave, name).await?;
        self.with_secrets(enclave, name, source).await
    }

    /// The tentacle as the commit of this id has it, with the secrets that lie beside it now: what a commit that brought it back would
    /// have, whose secrets stay as they are.
    ///
    /// # Errors
    /// As [`StateRepo::source`].
    pub(crate) async fn source_brought_back(
        &self,
        commit: &str,
        enclave: &EnclaveName,
        name: &TentacleName,
    ) -> Result<Source, Failure> {
        let source = self.files(commit, enclave, name).await?;
        let Some(newest) = self.ask(|mirror| mirror.newest_commit()).await? else { return Ok(source) };
        let secrets = self.secrets(newest, enclave, name, &source).await?;
        source.with_secrets(secrets)
    }

    /// The tentacle as the commit of this id has it, without secrets.
    ///
    /// # Errors
    /// When it is no commit of the branch, when what lies there is no tentacle, or when the state repo cannot be reached.
    pub(crate) async fn files(
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

    /// The same with the secrets that lie beside it there, which this server can open.
    ///
    /// # Errors
    /// When one cannot be opened, or the state repo cannot be reached.
    pub(crate) async fn with_secrets(
        &self,
        enclave: &EnclaveName,
        name: &TentacleName,
        source: Source,
    ) -> Result<Source, Failure> {
        let Some(commit) = source.commit.as_ref().and_then(|commit| commit.id.parse().ok()) else {
            return Ok(source);
        };
        let secrets = self.secrets(commit, enclave, name, &source).await?;
        source.with_secrets(secrets)
    }

    /// The files of secrets beside it that its contract asks for, each opened once to see that it can be.
    async fn secrets(
        &self,
        commit: CommitId,
        enclave: &EnclaveName,
        name: &TentacleName,
        source: &Source,
    ) -> Result<GitSecrets, Failure> {
        let services = GitSecrets::services(source.secrets().iter());
        if services.is_empty() {
            return Ok(GitSecrets::default());
        }
        let (place, tentacle) = (enclave.clone(), name.clone());
        let found = self.ask(move |mirror| mirror.secrets(commit, (&place, &tentacle), &services)).await;
        let secrets = GitSecrets(found?);
        secrets.check(enclave, name, self.age_key.as_ref())?;
        Ok(secrets)
    }

    /// To whom secrets in git are encrypted, so that this server opens them.
    pub(crate) fn recipient(&self) -> Option<String> {
        self.age_key.as_ref().map(|key| key.recipient().to_string())
    }

    /// An enclave as the newest commit of the branch has it.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or the enclave's folder is none.
    pub(crate) async fn enclave(&self, enclave: &EnclaveName) -> Result<InGit, Failure> {
        let enclave = enclave.clone();
        self.ask(move |mirror| {
            let tip = mirror.fetch()?.tip;
            news::in_git(mirror, tip, &enclave)
        })
        .await
    }

    /// Those of these tentacles that run from a commit beside which other secrets lay than at the commit `tip`, which was fetched
    /// before.
    ///
    /// # Errors
    /// When the copy cannot be read.
    pub(crate) async fn with_other_secrets(
        &self,
        tip: &SourceCommit,
        enclave: &EnclaveName,
        running: Vec<(TentacleName, SourceCommit)>,
    ) -> Result<Vec<TentacleName>, Failure> {
        let Ok(tip) = tip.id.parse::<CommitId>() else { return Ok(Vec::new()) };
        let at = |(name, commit): (TentacleName, SourceCommit)| Some((name, commit.id.parse().ok()?));
        let running: Vec<_> =
            running.into_iter().filter_map(at).filter(|(_, commit)| *commit != tip).collect();
        if running.is_empty() {
            return Ok(Vec::new());
        }
        let (mirror, enclave) = (Arc::clone(&self.mirror), enclave.clone());
        let looked = blocking(move || mirror.with_other_secrets(tip, &enclave, running)).await;
        looked.map_err(|error| refused(&error))
    }

    /// Asks the copy something, off the threads that serve.
    async fn ask<T: Send + 'static>(
        &self,
        question: impl Fn(&Mirror) -> Result<T, StateError> + Send + Sync + 'static,
    ) -> Result<T, Failure> {
        let _turn = self.turn.lock().await;
        let question = Arc::new(question);
        let once = || {
            let (mirror, question) = (Arc::clone(&self.mirror), Arc::clone(&question));
            blocking(move || question(&mirror))
        };
        let Some((github, credentials)) = &self.github else {
            return once().await.map_err(|error| refused(&error));
        };
        credentials.renew(github.token().await?);
        let asked = match once().await {
            // A token can be taken back before its time.
            Err(StateError::Remote(RemoteError::SignIn)) => {
                github.forget().await;
                credentials.renew(github.token().await?);
                once().await
            }
            other => other,
        };
        asked.map_err(|error| refused(&error))
    }

    /// Says at the commit what became of its deploy, where the state repo is at GitHub.
    pub(crate) fn tell(&self, commit: &SourceCommit, of: (&EnclaveName, &TentacleName), outcome: Outcome) {
        if let Some((github, _)) = &self.github {
            github.tell(&commit.id, of, outcome);
        }
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
