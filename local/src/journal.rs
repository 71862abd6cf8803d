//! State that survives: an append-only file of changes, flushed to the disk before anybody is told of them.
//!
//! A line is one transaction, so a crash keeps all of it or nothing. A file rather than a database, because what is
//! kept is small, is read whole at the start, and can be followed with `tail -f` while trying things.

use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use tokio::sync::{Mutex, watch};

mod file;

use file::Appender;

/// A state that is the sum of its changes.
pub(crate) trait Replay:
    Clone + Default + Serialize + DeserializeOwned + Send + Sync + 'static
{
    /// What can happen to it.
    type Change: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// Carries out one change. It was decided before, so it cannot fail; the same changes give the same state.
    fn apply(&mut self, change: &Self::Change);

    /// Whether somebody who looks at the state would see the difference.
    fn is_visible(change: &Self::Change) -> bool;
}

/// Why a state cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file cannot be opened, read or written.
    #[error("cannot use `{path}`: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A complete line of the file means nothing to this version.
    #[error("line {line} of `{path}` cannot be read: {source}; move the file away to start anew")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// An earlier write failed, so what is on the disk is not known until the next start.
    #[error("an earlier write to `{path}` failed; nothing is changed until the next start")]
    Broken {
        /// Which file.
        path: PathBuf,
    },
}

/// A transaction: a copy of the state that changes are tried on.
pub(crate) struct Draft<S: Replay> {
    state: S,
    changes: Vec<S::Change>,
}

impl<S: Replay> Draft<S> {
    /// Makes one change; later reads of this draft see it.
    pub(crate) fn make(&mut self, change: S::Change) {
        self.state.apply(&change);
        self.changes.push(change);
    }
}

impl<S: Replay> Deref for Draft<S> {
    type Target = S;

    fn deref(&self) -> &S {
        &self.state
    }
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line<S, C> {
    /// The state as it was when the file was last written anew.
    State(S),
    /// One transaction.
    Changes(Vec<C>),
}

/// A state, its file, and who waits for it to change.
pub(crate) struct Store<S: Replay> {
    published: Arc<Published<S>>,
    file: Arc<Mutex<Appender>>,
}

struct Published<S> {
    current: RwLock<Arc<S>>,
    seen: watch::Sender<u64>,
    all: watch::Sender<u64>,
}

impl<S> Published<S> {
    fn publish(&self, state: S, visible: bool) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(state);
        self.all.send_modify(|number| *number += 1);
        if visible {
            self.seen.send_modify(|number| *number += 1);
        }
    }
}

/// A file with more lines than this is written anew, as one, at the next start.
const LINES_BEFORE_COMPACTION: usize = 20_000;

impl<S: Replay> Store<S> {
    /// Reads the file, or begins one.
    pub(crate) async fn open(path: &Path) -> Result<Self, JournalError> {
        let owned = path.to_owned();
        let (state, file) = tokio::task::spawn_blocking(move || replay::<S>(&owned))
            .await
            .map_err(|stopped| file::failure(path, std::io::Error::other(stopped)))??;
        let published = Published {
            current: RwLock::new(Arc::new(state)),
            seen: watch::Sender::new(0),
            all: watch::Sender::new(0),
        };
        Ok(Self { published: Arc::new(published), file: Arc::new(Mutex::new(file)) })
    }

    /// The state as of now.
    pub(crate) fn now(&self) -> Arc<S> {
        Arc::clone(&self.published.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A number that grows with every change that can be seen.
    pub(crate) fn watch(&self) -> watch::Receiver<u64> {
        self.published.seen.subscribe()
    }

    /// A number that grows with every change.
    pub(crate) fn watch_all(&self) -> watch::Receiver<u64> {
        self.published.all.subscribe()
    }

    /// Decides on a draft; what it changed is on the disk when this returns. An error changes nothing.
    ///
    /// A caller that goes away while the disk is busy (a client that hangs up) does not undo the change.
    pub(crate) async fn write<T, E>(
        &self,
        decide: impl FnOnce(&mut Draft<S>) -> Result<T, E>,
    ) -> Result<Result<T, E>, JournalError> {
        let mut file = Arc::clone(&self.file).lock_owned().await;
        let mut draft = Draft { state: S::clone(&self.now()), changes: Vec::new() };
        let outcome = decide(&mut draft);
        if outcome.is_err() || draft.changes.is_empty() {
            return Ok(outcome);
        }
        let path = file.path().to_owned();
        let published = Arc::clone(&self.published);
        let committed = tokio::task::spawn_blocking(move || {
            let visible = draft.changes.iter().any(S::is_visible);
            file.append(&Line::<S, _>::Changes(draft.changes))?;
            published.publish(draft.state, visible);
            Ok(())
        });
        committed.await.map_err(|stopped| file::failure(&path, std::io::Error::other(stopped)))??;
        Ok(outcome)
    }
}

fn replay<S: Replay>(path: &Path) -> Result<(S, Appender), JournalError> {
    let text = file::read_whole_lines(path)?;
    let mut state = S::default();
    let mut lines = 0;
    for line in text.lines() {
        lines += 1;
        match serde_json::from_str::<Line<S, S::Change>>(line) {
            Ok(Line::State(whole)) => state = whole,
            Ok(Line::Changes(changes)) => changes.iter().for_each(|change| state.apply(change)),
            Err(source) => return Err(JournalError::Damaged { path: path.to_owned(), line: lines, source }),
        }
    }
    if lines > LINES_BEFORE_COMPACTION {
        file::write_anew(path, &Line::<_, S::Change>::State(&state))?;
    }
    Ok((state, Appender::open(path)?))
}

#[cfg(test)]
mod tests;
