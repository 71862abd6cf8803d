//! The folder of everything that `up` keeps, held against a second `up`.

use super::ports::Ports;
use super::world::World;
use crate::private_file::{self, PrivateFileError};
use serde::{Deserialize, Serialize};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Why the folder cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StateError {
    /// A file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The lock.
    #[error("cannot lock `{path}`: {error}")]
    Lock {
        /// The file.
        path: PathBuf,
        /// What the system said.
        error: std::io::Error,
    },
    /// Another `up` has it.
    #[error("it runs already (process {pid}): open {page}")]
    Runs {
        /// Which process.
        pid: u32,
        /// Its page, with the secret.
        page: String,
    },
    /// Another `up` has it and is only starting, or ending.
    #[error("another `tntc up` has `{0}` and is starting or ending; wait a moment")]
    Busy(PathBuf),
    /// None has it.
    #[error("nothing runs in `{0}`; start it with `tntc up`")]
    Idle(PathBuf),
    /// A path that the services could not be told.
    #[error("the state cannot be kept in `{0}`: choose a path without `?`, `%`, `#` and line ends")]
    Path(PathBuf),
    /// It cannot be written as JSON.
    #[error("`{path}` is damaged: {error}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Where and how.
        error: serde_json::Error,
    },
}

/// The folder. Nobody else has it for as long as this lives.
#[derive(Debug)]
pub(crate) struct State {
    folder: PathBuf,
    _lock: File,
}

/// What others need to know of one that runs.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Running {
    pid: u32,
    ports: Ports,
}

impl State {
    /// Takes the folder, and makes it where it is not there.
    pub(crate) fn open(folder: &Path) -> Result<Self, StateError> {
        // The server takes its store as an address, in which these have a meaning.
        if folder.to_str().is_none_or(|text| text.contains(['?', '%', '#', '\n', '\r'])) {
            return Err(StateError::Path(folder.to_owned()));
        }
        private_file::folder(folder)?;
        match lock(folder)? {
            Some(lock) => {
                // What the last one noted is not so any more.
                private_file::remove(&running_file(folder))?;
                Ok(Self { folder: folder.to_owned(), _lock: lock })
            }
            None => Err(match running(folder)? {
                Some(Running { pid, ports }) => {
                    let page = World::at(folder, ports).page();
                    page.map_or(StateError::Busy(folder.to_owned()), |page| StateError::Runs { pid, page })
                }
                None => StateError::Busy(folder.to_owned()),
            }),
        }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Everything that hangs on the address where people sign in.
    pub(crate) fn world(&self, ports: Ports) -> Result<World, StateError> {
        let world = World::at(&self.folder, ports);
        private_file::folder(world.folder())?;
        Ok(world)
    }

    /// Notes for others where it runs.
    pub(crate) fn note_running(&self, world: &World) -> Result<(), StateError> {
        let path = running_file(&self.folder);
        let running = Running { pid: std::process::id(), ports: world.ports() };
        let text = serde_json::to_vec(&running)
            .map_err(|error| StateError::Damaged { path: path.clone(), error })?;
        Ok(private_file::write(&path, &text)?)
    }
}

/// The world of the `up` that runs in `folder`.
pub(crate) fn running_world(folder: &Path) -> Result<World, StateError> {
    let idle = || StateError::Idle(folder.to_owned());
    if !folder.is_dir() || lock(folder)?.is_some() {
        return Err(idle());
    }
    let running = running(folder)?.ok_or_else(idle)?;
    Ok(World::at(folder, running.ports))
}

fn running_file(folder: &Path) -> PathBuf {
    folder.join("running.json")
}

fn running(folder: &Path) -> Result<Option<Running>, StateError> {
    let path = running_file(folder);
    let text = private_file::read(&path)?;
    let read =
        |text: String| serde_json::from_str(&text).map_err(|error| StateError::Damaged { path, error });
    text.map(read).transpose()
}

/// Takes the lock; none when another process has it.
fn lock(folder: &Path) -> Result<Option<File>, StateError> {
    let path = folder.join("lock");
    let failed = |error| StateError::Lock { path: path.clone(), error };
    let file = File::options().create(true).append(true).open(&path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORTS: Ports = Ports { workspace: 1, server: 2 };

    #[test]
    fn a_second_one_is_told_where_the_first_is() {
        let dir = tempfile::tempdir().unwrap();
        let state = State::open(dir.path()).unwrap();
        assert!(matches!(State::open(dir.path()), Err(StateError::Busy(_))));
        let world = state.world(PORTS).unwrap();
        world.prepare().unwrap();
        state.note_running(&world).unwrap();
        let told = State::open(dir.path()).unwrap_err().to_string();
        assert!(told.contains("http://127.0.0.1:1/?secret="), "{told}");
        assert_eq!(running_world(dir.path()).unwrap().ports(), PORTS);
        drop(state);
        assert!(matches!(running_world(dir.path()), Err(StateError::Idle(_))));
        assert!(State::open(dir.path()).is_ok());
    }

    #[test]
    fn a_folder_that_cannot_be_told_is_refused_before_it_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("what?");
        assert!(matches!(State::open(&odd), Err(StateError::Path(_))));
        assert!(!odd.exists());
    }
}
