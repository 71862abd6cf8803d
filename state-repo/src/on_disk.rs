//! The files of secrets as they lie on a disk, in somebody's clone.

use crate::error::StateError;
use crate::layout::{ENCLAVES, ENCRYPTED, Layout, SECRETS};
use crate::sops::{MOST_BYTES, SecretFile, SopsError, SopsRules};
use crate::workspace::WorkingClone;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use workflow::{EnclaveName, TentacleName};

/// A file in the folder of a tentacle's secrets.
#[derive(Debug, Clone)]
pub struct SecretOnDisk {
    /// Its path, relative to the repository's root.
    pub path: String,
    /// The service that it is for, by its name; `None` for a file that is called otherwise.
    pub service: Option<String>,
    /// What is in it, encrypted, where it is what it is called.
    pub file: Result<SecretFile, SopsError>,
}

impl WorkingClone {
    /// The tentacles that have a folder on this disk, by enclave.
    ///
    /// # Errors
    /// When a folder cannot be read.
    pub fn all_on_disk(&self) -> Result<Vec<(EnclaveName, TentacleName)>, StateError> {
        let mut all = Vec::new();
        for name in names(&self.root().join(ENCLAVES))? {
            let Ok(enclave) = name.parse::<EnclaveName>() else { continue };
            all.extend(self.on_disk(&enclave)?.into_iter().map(|tentacle| (enclave.clone(), tentacle)));
        }
        all.sort();
        Ok(all)
    }

    /// What lies in the folder of a tentacle's secrets, by name.
    ///
    /// # Errors
    /// When the disk says no.
    pub fn secrets_on_disk(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<Vec<SecretOnDisk>, StateError> {
        let within = format!("{}/{SECRETS}", Layout::tentacle(enclave, tentacle));
        let folder = self.root().join(&within);
        let read = |name: String| {
            let service = name.strip_suffix(ENCRYPTED).map(str::to_owned);
            let text = text(&folder.join(&name))?;
            let file = text.and_then(|text| SecretFile::read(&text));
            Ok(SecretOnDisk { path: format!("{within}/{name}"), service, file })
        };
        names(&folder)?.into_iter().map(read).collect()
    }

    /// Writes the file with a tentacle's secrets of a service, as a whole or not at all; answers its path, relative to the
    /// root.
    ///
    /// # Errors
    /// When the disk says no, or a link leads elsewhere.
    pub fn write_secrets(
        &self,
        (enclave, tentacle): (&EnclaveName, &TentacleName),
        service: &str,
        text: &str,
    ) -> Result<String, StateError> {
        let path = Layout::secrets(enclave, tentacle, service);
        let file = self.root().join(&path);
        let folder = self.folder(enclave, tentacle).join(SECRETS);
        fs::create_dir_all(&folder).map_err(StateError::io(&folder))?;
        let real = folder.canonicalize().map_err(StateError::io(&folder))?;
        if real != folder {
            return Err(StateError::HostileRepository(crate::Hostile::Link { path }));
        }
        let written = || {
            let mut whole = tempfile::NamedTempFile::new_in(&folder)?;
            whole.write_all(text.as_bytes())?;
            whole.as_file().sync_all()?;
            whole.persist(&file).map_err(|error| error.error)
        };
        written().map_err(StateError::io(&file))?;
        Ok(path)
    }

    /// To whom files are encrypted, as `.sops.yaml` says; nobody where there is none.
    ///
    /// # Errors
    /// When the disk says no; in the answer, when the file cannot be read as rules.
    pub fn sops_rules(&self) -> Result<Result<SopsRules, SopsError>, StateError> {
        let file = self.root().join(SopsRules::FILE);
        match fs::symlink_metadata(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Ok(SopsRules::default())),
            _ => Ok(text(&file)?.and_then(|text| SopsRules::read(&text))),
        }
    }
}

/// The names in a folder, in order; none where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, StateError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StateError::io(folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StateError::io(folder))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names)
}

/// The text of a file; what is no file, too large or no text is none.
fn text(path: &Path) -> Result<Result<String, SopsError>, StateError> {
    let path: PathBuf = path.to_owned();
    let kind = fs::symlink_metadata(&path).map_err(StateError::io(&path))?;
    if !kind.is_file() {
        return Ok(Err(SopsError::NotOne));
    }
    let most = u64::try_from(MOST_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    let file = File::open(&path).map_err(StateError::io(&path))?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes).map_err(StateError::io(&path))?;
    Ok(String::from_utf8(bytes).map_err(|_| SopsError::NotOne))
}
