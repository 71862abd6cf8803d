//! The state repo, as the Kraken commits to it for people: one clone, and one piece of work on it at a time.

mod base;
mod came;
mod sides;

pub(crate) use sides::{Change, Names, ProposedHere, Put, Sides, Standing, What};

use crate::config::StateConfig;
use crate::working_copy::{WorkingCopy, WorkingCopyError};
use state_repo::{
    Archived, BroughtBack, CommitId, Committed, Mirror, ProposalBranch, SigningKey, StateError,
};
use std::sync::Arc;
use tokio::sync::Mutex;
use workflow::{EnclaveName, TentacleName};

/// Why a tentacle's two sides are not brought together.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateStop {
    /// The disk copy.
    #[error(transparent)]
    Copy(#[from] WorkingCopyError),
    /// The state repo.
    #[error(transparent)]
    Repo(#[from] StateError),
}

/// The Kraken's clone of the state repo.
#[derive(Debug)]
pub(crate) struct StateRepo {
    mirror: Arc<Mirror>,
    key: Option<Arc<SigningKey>>,
    /// One piece of work at a time: whoever waits holds no thread.
    turn: Mutex<()>,
}

impl StateRepo {
    /// Opens the clone.
    ///
    /// # Errors
    /// When another process has it, or the disk says no.
    pub(crate) async fn open(config: StateConfig) -> Result<Self, StateError> {
        let StateConfig { place, folder, key } = config;
        let open = move || Mirror::open(&folder, place);
        let mirror = tokio::task::spawn_blocking(open).await.map_err(lost)??;
        Ok(Self { mirror: Arc::new(mirror), key: key.map(Arc::new), turn: Mutex::new(()) })
    }

    /// How a tentacle stands on the disk and in git. Nothing is changed.
    pub(crate) async fn look(&self, copy: &WorkingCopy, names: &Names) -> Result<Standing, StateStop> {
        self.work(copy, names, |sides| sides.look()).await
    }

    /// Commits and pushes what is on the disk, and lets the disk follow what is in git; answers the commit that has the
    /// tentacle, or nothing where there is none of it.
    pub(crate) async fn carry(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        change: Change,
    ) -> Result<Option<Committed>, StateStop> {
        let key = self.key.clone();
        self.work(copy, names, move |sides| sides.carry(&change, key.as_deref())).await
    }

    /// Whether the disk has changes of its own, where git has the content of this name.
    pub(crate) async fn has_changes(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        git: Option<String>,
    ) -> Result<bool, StateStop> {
        self.work(copy, names, move |sides| sides.has_changes(git.as_deref())).await
    }

    /// Commits and pushes what a commit of before had, with these words. Nothing where the disk has changes of its own, which would
    /// be lost, or git has the tentacle no more: then how the two stand to each other.
    pub(crate) async fn roll_back(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        (to, message): (CommitId, String),
        change: Change,
    ) -> Result<Result<Committed, Standing>, StateStop> {
        let key = self.key.clone();
        self.work(copy, names, move |sides| sides.roll_back(to, message, &change, key.as_deref())).await
    }

    /// What was proposed last of a tentacle, and is not known to be merged.
    pub(crate) async fn proposed(
        &self,
        copy: &WorkingCopy,
        names: &Names,
    ) -> Result<Option<ProposedHere>, StateStop> {
        self.work(copy, names, |sides| Ok(sides.proposed())).await
    }

    /// Pushes a change to a branch of its own, for others to review.
    pub(crate) async fn propose(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        (what, branch): (What, ProposalBranch),
        change: Change,
    ) -> Result<Put, StateStop> {
        let key = self.key.clone();
        self.work(copy, names, move |sides| sides.propose(&what, &branch, &change, key.as_deref())).await
    }

    /// The pull request of what was proposed is this.
    pub(crate) async fn is_numbered(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        number: u64,
    ) -> Result<(), StateStop> {
        self.work(copy, names, move |sides| sides.is_numbered(number)).await
    }

    /// What was proposed is in git: the disk follows.
    pub(crate) async fn merged(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        (number, head, merged_as): (u64, String, String),
    ) -> Result<(), StateStop> {
        self.work(copy, names, move |sides| sides.merged(number, (&head, &merged_as))).await
    }

    /// The tentacles of an archived enclave that are not in the enclave `into`.
    pub(crate) async fn archived(
        &self,
        from: Archived,
        into: EnclaveName,
    ) -> Result<Vec<TentacleName>, StateError> {
        let _turn = self.turn.lock().await;
        let mirror = Arc::clone(&self.mirror);
        tokio::task::spawn_blocking(move || mirror.archived(&from, &into)).await.map_err(lost)?
    }

    /// Moves these tentacles from the archive back among the enclave's; answers which came.
    pub(crate) async fn bring_back(
        &self,
        (from, into): (Archived, EnclaveName),
        tentacles: Vec<TentacleName>,
        change: Change,
    ) -> Result<Vec<TentacleName>, StateError> {
        let _turn = self.turn.lock().await;
        let (mirror, key) = (Arc::clone(&self.mirror), self.key.clone());
        let Change { author, trailers } = change;
        let (tentacles, committer) = (tentacles.into_iter().collect(), sides::kraken());
        let back = BroughtBack { from, into, tentacles, author, committer, trailers };
        let work = move || mirror.bring_back(&back, key.as_deref());
        tokio::task::spawn_blocking(work).await.map_err(lost)?
    }

    async fn work<T: Send + 'static>(
        &self,
        copy: &WorkingCopy,
        names: &Names,
        work: impl FnOnce(&Sides<'_>) -> Result<T, StateStop> + Send + 'static,
    ) -> Result<T, StateStop> {
        let _turn = self.turn.lock().await;
        let (mirror, copy, names) = (Arc::clone(&self.mirror), copy.clone(), names.clone());
        let work = move || work(&Sides { mirror: &mirror, copy: &copy, names: &names });
        tokio::task::spawn_blocking(work).await.map_err(lost)?
    }
}

fn lost(error: tokio::task::JoinError) -> StateError {
    StateError::Git(error.to_string())
}

#[cfg(test)]
mod tests;
