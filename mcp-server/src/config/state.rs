//! The flags of the state repo.

use super::{GithubArgs, GithubConfig};
use clap::Args;
use secrecy::SecretString;
use state_repo::{AgeKey, BranchName, Place, RepoAddress};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where deploys come from.
#[derive(Debug, Clone, Args)]
pub struct StateArgs {
    /// The repository that deploys come from, e.g. `https://git.example/team/state.git`,
    /// `git@git.example:team/state.git` or `file:///srv/state.git`: then a
    /// deploy names a commit, and files in the call are refused. Without it they travel in the call.
    #[arg(long, env = "TENTACULAR_STATE_REPO", requires = "state_dir")]
    pub state_repo: Option<String>,
    /// The branch of the state repo that a commit must be on.
    #[arg(long, env = "TENTACULAR_STATE_BRANCH", default_value = "main")]
    pub state_branch: String,
    /// A file with what opens the state repo: a token, or `user:password`; a private key as OpenSSH writes it where it is reached
    /// by SSH.
    #[arg(long, env = "TENTACULAR_STATE_CREDENTIALS")]
    pub state_credentials: Option<PathBuf>,
    /// A file of known hosts, as OpenSSH has it, with the key of the state repo's host: for one that is reached by SSH. A host
    /// that is not in it is not spoken to.
    #[arg(long, env = "TENTACULAR_STATE_KNOWN_HOSTS", requires = "state_credentials")]
    pub state_known_hosts: Option<PathBuf>,
    /// A file with the age identity that opens the secrets in the state repo; several, one a line, where it was replaced: the
    /// first is the one that people encrypt to. Without it secrets in git are not taken.
    #[arg(long, env = "TENTACULAR_STATE_AGE_KEY", requires = "state_repo")]
    pub state_age_key: Option<PathBuf>,
    /// The folder for this server's own copy of the state repo. It is a cache: it may be removed while the server is not
    /// running.
    #[arg(long, env = "TENTACULAR_STATE_DIR")]
    pub state_dir: Option<PathBuf>,
    /// How often it is looked whether something new is in the state repo, in seconds: 60 where nothing else is said. With 0 it is
    /// looked only when it is needed, or when the webhook is called.
    #[arg(long, env = "TENTACULAR_STATE_POLL", value_name = "SECONDS", requires = "state_repo")]
    pub state_poll: Option<u32>,
    /// A file with the secret with which the place where git is kept signs that something was pushed, as GitHub does; it calls
    /// `<public-url>/git/webhook`. Without it nobody is heard there.
    #[arg(long, env = "TENTACULAR_GIT_WEBHOOK", value_name = "FILE", requires = "state_repo")]
    pub git_webhook: Option<PathBuf>,
    /// The state repo at GitHub.
    #[command(flatten)]
    pub github: GithubArgs,
}

/// The state repo as it is configured.
#[derive(Debug)]
pub(crate) struct StateConfig {
    pub(crate) place: Place,
    pub(crate) folder: PathBuf,
    pub(crate) age_key: Option<AgeKey>,
    pub(crate) github: Option<GithubConfig>,
    /// The secret of who says that something was pushed.
    pub(crate) webhook: Option<SecretString>,
}

impl StateArgs {
    /// Adds what cannot be used.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        self.github.check(self, problems);
        let Some(address) = &self.state_repo else { return };
        if let Err(error) = address.parse::<RepoAddress>() {
            problems.push(format!("--state-repo: {error}"));
        }
        if let Err(error) = self.state_branch.parse::<BranchName>() {
            problems.push(format!("--state-branch: {error}"));
        }
        if self.state_dir.is_none() {
            problems.push("--state-repo needs --state-dir, the folder for the server's own copy".to_owned());
        }
    }

    /// The whole of it, read; `None` where there is no state repo.
    pub(crate) fn read(&self) -> Result<Option<StateConfig>, super::ConfigError> {
        let (Some(address), Some(folder)) = (&self.state_repo, &self.state_dir) else { return Ok(None) };
        let wrong = |problem: String| super::ConfigError::one(problem);
        let credentials = self.state_credentials.as_deref();
        let place = Place::read(address, &self.state_branch, credentials, self.state_known_hosts.as_deref())
            .map_err(|error| wrong(error.to_string()))?;
        let webhook = self.git_webhook.as_deref().map(secret).transpose().map_err(wrong)?;
        Ok(Some(StateConfig {
            place,
            folder: folder.clone(),
            age_key: self.age_key()?,
            github: self.github.read()?,
            webhook,
        }))
    }

    /// How often it is looked, where nothing is said so often as this; nothing where nobody is to look.
    pub(crate) fn poll(&self, usually: Duration) -> Option<Duration> {
        match self.state_poll {
            None => Some(usually),
            Some(0) => None,
            Some(seconds) => Some(Duration::from_secs(seconds.into())),
        }
    }

    /// The key that opens the secrets in git, where there is one.
    pub(crate) fn age_key(&self) -> Result<Option<AgeKey>, super::ConfigError> {
        let read = |file: &PathBuf| {
            let wrong = |what: &dyn std::fmt::Display| {
                super::ConfigError::one(format!(
                    "--state-age-key `{}` cannot be used: {what}",
                    file.display()
                ))
            };
            let text =
                std::fs::read_to_string(file).map(SecretString::from).map_err(|error| wrong(&error))?;
            AgeKey::read(&text).map_err(|error| wrong(&error))
        };
        self.state_age_key.as_ref().map(read).transpose()
    }
}

/// The fewest bytes of a secret that nobody guesses.
const FEWEST: usize = 16;

/// The secret in a file.
fn secret(file: &Path) -> Result<SecretString, String> {
    let shown = file.display();
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("--git-webhook `{shown}` cannot be read: {error}"))?;
    match text.trim() {
        secret if secret.len() < FEWEST => {
            Err(format!("--git-webhook `{shown}` holds no secret of at least {FEWEST} characters"))
        }
        secret => Ok(secret.into()),
    }
}
