//! A push to a repository that is a folder of this machine.

use crate::error::StateError;
use crate::names::{BranchName, CommitId};
use crate::remote::{Pushed, RemoteError};
use git2::{ErrorCode, Oid, Repository};
use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// In the repository's folder, while the server or the Kraken has a turn.
const MARK: &str = "tentacular-turn";

/// How long a turn is waited for. It takes no longer than git's own lock.
const TURN_WITHIN: Duration = Duration::from_secs(5);

/// How old git's lock of a branch must be until nobody can work under it any more: for that, git needs a moment and no more.
const LONG: Duration = Duration::from_secs(60);

/// The same where one of us is known to have died under it.
const AFTER_A_DEATH: Duration = Duration::from_secs(1);

/// A push to a folder of this machine: the objects, then the branch, if it still stands where it stood.
pub(crate) fn push(
    from: &Repository,
    to: &Repository,
    (branch, old): (&BranchName, Option<Oid>),
    new: CommitId,
) -> Result<Pushed, StateError> {
    let name = branch.reference();
    let checked_out = !to.is_bare() && to.head().is_ok_and(|head| head.name_bytes() == name.as_bytes());
    if checked_out {
        let why = format!("`{branch}` is checked out there, and what is checked out would not follow");
        return Err(RemoteError::Rejected(why).into());
    }
    let mut walk = from.revwalk()?;
    walk.push(new.0)?;
    if let Some(old) = old {
        walk.hide(old)?;
    }
    let mut pack = from.packbuilder()?;
    pack.insert_walk(&mut walk)?;
    let mut bytes = git2::Buf::new();
    pack.write_buf(&mut bytes)?;
    let objects = to.odb()?;
    let mut writer = objects.packwriter()?;
    writer.write_all(&bytes).map_err(|error| StateError::Git(error.to_string()))?;
    writer.commit()?;
    let lock = to.path().join(format!("{name}.lock"));
    let turn = Turn::take(to.path(), &lock);
    let_go(&lock, turn.as_ref().is_some_and(|turn| turn.after_a_death))?;
    let moved = match old {
        // Compared and set in one step, under the lock that git itself takes.
        Some(old) => to.reference_matching(&name, new.0, true, old, "push"),
        None => to.reference(&name, new.0, false, "push"),
    };
    match moved {
        Ok(_) => Ok(Pushed::Done),
        Err(error) if error.code() == ErrorCode::Locked => Ok(Pushed::Held),
        Err(error)
            if matches!(error.code(), ErrorCode::Modified | ErrorCode::Exists | ErrorCode::NotFound) =>
        {
            Ok(Pushed::Lost)
        }
        Err(error) => Err(error.into()),
    }
}

/// A turn to move branches. Git's lock outlives whoever dies under it; this one, on the repository's folder itself, ends with its
/// process, and a mark in it tells the next one whether that was in the middle.
struct Turn {
    _folder: File,
    /// Whether whoever had it before died in it, and git's lock may be theirs.
    after_a_death: bool,
    mark: PathBuf,
    lock: PathBuf,
}

impl Turn {
    /// Takes it. It makes the way after a death shorter and nothing else: where it cannot be had, it is done without. Nothing that
    /// somebody has put where the mark belongs is opened.
    fn take(repo: &Path, lock: &Path) -> Option<Self> {
        let folder = File::open(repo).ok()?;
        let began = Instant::now();
        while let Err(error) = folder.try_lock() {
            if matches!(error, TryLockError::Error(_)) || began.elapsed() > TURN_WITHIN {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let mark = repo.join(MARK);
        let after_a_death = match File::create_new(&mark) {
            Ok(_) => false,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => true,
            Err(_) => return None,
        };
        Some(Self { _folder: folder, after_a_death, mark, lock: lock.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        // What the dead have left stays known until it is put away.
        if !(self.after_a_death && self.lock.exists()) {
            // Where this fails, a lock that somebody else takes next is believed to be ours.
            let _ = fs::remove_file(&self.mark);
        }
    }
}

/// Puts away what a process has left that died when it held a branch.
fn let_go(lock: &Path, after_a_death: bool) -> Result<(), StateError> {
    let long = if after_a_death { AFTER_A_DEATH } else { LONG };
    let held = fs::metadata(lock).and_then(|lock| lock.modified()).ok();
    // From either side: the clock may have been set.
    match held.map(|since| since.elapsed().unwrap_or_else(|ahead| ahead.duration())) {
        Some(age) if age > long => match fs::remove_file(lock) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StateError::io(lock)(error)),
            _ => Ok(()),
        },
        _ => Ok(()),
    }
}
