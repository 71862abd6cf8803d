//! What was installed or built once: folders below the user's cache, each either whole or absent.
//!
//! An entry is made in a folder beside its place and renamed at the end, under a lock, so that a killed build leaves
//! nothing that looks finished and two `xtask`s do not build the same thing twice.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result};
use sha2::{Digest as _, Sha256};

use crate::console;

/// The folder of all entries.
#[derive(Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

/// How one entry is named and announced.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    /// The folder's name, with everything in it that makes this entry differ from others: `runsc-20260905`.
    pub(crate) key: &'a str,
    /// What is going to be installed, from where, and about how long it takes.
    pub(crate) announcement: &'a str,
}

impl Cache {
    /// The user's: `$XDG_CACHE_HOME/tentacular`, or `~/.cache/tentacular`.
    pub(crate) fn of_user() -> Result<Self> {
        let base = match std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from) {
            // The XDG base directory specification: a relative path is to be ignored.
            Some(path) if path.is_absolute() => path,
            _ => std::env::home_dir()
                .context("neither XDG_CACHE_HOME nor a home folder is known")?
                .join(".cache"),
        };
        Ok(Self { root: base.join("tentacular") })
    }

    /// The entry's folder when it was made before.
    pub(crate) fn find(&self, key: &str) -> Option<PathBuf> {
        Some(self.root.join(key)).filter(|folder| folder.is_dir())
    }

    /// The entry's folder, made by `build` in an empty folder unless it was made before.
    pub(crate) fn get(&self, entry: &Entry<'_>, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        if let Some(folder) = self.find(entry.key) {
            return Ok(folder);
        }
        let _lock = self.lock(entry.key)?;
        // Another one may have made it while this one waited for the lock.
        if let Some(folder) = self.find(entry.key) {
            return Ok(folder);
        }
        self.make(entry, build).with_context(|| format!("{} cannot be installed", entry.key))
    }

    fn make(&self, entry: &Entry<'_>, build: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        let (unfinished, finished) =
            (self.root.join("unfinished").join(entry.key), self.root.join(entry.key));
        console::complain(&format!("installing {}: {}", entry.key, entry.announcement));
        let start = Instant::now();
        // What a killed build left: nobody works there, because this one has the lock.
        if unfinished.exists() {
            fs::remove_dir_all(&unfinished)?;
        }
        fs::create_dir_all(&unfinished)?;
        build(&unfinished)?;
        fs::rename(&unfinished, &finished)?;
        console::complain(&format!("installed {} in {}", entry.key, console::time(start.elapsed())));
        Ok(finished)
    }

    fn lock(&self, key: &str) -> Result<File> {
        let folder = self.root.join("locks");
        fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
        let lock = File::create(folder.join(key))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                console::complain(&format!("waiting for another xtask that installs {key}"));
                lock.lock()?;
            }
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
        Ok(lock)
    }
}

/// A short digest of files (paths and contents) that decide what is built, for an entry's key.
pub(crate) fn digest(files: &[PathBuf]) -> Result<String> {
    let mut hash = Sha256::new();
    for file in files {
        let content = fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
        hash.update((content.len() as u64).to_le_bytes());
        hash.update(content);
    }
    Ok(hash.finalize().iter().take(6).map(|byte| format!("{byte:02x}")).collect())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::thread;

    use anyhow::bail;

    use super::*;

    const ENTRY: Entry<'_> = Entry { key: "thing-1", announcement: "a thing" };

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { root: folder.path().join("cache") };
        (folder, cache)
    }

    #[test]
    fn what_was_made_is_not_made_again() {
        let (_folder, cache) = cache();
        let made = cache.get(&ENTRY, |folder| Ok(fs::write(folder.join("file"), "1")?)).unwrap();
        let found = cache.get(&ENTRY, |_| bail!("made again")).unwrap();
        assert_eq!(made, found);
        assert_eq!(fs::read_to_string(found.join("file")).unwrap(), "1");
    }

    #[test]
    fn a_build_that_fails_leaves_nothing_and_is_tried_again_from_nothing() {
        let (_folder, cache) = cache();
        let failed = cache.get(&ENTRY, |folder| {
            fs::write(folder.join("half"), "")?;
            bail!("no network")
        });
        assert!(format!("{:#}", failed.unwrap_err()).contains("no network"));
        assert_eq!(cache.find("thing-1"), None);
        let made = cache.get(&ENTRY, |folder| {
            assert_eq!(fs::read_dir(folder)?.count(), 0);
            Ok(())
        });
        assert!(made.is_ok());
    }

    #[test]
    fn of_many_at_once_one_builds_and_all_get_it() {
        const CALLERS: usize = 8;
        let (_folder, cache) = cache();
        let (callers, builds) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let get = || {
            callers.fetch_add(1, Ordering::SeqCst);
            cache.get(&ENTRY, |_| {
                builds.fetch_add(1, Ordering::SeqCst);
                // Until all have come, so that there is somebody to keep out.
                while callers.load(Ordering::SeqCst) < CALLERS {
                    thread::yield_now();
                }
                Ok(())
            })
        };
        thread::scope(|scope| {
            for one in [(); CALLERS].map(|()| scope.spawn(get)) {
                assert!(one.join().unwrap().is_ok());
            }
        });
        assert_eq!(builds.into_inner(), 1);
    }

    #[test]
    fn a_digest_changes_with_any_file() {
        let folder = tempfile::tempdir().unwrap();
        let files = ["a", "b"].map(|name| folder.path().join(name));
        let of = |first: &str, second: &str| {
            fs::write(&files[0], first).unwrap();
            fs::write(&files[1], second).unwrap();
            digest(&files).unwrap()
        };
        assert_eq!(of("x", "y"), of("x", "y"));
        assert_ne!(of("x", "y"), of("xy", ""));
        assert_ne!(of("x", "y"), of("x", "z"));
        assert_eq!(of("x", "y").len(), 12);
    }
}
