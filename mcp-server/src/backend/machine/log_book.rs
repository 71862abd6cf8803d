//! What a tentacle printed, in files that are bounded, survive the server, and go with the tentacle.

use super::disk;
use crate::backend::log_line::LogLine;
use crate::backend::{BackendError, LogStream, Logs};
use futures::stream::{self, StreamExt};
use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use workflow::PartName;

/// The most bytes of a file. There are two: the one that is written, and the one before it.
const MOST: u64 = 1024 * 1024;

/// How many lines behind somebody may be who follows it.
const FOLLOWED: usize = 512;

/// A tentacle's log.
#[derive(Debug)]
pub(super) struct LogBook {
    folder: PathBuf,
    state: Mutex<State>,
    /// What is written, for those who follow it.
    told: broadcast::Sender<LogLine>,
    sidecars: Mutex<BTreeMap<PartName, Arc<LogBook>>>,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Idle,
    Open(Open),
    Closed,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
}

impl LogBook {
    /// The log in this folder, which is made when something is written.
    pub(super) fn new(folder: PathBuf) -> Self {
        let told = broadcast::Sender::new(FOLLOWED);
        Self { folder, state: Mutex::default(), told, sidecars: Mutex::default() }
    }

    /// The log of a sidecar, which lies within the tentacle's.
    pub(super) fn of(&self, sidecar: &PartName) -> io::Result<Arc<Self>> {
        let mut all = self.sidecars.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = all.get(sidecar) {
            return Ok(Arc::clone(there));
        }
        let own = Arc::new(Self::new(self.folder_of(sidecar)));
        // From here on it is known that there is one of this name.
        if matches!(*self.state.lock().unwrap_or_else(PoisonError::into_inner), State::Closed) {
            own.close();
        } else {
            disk::make_private(&own.folder)?;
        }
        all.insert(sidecar.clone(), Arc::clone(&own));
        Ok(own)
    }

    /// The log of a sidecar, where there is one of this name.
    pub(super) fn find(&self, sidecar: &PartName) -> Result<Arc<Self>, BackendError> {
        if !self.folder_of(sidecar).exists() {
            return Err(BackendError::NoSidecar(sidecar.to_string()));
        }
        self.of(sidecar).map_err(|error| BackendError::Fault(error.to_string()))
    }

    fn folder_of(&self, sidecar: &PartName) -> PathBuf {
        self.folder.join(format!("of-{sidecar}"))
    }

    /// Writes a line. It goes to the kernel's memory and no further, so this does not wait for a disk.
    pub(super) fn write(&self, line: &LogLine) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        let length = bytes.len() as u64;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut open = match std::mem::take(&mut *state) {
            State::Closed => {
                *state = State::Closed;
                return Ok(());
            }
            State::Idle => self.open()?,
            State::Open(open) => open,
        };
        if open.bytes + length > MOST {
            fs::rename(self.current(), self.before())?;
            open = self.open()?;
        }
        open.file.write_all(&bytes)?;
        open.bytes += length;
        *state = State::Open(open);
        if self.told.receiver_count() > 0 {
            // Nobody follows it any more, perhaps: that is no failure.
            let _ = self.told.send(line.clone());
        }
        Ok(())
    }

    /// Writes no more: the folder is about to go.
    pub(super) fn close(&self) {
        *self.state.lock().unwrap_or_else(PoisonError::into_inner) = State::Closed;
        for own in self.sidecars.lock().unwrap_or_else(PoisonError::into_inner).values() {
            own.close();
        }
    }

    /// The last lines, for people.
    pub(super) fn last(&self, most: usize) -> io::Result<Logs> {
        let mut lines = Vec::new();
        let mut is_all = true;
        for path in [self.current(), self.before()] {
            if lines.len() > most {
                is_all = false;
                break;
            }
            let text = match fs::read(&path) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                text => text?,
            };
            let mut shown: Vec<String> = String::from_utf8_lossy(&text)
                .lines()
                .flat_map(|line| LogLine::read(line).readable())
                .collect();
            shown.append(&mut lines);
            lines = shown;
        }
        let truncated = lines.len() > most || !is_all;
        let lines = lines.split_off(lines.len().saturating_sub(most));
        Ok(Logs { copy: String::new(), lines, truncated })
    }

    /// The last lines, and then what is written from now on. Whoever is too slow is told how much they missed.
    pub(super) fn follow(this: &Arc<Self>, most: usize) -> io::Result<LogStream> {
        let (last, told) = {
            // Nothing is written meanwhile, so nothing is told twice or not at all.
            let _state = this.state.lock().unwrap_or_else(PoisonError::into_inner);
            (this.last(most)?, this.told.subscribe())
        };
        let next = async |mut told: broadcast::Receiver<LogLine>| match told.recv().await {
            Ok(line) => Some((line.readable(), told)),
            Err(RecvError::Lagged(missed)) => Some((vec![format!("({missed} lines came too fast)")], told)),
            Err(RecvError::Closed) => None,
        };
        let written = stream::unfold(told, next).flat_map(stream::iter);
        Ok(stream::iter(last.lines).chain(written).boxed())
    }

    fn open(&self) -> io::Result<Open> {
        disk::make_private(&self.folder)?;
        let file = OpenOptions::new().create(true).append(true).open(self.current())?;
        let bytes = file.metadata()?.len();
        Ok(Open { file, bytes })
    }

    fn current(&self) -> PathBuf {
        self.folder.join("current.ndjson")
    }

    fn before(&self) -> PathBuf {
        self.folder.join("before.ndjson")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_bounded_and_keeps_the_newest() {
        let folder = tempfile::tempdir().unwrap();
        let book = LogBook::new(folder.path().join("log"));
        for number in 0..5000 {
            book.write(&LogLine::read(&format!("{number} {}", "x".repeat(1000)))).unwrap();
        }
        let size: u64 = disk_bytes(&book.folder);
        assert!(size > MOST && size <= 2 * MOST, "{size}");
        // another server goes on with it
        let book = LogBook::new(folder.path().join("log"));
        book.write(&LogLine::read("last")).unwrap();
        let logs = book.last(3).unwrap();
        assert!(logs.truncated);
        assert!(logs.lines[1].contains(" 4999 ") && logs.lines[2].ends_with("last"), "{:?}", logs.lines);
        assert_eq!(logs.lines.len(), 3);
    }

    #[test]
    fn a_log_that_is_not_there_is_empty() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(LogBook::new(folder.path().join("log")).last(10).unwrap(), Logs::default());
    }

    fn disk_bytes(folder: &std::path::Path) -> u64 {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }
}
