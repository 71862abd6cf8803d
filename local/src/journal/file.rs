//! The file under a journal: whole lines or nothing, readable by its owner alone.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::JournalError;

pub(super) fn failure(path: &Path, source: std::io::Error) -> JournalError {
    JournalError::File { path: path.to_owned(), source }
}

/// The text of the file up to its last line break. What follows was being written when the process died; nobody was
/// told of it, so it is cut off.
pub(super) fn read_whole_lines(path: &Path) -> Result<String, JournalError> {
    let mut text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(failure(path, error)),
    };
    let whole = text.rfind('\n').map_or(0, |last| last + 1);
    if whole < text.len() {
        text.truncate(whole);
        let cut = OpenOptions::new().write(true).open(path).and_then(|file| {
            file.set_len(whole as u64)?;
            file.sync_all()
        });
        cut.map_err(|error| failure(path, error))?;
    }
    Ok(text)
}

/// Replaces the file by one line; a crash leaves the old file or the new one.
pub(super) fn write_anew(path: &Path, line: &impl Serialize) -> Result<(), JournalError> {
    let beside = path.with_extension("new");
    let replace = || -> std::io::Result<()> {
        let mut file =
            OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&beside)?;
        file.write_all(&to_line(line)?)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        sync_folder(path)
    };
    replace().map_err(|error| failure(path, error))
}

fn sync_folder(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn to_line(value: &impl Serialize) -> std::io::Result<Vec<u8>> {
    let mut bytes = serde_json::to_vec(value)?;
    bytes.push(b'\n');
    Ok(bytes)
}

/// The open end of a journal's file.
pub(super) struct Appender {
    path: PathBuf,
    file: File,
    broken: bool,
}

impl Appender {
    pub(super) fn open(path: &Path) -> Result<Self, JournalError> {
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(path).and_then(|file| {
            sync_folder(path)?;
            Ok(file)
        });
        let file = opened.map_err(|error| failure(path, error))?;
        Ok(Self { path: path.to_owned(), file, broken: false })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds one line and waits until the disk has it.
    ///
    /// INVARIANT: after a failure nothing more is written, because a line might have been left half there.
    pub(super) fn append(&mut self, line: &impl Serialize) -> Result<(), JournalError> {
        if self.broken {
            return Err(JournalError::Broken { path: self.path.clone() });
        }
        let written = to_line(line).and_then(|bytes| {
            self.file.write_all(&bytes)?;
            self.file.sync_data()
        });
        written.map_err(|error| {
            self.broken = true;
            failure(&self.path, error)
        })
    }
}
