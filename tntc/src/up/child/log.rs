//! Where the output of a service goes: a file of bounded size with one older one beside it, and the terminal if asked.

use crate::output::tell;
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// When a file is put aside.
const LARGEST: u64 = 5 * 1024 * 1024;

/// How many lines are remembered for when it ends.
const REMEMBERED: usize = 8;

/// The longest line that is held together.
const LONGEST: usize = 64 * 1024;

/// The log of a service, shared by what it prints on both of its outputs.
#[derive(Clone)]
pub(super) struct Log(Arc<Mutex<Inner>>);

struct Inner {
    path: PathBuf,
    file: File,
    size: u64,
    /// The beginning of a line whose end has not come yet.
    unfinished: Vec<u8>,
    recent: VecDeque<String>,
    /// The name before each line on the terminal; none shows nothing.
    shown_as: Option<&'static str>,
}

impl Log {
    /// Goes on with the file at `path`.
    pub(super) fn open(path: &Path, shown_as: Option<&'static str>) -> io::Result<Self> {
        let file = open(path)?;
        let size = file.metadata()?.len();
        let (unfinished, recent) = (Vec::new(), VecDeque::new());
        Ok(Self(Arc::new(Mutex::new(Inner {
            path: path.to_owned(),
            file,
            size,
            unfinished,
            recent,
            shown_as,
        }))))
    }

    /// Adds what was printed.
    pub(super) fn add(&self, bytes: &[u8]) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            inner.unfinished.extend_from_slice(piece);
            if piece.ends_with(b"\n") || inner.unfinished.len() >= LONGEST {
                inner.finish_line();
            }
        }
    }

    /// Adds what stands without the end of a line.
    pub(super) fn flush(&self) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !inner.unfinished.is_empty() {
            inner.finish_line();
        }
    }

    /// The last lines.
    pub(super) fn last_words(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).recent.iter().cloned().collect()
    }
}

impl Inner {
    fn finish_line(&mut self) {
        let bytes = std::mem::take(&mut self.unfinished);
        let line = String::from_utf8_lossy(&bytes).trim_end().to_owned();
        if let Err(error) = self.write(&line) {
            tell(&format!("`{}` cannot be written: {error}", self.path.display()));
        }
        if let Some(name) = self.shown_as {
            tell(&format!("{name:<10} {}", crate::output::plain(&line)));
        }
        if self.recent.len() == REMEMBERED {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
    }

    fn write(&mut self, line: &str) -> io::Result<()> {
        if self.size >= LARGEST {
            std::fs::rename(&self.path, self.path.with_extension("log.1"))?;
            self.file = open(&self.path)?;
            self.size = 0;
        }
        let line = format!("{line}\n");
        self.size += line.len() as u64;
        self.file.write_all(line.as_bytes())
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_kept_whole_however_they_come() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let log = Log::open(&path, None).unwrap();
        for piece in ["on", "e\ntwo\nthr", "ee"] {
            log.add(piece.as_bytes());
        }
        log.flush();
        assert_eq!(log.last_words(), ["one", "two", "three"]);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
    }

    #[test]
    fn a_log_does_not_fill_the_disk() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.log");
        let log = Log::open(&path, None).unwrap();
        let line = vec![b'x'; 60_000];
        for _ in 0..300 {
            log.add(&line);
            log.add(b"\n");
        }
        let sizes = ["a.log", "a.log.1"].map(|name| std::fs::metadata(dir.path().join(name)).unwrap().len());
        assert!(sizes.iter().all(|size| *size <= LARGEST + LONGEST as u64), "{sizes:?}");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2);
        assert_eq!(log.last_words().len(), REMEMBERED);
    }
}
