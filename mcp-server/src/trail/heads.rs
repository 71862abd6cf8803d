//! The signed heads of this server's chains: one folder, one file a writer, each locked by the process that writes it.

use super::Chain;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;
use wire::trail::{Head, HeadError, read_head, sign_head};

use wire::signing::SigningKey;

/// Why heads cannot be kept.
#[derive(Debug, thiserror::Error)]
pub enum HeadsError {
    /// The folder or a file in it cannot be used.
    #[error("the trail's heads in `{path}` cannot be kept: {error}")]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        error: io::Error,
    },
    /// A head could not be signed or read.
    #[error("the trail's heads in `{path}`: {error}")]
    Head {
        /// The file.
        path: String,
        /// Why.
        error: HeadError,
    },
}

/// This process's file of heads.
#[derive(Debug)]
pub struct Heads {
    dir: PathBuf,
    key: Arc<SigningKey>,
    writer: String,
    path: PathBuf,
    /// The lock is held as long as the file is open.
    file: Mutex<File>,
    signed: Mutex<u64>,
}

impl Heads {
    /// Goes on with the first chain in `dir` that no other process writes and that `key` signs, or begins one.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(dir: &Path, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        std::fs::create_dir_all(dir).map_err(|error| io(dir, error))?;
        Self::after(None, dir, key)
    }

    /// The same, among the chains after `passed`.
    fn after(passed: Option<&Path>, dir: &Path, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        for path in head_files(dir)? {
            if passed.is_some_and(|passed| path.as_path() <= passed) {
                continue;
            }
            let Some(file) = lock(&path)? else { continue };
            mend(&file, &path)?;
            let writer = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let heads = Self::with(dir, Arc::clone(&key), writer, path, file);
            match heads.own_newest() {
                Ok(_) => return Ok(heads),
                // The key was changed, or somebody was at the file. The evidence stays as it is.
                Err(HeadsError::Head { path, error }) => tracing::warn!(
                    path,
                    %error,
                    "the newest head is not of this server's key: its chain is left as it is"
                ),
                Err(error) => return Err(error),
            }
        }
        Self::create(dir, key)
    }

    fn create(dir: &Path, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        let writer = Uuid::now_v7().simple().to_string();
        let path = dir.join(format!("{writer}.heads"));
        let busy = || io(&path, io::Error::from(io::ErrorKind::WouldBlock));
        let file = lock(&path)?.ok_or_else(busy)?;
        Ok(Self::with(dir, key, writer, path, file))
    }

    fn with(dir: &Path, key: Arc<SigningKey>, writer: String, path: PathBuf, file: File) -> Self {
        Self { dir: dir.to_owned(), key, writer, path, file: Mutex::new(file), signed: Mutex::new(0) }
    }

    /// Leaves this chain as it is and goes on with the next, or begins one.
    pub(super) fn pass_over(&mut self) -> Result<(), HeadsError> {
        *self = Self::after(Some(&self.path), &self.dir, Arc::clone(&self.key))?;
        Ok(())
    }

    /// Who writes.
    #[must_use]
    pub fn writer(&self) -> &str {
        &self.writer
    }

    /// Whether `chain`, as the store has it, is at least as long as what was signed for.
    pub(super) fn agree_with(&self, chain: &Chain) -> Result<bool, HeadsError> {
        let Some(head) = self.own_newest()? else { return Ok(true) };
        Ok(chain.seq > head.seq || (chain.seq == head.seq && chain.hash == head.hash))
    }

    /// Signs for `chain`, if it has grown since the last time.
    pub(super) fn sign(&self, chain: &Chain) -> Result<(), HeadsError> {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if chain.seq <= *signed {
            return Ok(());
        }
        let head = Head {
            writer: self.writer.clone(),
            seq: chain.seq,
            hash: chain.hash.clone(),
            at: Timestamp::now(),
        };
        let jws = sign_head(&head, self.key.private(), self.key.id())
            .map_err(|error| HeadsError::Head { path: self.path.display().to_string(), error })?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        append(&mut file, &jws).map_err(|error| io(&self.path, error))?;
        *signed = chain.seq;
        Ok(())
    }

    /// The newest head of every writer in the folder, as it was signed.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn newest(&self) -> Result<Vec<String>, HeadsError> {
        let lines = head_files(&self.dir)?.into_iter().map(|path| last_line(&path));
        Ok(lines.collect::<Result<Vec<_>, _>>()?.into_iter().flatten().collect())
    }

    /// The newest head of this chain, where there is one.
    fn own_newest(&self) -> Result<Option<Head>, HeadsError> {
        let Some(jws) = last_line(&self.path)? else { return Ok(None) };
        let key: &DecodingKey = self.key.public();
        let head = read_head(&jws, |kid| (kid == self.key.id()).then_some(key));
        head.map(Some).map_err(|error| HeadsError::Head { path: self.path.display().to_string(), error })
    }
}

pub(super) fn io(path: &Path, error: io::Error) -> HeadsError {
    HeadsError::Io { path: path.display().to_string(), error }
}

/// The files of heads in `dir`, the oldest writer first.
fn head_files(dir: &Path) -> Result<Vec<PathBuf>, HeadsError> {
    let entries = std::fs::read_dir(dir).map_err(|error| io(dir, error))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path()).map_err(|error| io(dir, error)));
    let mut paths = paths.collect::<Result<Vec<_>, _>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "heads"));
    paths.sort();
    Ok(paths)
}

/// Opens and locks `path`; `None` when another process has it.
fn lock(path: &Path) -> Result<Option<File>, HeadsError> {
    let file = OpenOptions::new().create(true).append(true).open(path).map_err(|error| io(path, error))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(io(path, error)),
    }
}

/// Cuts off what a crash left of a line: the next head must not be appended to it.
pub(super) fn mend(file: &File, path: &Path) -> Result<(), HeadsError> {
    let written = std::fs::read(path).map_err(|error| io(path, error))?;
    let whole = written.iter().rposition(|byte| *byte == b'\n').map_or(0, |place| place + 1);
    if whole < written.len() {
        tracing::warn!(path = %path.display(), "a head that was not written to its end is cut off");
        file.set_len(whole as u64).map_err(|error| io(path, error))?;
    }
    Ok(())
}

/// Appends a line, or nothing of it.
pub(super) fn append(file: &mut File, line: &str) -> io::Result<()> {
    let before = file.metadata()?.len();
    let written = file.write_all(format!("{line}\n").as_bytes()).and_then(|()| file.sync_data());
    if written.is_err() {
        file.set_len(before)?;
    }
    written
}

/// The last whole line: a line that a crash cut short is not there.
fn last_line(path: &Path) -> Result<Option<String>, HeadsError> {
    let file = File::open(path).map_err(|error| io(path, error))?;
    let mut last = None;
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).map_err(|error| io(path, error))? > 0 {
        if line.ends_with(b"\n") {
            last = Some(std::mem::take(&mut line));
        }
        line.clear();
    }
    Ok(last.map(|line| String::from_utf8_lossy(&line).trim_end().to_owned()))
}
