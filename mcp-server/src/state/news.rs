//! What is new in the state repo: looked for now and then, and when somebody says that something was pushed.

use super::{InGit, MOST, StateRepo, told};
use state_repo::{CommitId, Found, Mirror, StateError};
use wire::Failure;
use workflow::EnclaveName;

/// Enclaves as a commit has them.
pub(crate) struct AtTip {
    pub(crate) tip: CommitId,
    /// Those whose folder can be read.
    pub(crate) enclaves: Vec<(EnclaveName, InGit)>,
}

impl StateRepo {
    /// Somebody says that something was pushed: nothing of what they say is believed but that.
    pub(crate) fn was_pushed(&self) {
        self.pushed.notify_one();
        self.reviewed.notify_one();
    }

    /// Waits until somebody says that something happened, for whoever follows reviews.
    pub(crate) async fn happened(&self) {
        self.reviewed.notified().await;
    }

    /// Waits until somebody says so.
    pub(crate) async fn pushed(&self) {
        self.pushed.notified().await;
    }

    /// These enclaves as the newest commit has them; nothing where that is `known` already.
    ///
    /// # Errors
    /// When the state repo cannot be reached.
    pub(crate) async fn since(
        &self,
        known: Option<CommitId>,
        enclaves: Vec<EnclaveName>,
    ) -> Result<Option<AtTip>, Failure> {
        self.ask(move |mirror| {
            let tip = mirror.fetch()?.tip;
            if known == Some(tip) {
                return Ok(None);
            }
            let mut found = Vec::new();
            for enclave in &enclaves {
                match in_git(mirror, tip, enclave) {
                    Ok(in_git) => found.push((enclave.clone(), in_git)),
                    Err(error) if error.is_ours() => return Err(error),
                    Err(error) => {
                        tracing::warn!(enclave.name = %enclave, %error, "an enclave in git cannot be read");
                    }
                }
            }
            Ok(Some(AtTip { tip, enclaves: found }))
        })
        .await
    }
}

/// An enclave as a commit that was fetched has it.
pub(super) fn in_git(mirror: &Mirror, tip: CommitId, enclave: &EnclaveName) -> Result<InGit, StateError> {
    let mut found = mirror.tentacles(tip, enclave, MOST + 1)?;
    let truncated = found.len() > MOST;
    found.truncate(MOST);
    let kept = |Found { name, content }: Found| match content {
        Err(error) if error.is_ours() => Err(error),
        content => Ok((name, content.map(|hash| hash.to_string()).map_err(|error| error.to_string()))),
    };
    let kept = found.into_iter().map(kept).collect::<Result<_, StateError>>()?;
    let record = match mirror.record(tip, enclave) {
        Err(error) if error.is_ours() => return Err(error),
        other => other.map_err(|error| error.to_string()),
    };
    Ok(InGit { head: told(mirror.committed(tip)?), record, kept, truncated })
}
