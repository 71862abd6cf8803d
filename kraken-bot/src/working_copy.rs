//! The Kraken's disk copy: `<root>/<enclave>/<tentacle>/`, where tentacles are written and changed before they are
//! deployed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;
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

/// Where an enclave's folder says whose it is. No tentacle is called so, nor is anything that is noted of one.
const WHOSE: &str = ".enclave.id";

/// Where the files of enclaves that are gone lie, within the root. No enclave is called so.
const LEFT: &str = ".left";

/// The disk copy.
#[derive(Debug, Clone)]
pub(crate) struct WorkingCopy {
    root: PathBuf,
    /// One look at a time at whose a folder is.
    looking: Arc<Mutex<()>>,
}

impl WorkingCopy {
    pub(crate) fn new(root: PathBuf) -> Self {
        Self { root, looking: Arc::default() }
    }

    /// Sees to it that an enclave's folder is that of the enclave of this id, before anything in it is read. What one had that was
    /// called the same before is moved aside, where nobody is shown it and nothing of it is lost; a folder that does not say whose
    /// it is was made by hand, or before this was noted, and is this one's from now on.
    ///
    /// # Errors
    /// Where the disk says no: then nobody can tell whose the files are.
    pub(crate) fn settle(&self, enclave: &EnclaveName, id: Uuid) -> std::io::Result<()> {
        let _alone = self.looking.lock().unwrap_or_else(PoisonError::into_inner);
        let folder = self.root.join(enclave.as_str());
        let whose = match std::fs::read_to_string(folder.join(WHOSE)) {
            Ok(whose) => Some(whose),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        let whose = whose.as_deref().map(str::trim);
        if whose == Some(id.to_string().as_str()) {
            return Ok(());
        }
        if let Some(whose) = whose {
            let left = self.leave(enclave, &folder, whose)?;
            tracing::warn!(enclave.name = %enclave, left = %left.display(), "the files of another enclave of this name were moved aside");
        }
        replace(&folder.join(WHOSE), &id.to_string())
    }

    /// Moves the folder of an enclave that is gone aside; answers where it is then.
    fn leave(&self, enclave: &EnclaveName, folder: &Path, whose: &str) -> std::io::Result<PathBuf> {
        let left = self.root.join(LEFT);
        std::fs::create_dir_all(&left)?;
        // What stands there is a file's text, which somebody may have changed.
        let whose = whose.parse::<Uuid>().map_or_else(|_| "unknown".to_owned(), |id| id.to_string());
        let mut place = left.join(format!("{enclave}-{whose}"));
        for again in 2_u32.. {
            if !place.exists() {
                break;
            }
            place = left.join(format!("{enclave}-{whose}-{again}"));
        }
        std::fs::rename(folder, &place)?;
        Ok(place)
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

    #[test]
    fn what_an_enclave_had_that_is_gone_is_moved_aside_before_another_of_its_name_sees_it() {
        let dir = tempfile::tempdir().unwrap();
        let copy = WorkingCopy::new(dir.path().to_owned());
        let (enclave, tentacle) = names();
        let [first, second, third] = [1_u128, 2, 3].map(Uuid::from_u128);
        // Files that were put there by hand are of whoever is first, and stay theirs.
        let folder = copy.create(&enclave, &tentacle, &workflow::scaffold::hello(&tentacle)).unwrap();
        copy.set_note(&enclave, &tentacle, "from before").unwrap();
        for _ in 0..2 {
            copy.settle(&enclave, first).unwrap();
            assert_eq!(copy.tentacles(&enclave).unwrap(), std::slice::from_ref(&tentacle));
        }
        std::fs::write(folder.join("nodes/hello.ts"), "a draft").unwrap();

        copy.settle(&enclave, second).unwrap();
        assert!(copy.tentacles(&enclave).unwrap().is_empty());
        assert!(matches!(copy.read(&enclave, &tentacle), Err(WorkingCopyError::NotThere(_))));
        assert_eq!(copy.note(&enclave, &tentacle).unwrap(), None);
        let left = dir.path().join(LEFT).join(format!("price-watch-{first}"));
        assert_eq!(std::fs::read_to_string(left.join("hello/nodes/hello.ts")).unwrap(), "a draft");
        copy.create(&enclave, &tentacle, &workflow::scaffold::hello(&tentacle)).unwrap();
        copy.settle(&enclave, second).unwrap();
        assert_eq!(copy.tentacles(&enclave).unwrap(), std::slice::from_ref(&tentacle));

        // Nothing that was moved aside is written over, and what cannot be a note is nobody's.
        for text in [first.to_string(), "../../elsewhere".to_owned()] {
            std::fs::write(dir.path().join("price-watch").join(WHOSE), text).unwrap();
            copy.settle(&enclave, third).unwrap();
        }
        let mut left: Vec<_> = std::fs::read_dir(dir.path().join(LEFT))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        left.sort();
        let again = format!("price-watch-{first}-2");
        assert_eq!(left, [format!("price-watch-{first}"), again, "price-watch-unknown".to_owned()]);
    }

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
