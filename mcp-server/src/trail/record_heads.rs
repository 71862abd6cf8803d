//! The signed heads of enclaves' records: beside those of the chains, one file a writer.

use super::heads::{HeadsError, append, io, mend};
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use wire::signing::SigningKey;
use wire::trail::{RecordHead, sign_record_head};

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
