//! Laying the layers of an image over each other. Every path is resolved within the folder, whatever links are in it.

use super::ImageError;
use super::zstd::Frames;
use cap_std::fs::Dir;
use flate2::read::MultiGzDecoder;
use std::collections::HashSet;
use std::fs::Permissions;
use std::io::{self, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};
use tar::{Archive, Entry, EntryType};

/// The most that all layers of an image may unpack to: bytes, and files with folders and links.
const BYTES: u64 = 2 << 30;
const ENTRIES: u64 = 200_000;

/// How many folders deep something may lie.
const DEPTH: usize = 32;

/// What a layer calls a file that hides one of a layer below, and a folder that hides all of it.
const HIDES: &str = ".wh.";
const HIDES_ALL: &str = ".wh..wh..opq";

/// How a layer is compressed.
#[derive(Debug, Clone, Copy)]
pub(super) enum Packed {
    /// Not at all.
    Plain,
    /// With gzip.
    Gzip,
    /// With Zstandard.
    Zstd,
}

impl Packed {
    /// As the kind of its blob says; nothing where that is no kind of a layer that is understood.
    pub(super) fn of(kind: &str) -> Option<Self> {
        match kind {
            "application/vnd.oci.image.layer.v1.tar" | "application/vnd.docker.image.rootfs.diff.tar" => {
                Some(Self::Plain)
            }
            "application/vnd.oci.image.layer.v1.tar+gzip"
            | "application/vnd.docker.image.rootfs.diff.tar.gzip" => Some(Self::Gzip),
            "application/vnd.oci.image.layer.v1.tar+zstd"
            | "application/vnd.docker.image.rootfs.diff.tar.zstd" => Some(Self::Zstd),
            _ => None,
        }
    }
}

/// How much more an image may unpack to.
pub(super) struct Bounds {
    read: u64,
    written: u64,
    entries: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { read: BYTES, written: BYTES, entries: ENTRIES }
    }
}

/// Unpacks a layer over what is there.
pub(super) fn unpack(
    blob: &mut dyn Read,
    packed: Packed,
    root: &Dir,
    bounds: &mut Bounds,
) -> Result<(), ImageError> {
    let plain: Box<dyn Read + '_> = match packed {
        Packed::Plain => Box::new(blob),
        Packed::Gzip => Box::new(MultiGzDecoder::new(blob)),
        Packed::Zstd => Box::new(Frames::new(blob)),
    };
    // What is between the files counts, too.
    let mut counted = Counted { from: plain, left: bounds.read };
    let done = unpack_all(&mut counted, root, bounds);
    bounds.read = counted.left;
    if counted.left == 0 {
        return Err(too_many_bytes());
    }
    done
}

fn unpack_all(from: &mut dyn Read, root: &Dir, bounds: &mut Bounds) -> Result<(), ImageError> {
    let broken = |error| ImageError::Entry("a layer".to_owned(), error);
    let too_many = || ImageError::TooMuch(format!("{ENTRIES} entries"));
    let mut archive = Archive::new(from);
    let mut layer = Layer { root, made: HashSet::new() };
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        bounds.entries = bounds.entries.checked_sub(1).ok_or_else(too_many)?;
        // What is written may be more than what is read: an archive need not say the holes of a file.
        bounds.written = bounds.written.checked_sub(entry.size()).ok_or_else(too_many_bytes)?;
        layer.take(&mut entry)?;
    }
    Ok(())
}

fn too_many_bytes() -> ImageError {
    ImageError::TooMuch(format!("{BYTES} bytes"))
}

/// One layer, while it is laid over those below.
struct Layer<'a> {
    root: &'a Dir,
    /// What it has made itself.
    made: HashSet<PathBuf>,
}

impl Layer<'_> {
    fn take<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> Result<(), ImageError> {
        let path = entry.path().map_err(|error| ImageError::Entry("a layer".to_owned(), error))?.into_owned();
        let Some(path) = inside(&path)? else { return Ok(()) };
        self.put(entry, &path).map_err(|error| ImageError::Entry(path.display().to_string(), error))
    }

    fn put<R: Read>(&mut self, entry: &mut Entry<'_, R>, path: &Path) -> io::Result<()> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let parent = path.parent().unwrap_or(Path::new(""));
        if name.starts_with(HIDES) && !self.is_plain(parent)? {
            return Ok(());
        }
        if name == HIDES_ALL {
            return self.hide_all(parent);
        }
        if let Some(hidden) = name.strip_prefix(HIDES) {
            return match hidden {
                "" | "." | ".." => Err(io::Error::other("it hides what has no name")),
                hidden => clear(self.root, &parent.join(hidden)),
            };
        }
        self.make_way(parent)?;
        match entry.header().entry_type() {
            EntryType::Directory if is_folder(self.root, path)? => {}
            EntryType::Directory => {
                clear(self.root, path)?;
                self.root.create_dir(path)?;
            }
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => self.file(entry, path)?,
            EntryType::Symlink => {
                clear(self.root, path)?;
                self.root.symlink_contents(target(entry)?, path)?;
            }
            EntryType::Link => {
                let to = inside(&target(entry)?).map_err(io::Error::other)?;
                let to = to.ok_or_else(|| io::Error::other("it is a link to nothing"))?;
                clear(self.root, path)?;
                self.root.hard_link(&to, self.root, path)?;
            }
            // Devices and pipes are not for sidecars, and the rest is about the archive itself.
            _ => return Ok(()),
        }
        self.made.insert(path.to_path_buf());
        Ok(())
    }

    /// Whether a folder is there, and no link on the way to it.
    fn is_plain(&self, folder: &Path) -> io::Result<bool> {
        let mut way = PathBuf::new();
        for part in folder.components() {
            way.push(part);
            if !is_folder(self.root, &way)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Makes the folders that lead to something. None of them is a link, so that nothing lies deeper than its path is long.
    fn make_way(&self, parent: &Path) -> io::Result<()> {
        let mut way = PathBuf::new();
        for part in parent.components() {
            way.push(part);
            if is_folder(self.root, &way)? {
                continue;
            }
            self.root.create_dir(&way).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => io::Error::other("what it lies in is not a folder"),
                _ => error,
            })?;
        }
        Ok(())
    }

    /// Everybody may read a file, and start it where its maker let anybody. Nobody becomes another user by it.
    fn file<R: Read>(&self, entry: &mut Entry<'_, R>, path: &Path) -> io::Result<()> {
        clear(self.root, path)?;
        let starts = entry.header().mode()? & 0o111 != 0;
        let mut file = self.root.create(path)?.into_std();
        let size = entry.size();
        io::copy(&mut entry.take(size), &mut file)?;
        file.set_permissions(Permissions::from_mode(if starts { 0o555 } else { 0o444 }))
    }

    /// Hides everything in a folder that is not of this layer.
    fn hide_all(&self, folder: &Path) -> io::Result<()> {
        if !is_folder(self.root, folder)? {
            return Ok(());
        }
        let inside = match folder.components().next() {
            Some(_) => self.root.open_dir(folder)?,
            None => self.root.try_clone()?,
        };
        for there in inside.entries()? {
            let path = folder.join(there?.file_name());
            if !self.made.iter().any(|made| made.starts_with(&path)) {
                clear(self.root, &path)?;
            }
        }
        Ok(())
    }
}

/// Makes real folders of the places where a sidecar sees what is not of its image, and lets everybody see all folders.
pub(super) fn finish(root: &Dir, places: &[&str]) -> Result<(), ImageError> {
    let failed = |error| ImageError::Entry("the image".to_owned(), error);
    for place in places {
        let place = Path::new(place);
        if !is_folder(root, place).map_err(failed)? {
            clear(root, place).map_err(failed)?;
            root.create_dir(place).map_err(failed)?;
        }
    }
    open_folders(root).map_err(failed)
}

fn open_folders(folder: &Dir) -> io::Result<()> {
    let mode = cap_std::fs::Permissions::from_std(Permissions::from_mode(0o755));
    folder.set_permissions(".", mode)?;
    for entry in folder.entries()? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open_folders(&entry.open_dir()?)?;
        }
    }
    Ok(())
}

/// Where a link leads.
fn target<R: Read>(entry: &Entry<'_, R>) -> io::Result<PathBuf> {
    let target = entry.link_name()?.ok_or_else(|| io::Error::other("it is a link to nothing"))?;
    Ok(target.into_owned())
}

/// A path of an archive as one within the image; none for the image's own folder.
fn inside(path: &Path) -> Result<Option<PathBuf>, ImageError> {
    let mut inside = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => inside.push(name),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(ImageError::Escapes(path.display().to_string()));
            }
        }
    }
    if inside.components().count() > DEPTH {
        return Err(ImageError::TooMuch(format!("{DEPTH} folders within each other")));
    }
    Ok((!inside.as_os_str().is_empty()).then_some(inside))
}

/// Whether there is a folder, and not a link to one.
fn is_folder(root: &Dir, path: &Path) -> io::Result<bool> {
    if path.as_os_str().is_empty() {
        return Ok(true);
    }
    match root.symlink_metadata(path) {
        Ok(there) => Ok(there.is_dir()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Removes what is there, whatever it is.
fn clear(root: &Dir, path: &Path) -> io::Result<()> {
    let there = match root.symlink_metadata(path) {
        Ok(there) => there,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if there.is_dir() { root.remove_dir_all(path) } else { root.remove_file(path) }
}

/// What reads no further than it may.
struct Counted<R> {
    from: R,
    left: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(io::Error::other("there is too much"));
        }
        let count = self.from.by_ref().take(self.left).read(into)?;
        self.left -= count as u64;
        Ok(count)
    }
}
