//! The signed heads of this server's chains: one folder, one file a writer, each locked by the process that writes it.

use super::Chain;
use jiff::Timestamp;
use jsonwebtoken::DecodingKey;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{BufRead, BufReader, Write};
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
        error: std::io::Error,
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
    /// Goes on with the first chain in `dir` that no other process writes, or begins one.
    ///
    /// # Errors
    /// When the folder cannot be used.
    pub fn open(dir: &Path, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        std::fs::create_dir_all(dir).map_err(|error| io(dir, error))?;
        for path in head_files(dir)? {
            if let Some(file) = lock(&path)? {
                let writer =
                    path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
                return Ok(Self::with(dir, key, writer, path, file));
            }
        }
        Self::create(dir, key)
    }

    fn create(dir: &Path, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        let writer = Uuid::now_v7().simple().to_string();
        let path = dir.join(format!("{writer}.heads"));
        let busy = || io(&path, std::io::Error::from(std::io::ErrorKind::WouldBlock));
        let file = lock(&path)?.ok_or_else(busy)?;
        Ok(Self::with(dir, key, writer, path, file))
    }

    fn with(dir: &Path, key: Arc<SigningKey>, writer: String, path: PathBuf, file: File) -> Self {
        Self { dir: dir.to_owned(), key, writer, path, file: Mutex::new(file), signed: Mutex::new(0) }
    }

    /// Leaves this chain as it is and begins another.
    pub(super) fn begin_another(&mut self) -> Result<(), HeadsError> {
        *self = Self::create(&self.dir, Arc::clone(&self.key))?;
        Ok(())
    }

    /// Who writes.
    #[must_use]
    pub fn writer(&self) -> &str {
        &self.writer
    }

    /// Whether `chain`, as the store has it, is at least as long as what was signed for.
    pub(super) fn agree_with(&self, chain: &Chain) -> Result<bool, HeadsError> {
        let Some(jws) = last_line(&self.path)? else { return Ok(true) };
        let head = self.read(&self.path, &jws)?;
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
        writeln!(file, "{jws}").and_then(|()| file.sync_data()).map_err(|error| io(&self.path, error))?;
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

    fn read(&self, path: &Path, jws: &str) -> Result<Head, HeadsError> {
        let key: &DecodingKey = self.key.public();
        read_head(jws, |kid| (kid == self.key.id()).then_some(key))
            .map_err(|error| HeadsError::Head { path: path.display().to_string(), error })
    }
}

fn io(path: &Path, error: std::io::Error) -> HeadsError {
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

/// The last whole line: a line that a crash cut short is not there.
fn last_line(path: &Path) -> Result<Option<String>, HeadsError> {
    let file = File::open(path).map_err(|error| io(path, error))?;
    let mut last = None;
    let mut reader = BufReader::new(file);
    let mut line = String::new();
    while reader.read_line(&mut line).map_err(|error| io(path, error))? > 0 {
        if line.ends_with('\n') {
            last = Some(line.trim_end().to_owned());
        }
        line.clear();
    }
    Ok(last)
}
