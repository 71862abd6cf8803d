//! Versions of a tentacle on disk: each in a folder named by its hash, whole from the moment it has that name, and never
//! changed.

use super::places::{Places, TentaclePlace};
use super::{disk, modules};
use crate::backend::{BackendError, GitSecrets};
use serde::{Deserialize, Serialize};
use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use uuid::Uuid;
use workflow::{Bundle, ContentHash, EnclaveName, Facts, Sandbox, Workflow, derive};

/// A version that is ready to be put behind walls.
#[derive(Debug)]
pub(super) struct Release {
    /// Everything that is derived from it.
    pub(super) sandbox: Sandbox,
    /// Its files.
    pub(super) code: PathBuf,
    /// Its modules, where it has any.
    pub(super) modules: Option<PathBuf>,
    /// Whether it runs only to see what its contract lacks.
    pub(super) observe: bool,
    /// The secrets from git that it is given; nothing of them is on this disk.
    pub(super) secrets: GitSecrets,
}

#[derive(Serialize, Deserialize)]
struct Current {
    version: ContentHash,
}

/// Puts a version on disk, unless it is there.
pub(super) fn store(
    places: &Places,
    place: &TentaclePlace,
    version: &ContentHash,
    bundle: &Bundle,
) -> io::Result<()> {
    let name = place.version(version);
    if read(&name).is_ok_and(|there| there.content_hash() == *version) {
        return Ok(());
    }
    let made = make(places, bundle.iter().map(|(path, bytes)| (path.as_str(), bytes)))?;
    for (path, _) in bundle.iter() {
        fs::File::open(made.join(path.as_str()))?.sync_all()?;
    }
    disk::make_private(&place.versions())?;
    // What was there under this name was not this version.
    disk::remove(&name, &places.removing())?;
    disk::give_name(&made, &name)
}

/// Writes files into a folder that has no name yet, for everybody to read and nobody to change. They are not on the disk
/// for certain before whoever gives them their name has seen to that.
pub(super) fn make<'a>(
    places: &Places,
    files: impl Iterator<Item = (&'a str, &'a [u8])>,
) -> io::Result<PathBuf> {
    let made = places.making().join(Uuid::now_v7().simple().to_string());
    disk::make_private(&made)?;
    for (path, bytes) in files {
        let path = made.join(path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o444).open(&path)?;
        file.write_all(bytes)?;
        // Whoever runs it is another user than whoever wrote it.
        file.set_permissions(Permissions::from_mode(0o444))?;
    }
    close_folders(&made)?;
    Ok(made)
}

/// Lets everybody read a folder and those in it, and nobody write in them.
fn close_folders(folder: &Path) -> io::Result<()> {
    for name in disk::folders(folder)? {
        close_folders(&folder.join(name))?;
    }
    fs::File::open(folder)?.sync_all()?;
    fs::set_permissions(folder, Permissions::from_mode(0o555))
}

/// The version as it lies on disk, with everything derived from it anew, and without secrets: what is on disk is believed only if
/// it is what its name says.
pub(super) fn load(
    place: &TentaclePlace,
    enclave: &EnclaveName,
    version: ContentHash,
) -> Result<Release, BackendError> {
    let code = place.version(&version);
    let altered = |why: String| {
        tracing::error!(version = %version, code = %code.display(), why, "a version on disk is not what it was");
        BackendError::DoesNotStart("its files are not what was deployed".to_owned())
    };
    let bundle = read(&code).map_err(|error| altered(error.to_string()))?;
    if bundle.content_hash() != version {
        return Err(altered(format!("its hash is {}", bundle.content_hash())));
    }
    let unfit = |problems: workflow::Problems| BackendError::DoesNotStart(problems.to_string());
    let workflow = Workflow::of(&bundle).map_err(unfit)?;
    let facts = Facts { enclave: enclave.clone(), version };
    let sandbox = derive(&workflow, &facts).map_err(unfit)?;
    let modules = modules::load(place, &sandbox)?;
    Ok(Release { sandbox, code, modules, observe: false, secrets: GitSecrets::default() })
}

/// Whether what lies there is this version; nothing where nothing does.
pub(super) fn is_whole(place: &TentaclePlace, version: &ContentHash) -> Option<bool> {
    let code = place.version(version);
    code.exists().then(|| read(&code).is_ok_and(|there| there.content_hash() == *version))
}

fn read(code: &Path) -> io::Result<Bundle> {
    let mut files = Vec::new();
    read_folder(code, "", &mut files)?;
    Bundle::new(files).map_err(io::Error::other)
}

fn read_folder(folder: &Path, prefix: &str, files: &mut Vec<(String, Vec<u8>)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_str().ok_or_else(|| io::Error::other("a file has no readable name"))?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            read_folder(&entry.path(), &format!("{prefix}{name}/"), files)?;
        } else if kind.is_file() && files.len() < Bundle::MOST_FILES {
            files.push((format!("{prefix}{name}"), fs::read(entry.path())?));
        } else {
            return Err(io::Error::other(format!("{prefix}{name} is not a file of a tentacle")));
        }
    }
    Ok(())
}

/// Which version is the current one; none when there is no tentacle.
pub(super) fn current(place: &TentaclePlace) -> io::Result<Option<ContentHash>> {
    match fs::read(place.current()) {
        Ok(bytes) => Ok(Some(serde_json::from_slice::<Current>(&bytes)?.version)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a version the current one, in one step.
pub(super) fn set_current(place: &TentaclePlace, version: ContentHash) -> io::Result<()> {
    disk::put(&place.current(), &serde_json::to_vec(&Current { version })?)
}

/// Removes all versions but those to keep.
pub(super) fn collect(places: &Places, place: &TentaclePlace, keep: &[ContentHash]) -> io::Result<()> {
    let kept: Vec<PathBuf> = keep.iter().map(|version| place.version(version)).collect();
    for name in disk::folders(&place.versions())? {
        let version = place.versions().join(name);
        if !kept.contains(&version) {
            disk::remove(&version, &places.removing())?;
        }
    }
    modules::collect(places, place, keep)
}
