//! The state repo that `up` uses: the one in its folder, or one of your own.

use super::world::World;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// How often it is looked what is new in a repository that others push to, in seconds.
const POLL: &str = "5";

/// A state repo of your own, instead of the one in the folder.
#[derive(Debug, Clone, Default, clap::Args)]
pub(super) struct OwnRepo {
    /// A state repo of your own, e.g. `https://github.com/team/state.git` or `git@git.example:team/state.git`, instead of the one in
    /// the folder
    #[arg(long, value_name = "URL", requires = "state_credentials")]
    state_repo: Option<String>,
    /// What opens it for the Kraken, which commits there: a token that may write, `user:password`, or a private key for SSH
    #[arg(long, value_name = "FILE", requires = "state_repo")]
    state_credentials: Option<PathBuf>,
    /// A file of known hosts with the key of its host, where it is reached by SSH
    #[arg(long, value_name = "FILE", requires = "state_credentials")]
    state_known_hosts: Option<PathBuf>,
    /// The GitHub App that the server is there: with it changes can be reviewed
    #[arg(long, value_name = "ID", requires_all = ["state_repo", "github_key"])]
    github_app: Option<u64>,
    /// The app's private key
    #[arg(long, value_name = "FILE", requires = "github_app")]
    github_key: Option<PathBuf>,
    /// GitHub's API, where it is not at github.com
    #[arg(long, value_name = "URL", requires = "github_app")]
    github_api: Option<String>,
}

/// Who uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum User {
    Server,
    Kraken,
}

impl OwnRepo {
    /// Where it is.
    pub(super) fn address(&self, world: &World) -> OsString {
        match &self.state_repo {
            Some(address) => address.into(),
            None => {
                let mut address = OsString::from("file://");
                address.push(world.state_repo());
                address
            }
        }
    }

    /// How people are told where it is.
    pub(super) fn shown(&self) -> Option<&str> {
        self.state_repo.as_deref()
    }

    /// The flags that open it.
    pub(super) fn flags(&self, user: User) -> Vec<OsString> {
        let mut flags = Vec::new();
        let mut flag = |name: &str, value: Option<OsString>| {
            flags.extend(value.into_iter().flat_map(|value| [OsString::from(name), value]));
        };
        // The services stand in another folder.
        let at = |path: &Path| {
            let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
            path.into_os_string()
        };
        let is_app = user == User::Server && self.github_app.is_some();
        if is_app {
            flag("--github-app", self.github_app.map(|id| id.to_string().into()));
            flag("--github-key", self.github_key.as_deref().map(at));
            flag("--github-api", self.github_api.as_ref().map(Into::into));
        } else {
            flag("--state-credentials", self.state_credentials.as_deref().map(at));
            flag("--state-known-hosts", self.state_known_hosts.as_deref().map(at));
        }
        if user == User::Server && self.state_repo.is_some() {
            flag("--state-poll", Some(POLL.into()));
        }
        flags
    }
}
