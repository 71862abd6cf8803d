//! The modules of a version: kept with it once they were fetched, and believed only while they are what was fetched.

mod fetch;

use super::places::{Places, TentaclePlace};
use super::tentacle::{Workshop, blocking};
use super::version;
use super::{disk, fault};
use crate::backend::BackendError;
use crate::modules::{ModuleFiles, ModulesError};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use workflow::{ContentHash, Sandbox};

/// What stands beside the folder of a version's modules.
#[derive(Debug, Serialize, Deserialize)]
struct Record {
    /// What was to be fetched.
    wanted: String,
    /// What was.
    content: String,
}

/// Sees to it that the modules of a version lie in `into`, and answers where: taken from a version that has the same in
/// `kept`, else fetched. Nothing for a version without any.
pub(super) async fn ready(
    workshop: &Workshop,
    sandbox: &Sandbox,
    kept: &TentaclePlace,
    into: &TentaclePlace,
) -> Result<Option<PathBuf>, BackendError> {
    if sandbox.modules.is_empty() {
        return Ok(None);
    }
    let wanted = sandbox.modules.digest();
    let (place, same) = (kept.clone(), wanted.clone());
    let there = blocking(move || find(&place, &same).map_err(fault)).await?;
    let files = match there {
        Some(files) => files,
        None => fetch::fetch(workshop, sandbox).await?,
    };
    let (places, place, version) = (workshop.places.clone(), into.clone(), sandbox.version);
    let stored = blocking(move || store(&places, &place, &version, (&wanted, &files)).map_err(fault));
    Ok(Some(stored.await?))
}

/// Where the modules of a version lie, if they are what was fetched for it.
pub(super) fn load(place: &TentaclePlace, sandbox: &Sandbox) -> Result<Option<PathBuf>, BackendError> {
    if sandbox.modules.is_empty() {
        return Ok(None);
    }
    let folder = place.modules_of(&sandbox.version);
    let altered = |why: &str| {
        tracing::error!(folder = %folder.display(), why, "modules on disk are not what was fetched");
        BackendError::Modules(ModulesError::Altered)
    };
    let record = record(&folder).map_err(|error| altered(&error.to_string()))?;
    let files = read(&folder).map_err(|error| altered(&error.to_string()))?;
    let same = record.wanted == sandbox.modules.digest() && record.content == files.digest();
    if same { Ok(Some(folder)) } else { Err(altered("the digest is another")) }
}

/// Removes the modules of all versions but those to keep, and records that a crash has left without any.
pub(super) fn collect(places: &Places, place: &TentaclePlace, keep: &[ContentHash]) -> io::Result<()> {
    let kept: Vec<PathBuf> = keep.iter().map(|version| place.modules_of(version)).collect();
    let entries = match fs::read_dir(place.modules()) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        let folder = entry.path().with_extension("");
        if kept.contains(&folder) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            disk::remove(&entry.path(), &places.removing())?;
        } else {
            disk::remove_file(&entry.path())?;
        }
    }
    Ok(())
}

/// Modules that some version has and that are the same.
fn find(place: &TentaclePlace, wanted: &str) -> io::Result<Option<ModuleFiles>> {
    for name in disk::folders(&place.modules())? {
        let folder = place.modules().join(name);
        let Ok(record) = record(&folder) else { continue };
        if record.wanted != wanted {
            continue;
        }
        // What is not what was fetched is fetched again.
        if let Some(files) = read(&folder).ok().filter(|files| files.digest() == record.content) {
            return Ok(Some(files));
        }
    }
    Ok(None)
}

fn store(
    places: &Places,
    place: &TentaclePlace,
    version: &ContentHash,
    (wanted, files): (&str, &ModuleFiles),
) -> io::Result<PathBuf> {
    let folder = place.modules_of(version);
    let made = version::make(places, files.iter())?;
    // One call for all of them: there can be thousands.
    nix::unistd::syncfs(File::open(&made)?)?;
    disk::make_private(&place.modules())?;
    disk::remove(&folder, &places.removing())?;
    let record = Record { wanted: wanted.to_owned(), content: files.digest() };
    disk::put(&beside(&folder), &serde_json::to_vec(&record)?)?;
    disk::give_name(&made, &folder)?;
    Ok(folder)
}

fn record(folder: &Path) -> io::Result<Record> {
    Ok(serde_json::from_slice(&fs::read(beside(folder))?)?)
}

fn beside(folder: &Path) -> PathBuf {
    folder.with_extension("json")
}

fn read(folder: &Path) -> io::Result<ModuleFiles> {
    let mut files = BTreeMap::new();
    let mut left = vec![(folder.to_owned(), String::new())];
    let mut bytes = 0;
    while let Some((folder, prefix)) = left.pop() {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let name = entry.file_name();
            let name = name.to_str().ok_or_else(|| io::Error::other("a file has no readable name"))?;
            let kind = entry.file_type()?;
            if kind.is_dir() {
                left.push((entry.path(), format!("{prefix}{name}/")));
                continue;
            }
            let content = if kind.is_file() { fs::read(entry.path())? } else { Vec::new() };
            bytes += content.len();
            if !kind.is_file()
                || files.len() > ModuleFiles::MOST_FILES + 2
                || bytes > 2 * ModuleFiles::MOST_BYTES
            {
                return Err(io::Error::other(format!("{prefix}{name} is no file of a module")));
            }
            files.insert(format!("{prefix}{name}"), content);
        }
    }
    Ok(ModuleFiles::found(files))
}
