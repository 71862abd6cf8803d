//! The signed heads of enclaves' records: beside those of the chains, one file a writer.

use super::heads::{HeadsError, append, io, mend};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wire::signing::SigningKey;
use wire::trail::{RecordHead, read_record_head, sign_record_head};

/// This process's file of them.
#[derive(Debug)]
pub(crate) struct RecordHeads {
    path: PathBuf,
    key: Arc<SigningKey>,
    written: Mutex<Written>,
}

#[derive(Debug)]
struct Written {
    file: File,
    /// The newest generation of each enclave that this process signed for.
    newest: BTreeMap<String, u64>,
}

impl RecordHeads {
    /// Goes on with the file of `writer`, whom this process has alone.
    pub(crate) fn open(dir: &Path, writer: &str, key: Arc<SigningKey>) -> Result<Self, HeadsError> {
        let path = dir.join(format!("{writer}.records"));
        let file =
            OpenOptions::new().create(true).append(true).open(&path).map_err(|error| io(&path, error))?;
        mend(&file, &path)?;
        Ok(Self { path, key, written: Mutex::new(Written { file, newest: BTreeMap::new() }) })
    }

    /// The key that signs heads and records.
    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }

    /// The same, to be held.
    pub(crate) fn shared_key(&self) -> Arc<SigningKey> {
        Arc::clone(&self.key)
    }

    /// The newest generation of each enclave that any process of this server signed for, as far as this key tells: lines that it did
    /// not sign say nothing.
    ///
    /// # Errors
    /// When the folder or a file in it cannot be read.
    pub(crate) fn newest(&self) -> Result<BTreeMap<String, RecordHead>, HeadsError> {
        let dir = self.path.parent().unwrap_or(Path::new("."));
        let mut newest: BTreeMap<String, RecordHead> = BTreeMap::new();
        for entry in std::fs::read_dir(dir).map_err(|error| io(dir, error))? {
            let path = entry.map_err(|error| io(dir, error))?.path();
            if path.extension().is_none_or(|extension| extension != "records") {
                continue;
            }
            let text = std::fs::read(&path).map_err(|error| io(&path, error))?;
            for line in String::from_utf8_lossy(&text).lines() {
                let key_of = |kid: &str| (kid == self.key.id()).then(|| self.key.public());
                let Ok(head) = read_record_head(line, key_of) else { continue };
                let known = newest.get(&head.enclave).map(|known| (known.generation, known.at));
                if known.is_none_or(|known| known < (head.generation, head.at)) {
                    newest.insert(head.enclave.clone(), head);
                }
            }
        }
        Ok(newest)
    }

    /// Signs for a record. One that is tried again is signed for once; after a stop it may be twice, which says the same.
    pub(crate) fn sign(&self, head: &RecordHead) -> Result<(), HeadsError> {
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        if written.newest.get(&head.enclave).is_some_and(|newest| *newest >= head.generation) {
            return Ok(());
        }
        let jws = sign_record_head(head, self.key.private(), self.key.id())
            .map_err(|error| HeadsError::Head { path: self.path.display().to_string(), error })?;
        append(&mut written.file, &jws).map_err(|error| io(&self.path, error))?;
        written.newest.insert(head.enclave.clone(), head.generation);
        Ok(())
    }
}
