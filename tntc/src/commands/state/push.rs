//! `tntc state push`.

use super::{Here, credentials};
use crate::failed::Failed;
use crate::output::{Output, View};
use serde::Serialize;
use std::path::PathBuf;

/// How to push.
#[derive(Debug, clap::Args)]
pub(crate) struct Push {
    #[command(flatten)]
    here: Here,
    /// What opens the repository's server: a token, or `user:password`, in this file; by SSH a private key
    #[arg(long, env = "TENTACULAR_STATE_CREDENTIALS", value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// The file with the host's key, by SSH: such as `~/.ssh/known_hosts`
    #[arg(long, env = "TENTACULAR_STATE_KNOWN_HOSTS", value_name = "FILE", requires = "credentials")]
    known_hosts: Option<PathBuf>,
}

/// Where the branch stands now.
#[derive(Debug, Serialize)]
struct Done {
    commit: String,
    /// Whether something was pushed.
    pushed: bool,
}

impl Push {
    pub(crate) fn run(&self, output: Output) -> Result<(), Failed> {
        let opens = credentials(self.credentials.as_deref(), self.known_hosts.as_deref())?;
        let (at, pushed) = self.here.open()?.push(opens, self.here.key()?.as_ref())?;
        let said = if pushed { "pushed" } else { "there is nothing to push" };
        let view = |done: &Done| View::new().verdict(true, said).values([("Commit", done.commit.clone())]);
        Ok(output.show(&Done { commit: at.to_string(), pushed }, view)?)
    }
}
