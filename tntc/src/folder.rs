//! A tentacle's folder on this disk, read and checked as the server will.

use state_repo::Entry;
use std::collections::BTreeMap;
use std::fs::{self, DirEntry};
use std::io;
use std::path::{Path, PathBuf};
use workflow::{Bundle, BundleProblems, Problems, Workflow};

/// The files of a tentacle, and what they say.
#[derive(Debug)]
pub(crate) struct Folder {
    pub(crate) bundle: Bundle,
    pub(crate) workflow: Workflow,
}

/// Why a folder is no tentacle.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    /// The disk says no.
    #[error("cannot read `{path}`: {error}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A link could bring in any file of this machine.
    #[error("`{0}` is a link or no regular file: a tentacle's files lie in its own folder")]
    NotAFile(PathBuf),
    /// Far more than a tentacle has; the rest was not even looked at.
    #[error("`{0}` holds more than a tentacle can: at most {most} files and {bytes} KiB", most = Bundle::MOST_FILES, bytes = Bundle::MOST_BYTES / 1024)]
    TooMuch(PathBuf),
    /// The files are no tentacle.
    #[error("{0}")]
    Bundle(#[from] BundleProblems),
    /// `workflow.yaml` is wrong.
    #[error("{0}")]
    Workflow(#[from] Problems),
    /// It would not survive the way.
    #[error("`{0}` is not a text in UTF-8: a tentacle is deployed from texts")]
    NotText(String),
}

impl Folder {
    /// Reads the files of the folder `dir`, but for what lies beside a tentacle: there git, editors and secrets live.
    pub(crate) fn bundle(dir: &Path) -> Result<Bundle, FolderError> {
        let mut files = Files::default();
        files.add(dir, "")?;
        if files.too_many() {
            return Err(FolderError::TooMuch(dir.to_owned()));
        }
        Ok(Bundle::new(files.found)?)
    }

    /// Reads and checks the folder `dir`.
    pub(crate) fn read(dir: &Path) -> Result<Self, FolderError> {
        let bundle = Self::bundle(dir)?;
        let workflow = Workflow::of(&bundle)?;
        workflow.supported_now()?;
        Ok(Self { bundle, workflow })
    }

    /// The files as they are sent.
    pub(crate) fn texts(&self) -> Result<BTreeMap<String, String>, FolderError> {
        let text = |(path, bytes): (&workflow::FilePath, &[u8])| match std::str::from_utf8(bytes) {
            Ok(text) => Ok((path.as_str().to_owned(), text.to_owned())),
            Err(_) => Err(FolderError::NotText(path.as_str().to_owned())),
        };
        self.bundle.iter().map(text).collect()
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
struct Files {
    found: Vec<(String, Vec<u8>)>,
    bytes: usize,
}

impl Files {
    /// Enough to know that it is too much; the exact numbers are the bundle's to tell.
    fn too_many(&self) -> bool {
        self.found.len() > 2 * Bundle::MOST_FILES || self.bytes > 2 * Bundle::MOST_BYTES
    }

    fn add(&mut self, dir: &Path, within: &str) -> Result<(), FolderError> {
        for entry in sorted(dir)? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if Entry::lies_beside(&name) || self.too_many() {
                continue;
            }
            let (path, within) = (entry.path(), format!("{within}{name}"));
            let failed = |error| FolderError::Io { path: path.clone(), error };
            // Not followed: the kind is the link's own.
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                self.add(&path, &format!("{within}/"))?;
            } else if kind.is_file() {
                let size = entry.metadata().map_err(failed)?.len();
                if size > Bundle::MOST_BYTES as u64 {
                    return Err(FolderError::TooMuch(path));
                }
                let bytes = fs::read(&path).map_err(failed)?;
                self.bytes += bytes.len();
                self.found.push((within, bytes));
            } else {
                return Err(FolderError::NotAFile(path));
            }
        }
        Ok(())
    }
}

fn sorted(dir: &Path) -> Result<Vec<DirEntry>, FolderError> {
    let failed = |error| FolderError::Io { path: dir.to_owned(), error };
    let mut entries = fs::read_dir(dir).and_then(Iterator::collect::<io::Result<Vec<_>>>).map_err(failed)?;
    entries.sort_by_key(DirEntry::file_name);
    Ok(entries)
}

#[cfg(test)]
mod tests;
