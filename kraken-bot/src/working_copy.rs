//! The Kraken's disk copy: `<root>/<enclave>/<tentacle>/`, where tentacles are written and changed before they are
//! deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use workflow::scaffold::ScaffoldFile;
use workflow::{Bundle, EnclaveName, TentacleName};

/// Why the disk copy cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WorkingCopyError {
    /// There is a folder of that name.
    #[error("there are files of `{0}` already")]
    AlreadyThere(TentacleName),
    /// There is no folder of that name.
    #[error("there are no files of `{0}` yet")]
    NotThere(TentacleName),
    /// A file that cannot be a part of a tentacle.
    #[error("the file `{0}` cannot be deployed: {1}")]
    File(String, &'static str),
    /// More than a tentacle has.
    #[error("the files of `{0}` are more than a tentacle may have")]
    TooMuch(TentacleName),
    /// The disk.
    #[error("the files on disk cannot be read or written: {0}")]
    Disk(#[from] std::io::Error),
}

/// The disk copy.
#[derive(Debug, Clone)]
pub(crate) struct WorkingCopy {
    root: PathBuf,
}

impl WorkingCopy {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root }
    }

    /// The folder of a tentacle. The names are checked names, so it lies within the root.
    pub(crate) fn folder(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> PathBuf {
        self.root.join(enclave.as_str()).join(tentacle.as_str())
    }

    /// The tentacles of an enclave that have a folder, by name.
    pub(crate) fn tentacles(&self, enclave: &EnclaveName) -> std::io::Result<Vec<TentacleName>> {
        let entries = match std::fs::read_dir(self.root.join(enclave.as_str())) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry?;
            // What is not named as tentacles are is none, and hidden folders are the Kraken's own.
            let name = entry.file_name().to_str().and_then(|name| name.parse().ok());
            if entry.file_type()?.is_dir() {
                names.extend(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Writes the files of a new tentacle: all of them or none. The same files again are fine.
    pub(crate) fn create(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        files: &[ScaffoldFile],
    ) -> Result<PathBuf, WorkingCopyError> {
        let folder = self.folder(enclave, tentacle);
        if folder.exists() {
            let same = self.read(enclave, tentacle).is_ok_and(|there| {
                there.len() == files.len()
                    && files.iter().all(|file| there.get(file.path) == Some(&file.text))
            });
            return if same { Ok(folder) } else { Err(WorkingCopyError::AlreadyThere(tentacle.clone())) };
        }
        self.write(enclave, tentacle, files.iter().map(|file| (file.path, file.text.as_str())), None)
    }

    /// Writes the files of a tentacle that has no folder: all of them or none, and what is noted of where they came from.
    pub(crate) fn write<'f>(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        files: impl Iterator<Item = (&'f str, &'f str)>,
        note: Option<&str>,
    ) -> Result<PathBuf, WorkingCopyError> {
        let folder = self.folder(enclave, tentacle);
        let unfinished = self.root.join(enclave.as_str()).join(format!(".{tentacle}.unfinished"));
        if unfinished.exists() {
            std::fs::remove_dir_all(&unfinished)?;
        }
        for (path, text) in files {
            let path = unfinished.join(path);
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            std::fs::write(&path, text)?;
        }
        // What was noted of a folder that is gone says nothing about this one.
        match note {
            Some(note) => self.set_note(enclave, tentacle, note)?,
            None => remove(&self.noted(enclave, tentacle))?,
        }
        std::fs::rename(&unfinished, &folder)?;
        Ok(folder)
    }

    /// Writes one file of a tentacle, or removes it. It is there whole, or as it was.
    pub(crate) fn put(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        path: &str,
        text: Option<&str>,
    ) -> Result<(), WorkingCopyError> {
        let file = self.folder(enclave, tentacle).join(path);
        match text {
            Some(text) => Ok(replace(&file, text)?),
            None => Ok(remove(&file)?),
        }
    }

    /// What is noted of where a tentacle's files came from; it lies beside their folder.
    pub(crate) fn note(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> std::io::Result<Option<String>> {
        // Where the folder is gone, what was noted of it says nothing about the next one.
        if !self.folder(enclave, tentacle).is_dir() {
            return Ok(None);
        }
        match std::fs::read_to_string(self.noted(enclave, tentacle)) {
            Ok(text) => Ok(Some(text)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes where a tentacle's files came from.
    pub(crate) fn set_note(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
        text: &str,
    ) -> std::io::Result<()> {
        replace(&self.noted(enclave, tentacle), text)
    }

    fn noted(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> PathBuf {
        self.root.join(enclave.as_str()).join(format!(".{tentacle}.came-from.json"))
    }

    /// All files of a tentacle, by path. What lies beside it stays here; links are not followed.
    pub(crate) fn read(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<BTreeMap<String, String>, WorkingCopyError> {
        let folder = self.folder(enclave, tentacle);
        if !folder.is_dir() {
            return Err(WorkingCopyError::NotThere(tentacle.clone()));
        }
        let mut reading = Reading { tentacle, files: BTreeMap::new(), bytes: 0 };
        reading.folder(&folder, "")?;
        Ok(reading.files)
    }
}

/// Removes a file that may be gone already.
fn remove(file: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Replaces a file by one that is whole.
fn replace(file: &Path, text: &str) -> std::io::Result<()> {
    let within = file.parent().unwrap_or(file);
    std::fs::create_dir_all(within)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let unfinished = within.join(format!(".{}.unfinished", name.trim_start_matches('.')));
    std::fs::write(&unfinished, text)?;
    std::fs::rename(&unfinished, file)
}

struct Reading<'t> {
    tentacle: &'t TentacleName,
    files: BTreeMap<String, String>,
    bytes: u64,
}

impl Reading<'_> {
    fn folder(&mut self, folder: &Path, within: &str) -> Result<(), WorkingCopyError> {
        for entry in std::fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| {
                WorkingCopyError::File(
                    entry.file_name().to_string_lossy().into_owned(),
                    "its name is not UTF-8",
                )
            })?;
            if state_repo::Entry::lies_beside(name) {
                continue;
            }
            let path = if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") };
            let kind = entry.file_type()?;
            if kind.is_dir() {
                self.folder(&entry.path(), &path)?;
            } else if kind.is_file() {
                self.file(&entry.path(), path)?;
            } else {
                return Err(WorkingCopyError::File(path, "it is a link, not a file"));
            }
        }
        Ok(())
    }

    fn file(&mut self, file: &Path, path: String) -> Result<(), WorkingCopyError> {
        self.bytes += std::fs::metadata(file)?.len();
        if self.bytes > Bundle::MOST_BYTES as u64 || self.files.len() >= Bundle::MOST_FILES {
            return Err(WorkingCopyError::TooMuch(self.tentacle.clone()));
        }
        let bytes = std::fs::read(file)?;
        let text = String::from_utf8(bytes)
            .map_err(|_| WorkingCopyError::File(path.clone(), "it is not UTF-8 text"))?;
        self.files.insert(path, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> (EnclaveName, TentacleName) {
        ("price-watch".parse().unwrap(), "hello".parse().unwrap())
    }

    #[test]
    fn what_is_written_is_read_back_and_never_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let copy = WorkingCopy::new(dir.path().to_owned());
        let (enclave, tentacle) = names();
        assert!(matches!(copy.read(&enclave, &tentacle), Err(WorkingCopyError::NotThere(_))));
        let files = workflow::scaffold::hello(&tentacle);
        let folder = copy.create(&enclave, &tentacle, &files).unwrap();
        let read = copy.read(&enclave, &tentacle).unwrap();
        assert_eq!(read.len(), files.len());
        assert!(read["workflow.yaml"].contains("hello"));
        copy.create(&enclave, &tentacle, &files).unwrap();
        std::fs::write(folder.join("nodes/hello.ts"), "changed").unwrap();
        assert!(matches!(copy.create(&enclave, &tentacle, &files), Err(WorkingCopyError::AlreadyThere(_))));
        assert_eq!(copy.read(&enclave, &tentacle).unwrap()["nodes/hello.ts"], "changed");
    }

    #[test]
    fn links_and_too_much_are_refused_and_hidden_files_left() {
        let dir = tempfile::tempdir().unwrap();
        let copy = WorkingCopy::new(dir.path().to_owned());
        let (enclave, tentacle) = names();
        let folder = copy.create(&enclave, &tentacle, &workflow::scaffold::hello(&tentacle)).unwrap();
        let before = copy.read(&enclave, &tentacle).unwrap();
        for beside in [".secret", "nodes/hello.ts~", "scratch/x.ts", "nodes/node_modules/x.js", "hello.swp"] {
            let file = folder.join(beside);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(&file, "x").unwrap();
            assert_eq!(copy.read(&enclave, &tentacle).unwrap(), before, "{beside}");
        }
        std::os::unix::fs::symlink("/etc/passwd", folder.join("passwd")).unwrap();
        assert!(
            matches!(copy.read(&enclave, &tentacle), Err(WorkingCopyError::File(path, _)) if path == "passwd")
        );
        std::fs::remove_file(folder.join("passwd")).unwrap();
        std::fs::write(folder.join("big"), "x".repeat(Bundle::MOST_BYTES)).unwrap();
        assert!(matches!(copy.read(&enclave, &tentacle), Err(WorkingCopyError::TooMuch(_))));
    }
}
