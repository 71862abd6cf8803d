//! Writing and removing so that whoever looks, or dies, in between finds the old or the new and nothing else.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;
use uuid::Uuid;

/// Makes a folder that is nobody else's business, unless it is there.
pub(super) fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().mode(0o700).recursive(true).create(folder)
}

/// Puts `bytes` at `path`, in one step.
pub(super) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let beside = path.with_extension(format!("{}.new", Uuid::now_v7().simple()));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside)?;
    let written =
        file.write_all(bytes).and_then(|()| file.sync_all()).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // What is left of the attempt is in nobody's way.
        let _ = fs::remove_file(&beside);
    }
    written?;
    sync_folder(path)
}

/// Gives what was made at `made` its name, in one step. An empty folder of that name gives way.
pub(super) fn give_name(made: &Path, name: &Path) -> io::Result<()> {
    fs::rename(made, name)?;
    sync_folder(name)
}

/// Removes the folder at `path`, if there is one: in one step it loses its name, by going into `removing`; then it goes.
pub(super) fn remove(path: &Path, removing: &Path) -> io::Result<()> {
    let nameless = removing.join(Uuid::now_v7().simple().to_string());
    match fs::rename(path, &nameless) {
        Ok(()) => {
            sync_folder(path)?;
            remove_tree(&nameless)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

/// Removes a file, if there is one.
pub(super) fn remove_file(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Removes a folder with all that is in it. Folders that nobody may write in are no obstacle.
pub(super) fn remove_tree(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            make_writable(path)?;
            fs::remove_dir_all(path)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

/// Removes everything in a folder, if it is there.
pub(super) fn empty(folder: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_tree(&entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The names of the folders in a folder; none when it is not there.
pub(super) fn folders(folder: &Path) -> io::Result<Vec<String>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            names.extend(entry.file_name().into_string());
        }
    }
    Ok(names)
}

/// Makes a change of names in the folder of `path` last.
fn sync_folder(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn make_writable(folder: &Path) -> io::Result<()> {
    fs::set_permissions(folder, Permissions::from_mode(0o700))?;
    for name in folders(folder)? {
        make_writable(&folder.join(name))?;
    }
    Ok(())
}
