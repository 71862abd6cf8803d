//! Files that only their owner may read: tokens and keys.

use std::fs::DirBuilder;
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Why a private file cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrivateFileError {
    /// The system says no.
    #[error("cannot {did} `{path}`: {error}")]
    Io {
        /// What was tried: `read`, `write`, `make`.
        did: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// Others can read it.
    #[error("`{0}` can be read by others on this machine, so it is not used; run `chmod 600` on it")]
    Open(PathBuf),
}

fn io_error(did: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrivateFileError {
    let path = path.to_owned();
    move |error| PrivateFileError::Io { did, path, error }
}

/// Makes a folder that only its owner may enter, and everything above it that is missing. One that is there stays as it
/// is: it may be somebody's own choice, and what is written into it is private by itself.
pub(crate) fn folder(path: &Path) -> Result<(), PrivateFileError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io_error("make", path))
}

/// Writes a file as a whole, or not at all: a reader sees the old text or the new one.
pub(crate) fn write(path: &Path, text: &[u8]) -> Result<(), PrivateFileError> {
    let beside = path.parent().unwrap_or(Path::new("."));
    let written = || {
        // Made with mode 0600, whatever the umask.
        let mut file = tempfile::NamedTempFile::new_in(beside)?;
        file.write_all(text)?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|error| error.error)?;
        std::fs::File::open(beside)?.sync_all()
    };
    written().map_err(io_error("write", path))
}

/// The text of a file that must not be readable by others; `None` when it is not there.
pub(crate) fn read(path: &Path) -> Result<Option<String>, PrivateFileError> {
    let text = match std::fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        read => read.map_err(io_error("read", path))?,
    };
    let mode = std::fs::metadata(path).map_err(io_error("read", path))?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(PrivateFileError::Open(path.to_owned()));
    }
    Ok(Some(text))
}

/// Lets others read what turned out to be no secret.
#[cfg(feature = "up")]
pub(crate) fn open_to_all(path: &Path, mode: u32) -> Result<(), PrivateFileError> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).map_err(io_error("open", path))
}

/// Removes a file, if it is there.
#[cfg(feature = "up")]
pub(crate) fn remove(path: &Path) -> Result<(), PrivateFileError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io_error("remove", path)(error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::Permissions;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn nobody_else_can_read_what_is_written() {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("a/b");
        folder(&inner).unwrap();
        let file = inner.join("secret");
        write(&file, b"one").unwrap();
        write(&file, b"two").unwrap();
        assert_eq!((mode(&dir.path().join("a")), mode(&inner), mode(&file)), (0o700, 0o700, 0o600));
        assert_eq!(read(&file).unwrap().as_deref(), Some("two"));
        assert_eq!(std::fs::read_dir(&inner).unwrap().count(), 1, "nothing is left beside it");
    }

    #[test]
    fn what_others_can_read_is_not_used() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("secret");
        assert_eq!(read(&file).unwrap(), None);
        write(&file, b"x").unwrap();
        for open in [0o640, 0o604, 0o644] {
            std::fs::set_permissions(&file, Permissions::from_mode(open)).unwrap();
            assert!(matches!(read(&file), Err(PrivateFileError::Open(_))), "{open:o}");
        }
    }

    #[test]
    fn a_folder_that_was_there_stays_as_it_is() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        folder(dir.path()).unwrap();
        assert_eq!(mode(dir.path()), 0o755);
    }
}
