//! The flags of GitHub: this server as an app of the place where the state repo is.

use super::{ConfigError, StateArgs};
use clap::Args;
use jsonwebtoken::EncodingKey;
use secrecy::{ExposeSecret, SecretString};
use std::fmt;
use std::path::PathBuf;
use url::Url;
use wire::loopback::is_loopback;

/// A state repo at GitHub, which this server enters as an app that is installed there: it may write contents, because it
/// writes the records of enclaves, and commit statuses; where enclaves want reviews also pull requests, and read checks.
#[derive(Debug, Clone, Args)]
pub struct GithubArgs {
    /// The id of the app, instead of `--state-credentials`.
    #[arg(long, env = "TENTACULAR_GITHUB_APP", requires = "github_key")]
    pub github_app: Option<u64>,
    /// The file with the app's private key, as GitHub gives it (RSA, PEM).
    #[arg(long, env = "TENTACULAR_GITHUB_KEY", requires = "github_app")]
    pub github_key: Option<PathBuf>,
    /// The address of GitHub's API; another for GitHub Enterprise Server, e.g. `https://github.example/api/v3`.
    #[arg(long, env = "TENTACULAR_GITHUB_API", default_value = "https://api.github.com")]
    pub github_api: Url,
}

/// The app, with its key.
#[derive(Clone)]
pub(crate) struct GithubConfig {
    pub(crate) app: u64,
    pub(crate) key: EncodingKey,
    pub(crate) api: Url,
}

impl GithubArgs {
    /// Adds what cannot be used.
    pub(super) fn check(&self, state: &StateArgs, problems: &mut Vec<String>) {
        if self.github_app.is_none() {
            return;
        }
        let address =
            state.state_repo.as_deref().and_then(|address| address.parse::<state_repo::RepoAddress>().ok());
        if address.as_ref().is_none_or(|address| address.hosted().is_none()) {
            problems.push(
                "--github-app needs a --state-repo at GitHub, such as `https://github.com/team/state.git`"
                    .to_owned(),
            );
        }
        if state.state_credentials.is_some() {
            problems.push("--github-app and --state-credentials: give one of the two".to_owned());
        }
        let api = &self.github_api;
        if !(api.scheme() == "https" || api.scheme() == "http" && is_loopback(api)) {
            problems.push(format!("--github-api `{api}` must be https, or on this machine"));
        }
    }

    /// The app and its key, read; `None` where there is none.
    pub(super) fn read(&self) -> Result<Option<GithubConfig>, ConfigError> {
        let (Some(app), Some(file)) = (self.github_app, &self.github_key) else { return Ok(None) };
        let wrong = |what: &dyn fmt::Display| {
            ConfigError::one(format!("--github-key `{}` cannot be used: {what}", file.display()))
        };
        let text = std::fs::read_to_string(file).map(SecretString::from).map_err(|error| wrong(&error))?;
        let key = EncodingKey::from_rsa_pem(text.expose_secret().as_bytes());
        let key = key.map_err(|_| wrong(&"it holds no RSA key in PEM"))?;
        Ok(Some(GithubConfig { app, key, api: self.github_api.clone() }))
    }
}

impl fmt::Debug for GithubConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GithubConfig").field("app", &self.app).field("api", &self.api).finish_non_exhaustive()
    }
}
