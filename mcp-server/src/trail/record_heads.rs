//! The signed heads of enclaves' records: beside those of the chains, one file a writer.

use super::heads::{HeadsError, append, io, mend};
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wire::signing::SigningKey;
use wire::trail::{RecordHead, read_record_head, sign_record_head};

/// This process's file of them, and those of all others in the folder.
#[derive(Debug)]
pub(crate) struct RecordHeads {
    dir: PathBuf,
    path: PathBuf,
    key: Arc<SigningKey>,
    file: Mutex<File>,
}

impl RecordHeads {
    /// Goes on with the file of `writer`, whom this process has alone.
    pub(crate) fn open(dir: &Path, writer: &str, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        let path = dir.join(format!("{writer}.records"));
        let file =
            OpenOptions::new().create(true).append(true).open(&path).map_err(|error| io(&path, error))?;
        mend(&file, &path)?;
        Ok(Self { dir: dir.to_owned(), path, key, file: Mutex::new(file) })
    }

    /// The key that signs heads and records.
    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Signs for a record, unless that is done.
    pub(crate) fn sign(&self, head: &RecordHead) -> Result<(), HeadsError> {
        let newest = self.newest(&head.enclave)?;
        if newest.is_some_and(|newest| (newest.generation, newest.removed) >= (head.generation, head.removed)) {
            return Ok(());
        }
        let jws = sign_record_head(head, self.key.private(), self.key.id())
            .map_err(|error| HeadsError::Head { path: self.path.display().to_string(), error })?;
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        append(&mut file, &jws).map_err(|error| io(&self.path, error))
    }

    /// The newest that any writer signed for the enclave with this server's key. What is signed by another says nothing.
    pub(crate) fn newest(&self, enclave: &str) -> Result<Option<RecordHead>, HeadsError> {
        let mut newest: Option<RecordHead> = None;
        for entry in std::fs::read_dir(&self.dir).map_err(|error| io(&self.dir, error))? {
            let path = entry.map_err(|error| io(&self.dir, error))?.path();
            if path.extension().is_none_or(|extension| extension != "records") {
                continue;
            }
            let file = File::open(&path).map_err(|error| io(&path, error))?;
            for line in BufReader::new(file).split(b'\n') {
                let line = line.map_err(|error| io(&path, error))?;
                let line = String::from_utf8_lossy(&line).into_owned();
                let key_of = |kid: &str| (kid == self.key.id()).then(|| self.key.public());
                let Ok(head) = read_record_head(&line, key_of) else { continue };
                let newer = newest.as_ref().is_none_or(|newest| {
                    (head.generation, head.removed) >= (newest.generation, newest.removed)
                });
                if head.enclave == enclave && newer {
                    newest = Some(head);
                }
            }
        }
        Ok(newest)
    }
}
