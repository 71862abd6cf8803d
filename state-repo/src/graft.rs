//! A tree that is changed at some paths. Only the folders that lead there are read and written anew: what lies beside them stays
//! what it is, whatever that is, and nobody looks at it.

use crate::error::StateError;
use crate::read;
use git2::{ObjectType, Oid, Repository};
use std::collections::BTreeMap;

/// What a folder has by a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Object {
    /// What it is, as git writes it.
    mode: i32,
    pub(crate) id: Oid,
}

/// What is to be at paths from the root; `None` takes away what is there, a folder with all that lies in it.
pub(crate) type Changes = BTreeMap<String, Option<Object>>;

/// What lies at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing.
    Nothing,
    /// This.
    There(Object),
    /// Nothing, and at a part of the path there is something that is no folder.
    Behind(String, Object),
}

impl Found {
    /// What lies there.
    pub(crate) const fn object(&self) -> Option<Object> {
        match self {
            Self::There(object) => Some(*object),
            Self::Nothing | Self::Behind(..) => None,
        }
    }
}

impl Object {
    /// A file that is not run.
    pub(crate) const fn file(id: Oid) -> Self {
        Self { mode: 0o100_644, id }
    }

    const fn folder(id: Oid) -> Self {
        Self { mode: 0o040_000, id }
    }

    pub(crate) const fn is_folder(&self) -> bool {
        self.mode & 0o170_000 == 0o040_000
    }

    /// Whether it has a content of its own: a file, or a link.
    pub(crate) const fn has_content(&self) -> bool {
        matches!(self.mode & 0o170_000, 0o100_000 | 0o120_000)
    }
}

/// What lies at a path of the tree `root`.
pub(crate) fn find(repo: &Repository, root: Option<Oid>, path: &str) -> Result<Found, StateError> {
    let Some(root) = root else { return Ok(Found::Nothing) };
    let mut at = Object::folder(root);
    let mut shown = String::new();
    for part in path.split('/') {
        if !at.is_folder() {
            return Ok(Found::Behind(shown, at));
        }
        let entries = entries(repo, at.id, &shown)?;
        let Some((_, next)) = entries.into_iter().find(|(name, _)| name == part.as_bytes()) else {
            return Ok(Found::Nothing);
        };
        at = next;
        shown = joined(&shown, part);
    }
    Ok(Found::There(at))
}

/// What lies in the folder at a path of the tree `root`, where its name is a text; nothing where there is no such folder.
pub(crate) fn inside(repo: &Repository, root: Oid, path: &str) -> Result<Vec<(String, Object)>, StateError> {
    let Some(folder) = find(repo, Some(root), path)?.object().filter(Object::is_folder) else {
        return Ok(Vec::new());
    };
    let entries = entries(repo, folder.id, path)?.into_iter();
    Ok(entries.filter_map(|(name, object)| Some((String::from_utf8(name).ok()?, object))).collect())
}

/// The tree `root` with these changes. A file takes the place of a folder, and a folder that of whatever else is there.
pub(crate) fn with(repo: &Repository, root: Option<Oid>, changes: &Changes) -> Result<Oid, StateError> {
    if let Some(root) = root.filter(|_| changes.is_empty()) {
        return Ok(root);
    }
    let changes: Vec<_> = changes.iter().map(|(path, object)| (path.as_str(), *object)).collect();
    match folder(repo, root, "", &changes)? {
        Some(tree) => Ok(tree),
        None => write(repo, Vec::new()),
    }
}

/// The same of one folder; `None` where nothing is left in it.
fn folder(
    repo: &Repository,
    before: Option<Oid>,
    shown: &str,
    changes: &[(&str, Option<Object>)],
) -> Result<Option<Oid>, StateError> {
    let mut there = before.map_or_else(|| Ok(Vec::new()), |before| entries(repo, before, shown))?;
    let mut within: BTreeMap<&str, Vec<(&str, Option<Object>)>> = BTreeMap::new();
    let mut here = Vec::new();
    for (path, object) in changes {
        match path.split_once('/') {
            Some((first, rest)) => within.entry(first).or_default().push((rest, *object)),
            None => here.push((*path, *object)),
        }
    }
    // What goes makes room first, and what comes is put last: a file may become a folder, or a folder a file.
    for (name, _) in here.iter().filter(|(_, object)| object.is_none()) {
        put(&mut there, name, None);
    }
    for (name, inner) in within {
        let old = there.iter().find(|(other, object)| other == name.as_bytes() && object.is_folder());
        let old = old.map(|(_, object)| object.id);
        if old.is_none() && inner.iter().all(|(_, object)| object.is_none()) {
            continue;
        }
        let new = folder(repo, old, &joined(shown, name), &inner)?;
        put(&mut there, name, new.map(Object::folder));
    }
    for (name, object) in here.into_iter().filter(|(_, object)| object.is_some()) {
        put(&mut there, name, object);
    }
    if there.is_empty() { Ok(None) } else { write(repo, there).map(Some) }
}

fn put(there: &mut Vec<(Vec<u8>, Object)>, name: &str, object: Option<Object>) {
    there.retain(|(other, _)| other != name.as_bytes());
    there.extend(object.map(|object| (name.as_bytes().to_vec(), object)));
}

fn entries(repo: &Repository, folder: Oid, shown: &str) -> Result<Vec<(Vec<u8>, Object)>, StateError> {
    let tree = read::listed(repo, folder, if shown.is_empty() { "the root" } else { shown })?;
    let entries = tree
        .iter()
        .map(|entry| (entry.name_bytes().to_vec(), Object { mode: entry.filemode_raw(), id: entry.id() }));
    Ok(entries.collect())
}

/// Writes a folder as git does, byte by byte: libgit2's own builder refuses to keep the names that it would not write itself.
fn write(repo: &Repository, mut entries: Vec<(Vec<u8>, Object)>) -> Result<Oid, StateError> {
    // Git sorts folders as if their names ended in `/`.
    entries.sort_by_cached_key(|(name, object)| {
        let end: &[u8] = if object.is_folder() { b"/" } else { b"" };
        [name.as_slice(), end].concat()
    });
    let mut bytes = Vec::new();
    for (name, Object { mode, id }) in entries {
        bytes.extend_from_slice(format!("{mode:o} ").as_bytes());
        bytes.extend_from_slice(&name);
        bytes.push(0);
        bytes.extend_from_slice(id.as_bytes());
    }
    Ok(repo.odb()?.write(ObjectType::Tree, &bytes)?)
}

fn joined(within: &str, name: &str) -> String {
    if within.is_empty() { name.to_owned() } else { format!("{within}/{name}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(repo: &Repository, files: &[(&str, Option<&str>)]) -> Changes {
        let object = |text: &str| Object::file(repo.blob(text.as_bytes()).unwrap());
        files.iter().map(|(path, text)| ((*path).to_owned(), text.map(object))).collect()
    }

    /// Every path below a tree, as git itself walks it.
    fn paths(repo: &Repository, tree: Oid) -> Vec<String> {
        let mut paths = Vec::new();
        let tree = repo.find_tree(tree).unwrap();
        tree.walk(git2::TreeWalkMode::PreOrder, |within, entry| {
            if entry.kind() == Some(ObjectType::Blob) {
                paths.push(format!("{within}{}", entry.name().unwrap()));
            }
            git2::TreeWalkResult::Ok
        })
        .unwrap();
        paths
    }

    #[test]
    fn files_come_go_and_change_places_with_folders() {
        let dir = tempfile::tempdir().unwrap();
        let repo = Repository::init_bare(dir.path()).unwrap();
        let after = |root, files: &[_]| with(&repo, root, &made(&repo, files)).unwrap();
        let one = after(None, &[("a/b/c", Some("1")), ("a/b.x", Some("1")), ("a/b0", Some("1"))]);
        assert_eq!(paths(&repo, one), ["a/b.x", "a/b/c", "a/b0"], "in git's order");
        let two =
            after(Some(one), &[("a/b/c", None), ("a/b", Some("2")), ("a/b.x", None), ("a/b.x/y", Some("2"))]);
        assert_eq!(paths(&repo, two), ["a/b", "a/b.x/y", "a/b0"]);
        let three = after(Some(two), &[("a/b/gone", None), ("x/gone", None), ("a/b.x/y", None)]);
        assert_eq!(paths(&repo, three), ["a/b", "a/b0"], "an empty folder is none");
        let none = after(Some(three), &[("a", None)]);
        assert!(paths(&repo, none).is_empty() && repo.find_tree(none).unwrap().is_empty());
        assert_eq!(find(&repo, Some(two), "a/b/c").unwrap().object(), None);
        assert!(matches!(find(&repo, Some(two), "a/b/c").unwrap(), Found::Behind(path, _) if path == "a/b"));
        assert!(find(&repo, Some(two), "a/b.x").unwrap().object().unwrap().is_folder());
        let git =
            std::process::Command::new("git").args(["fsck", "--strict"]).current_dir(dir.path()).status();
        assert!(git.unwrap().success());
    }
}
