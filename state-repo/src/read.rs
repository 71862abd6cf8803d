//! A tentacle as a commit has it: trees and blobs are walked and nothing is checked out, so that no filter, hook or setting
//! of the repository has a say.

pub(crate) mod beside;

use crate::error::StateError;
use crate::hostile::Hostile;
use crate::layout::{Entry, Layout};
use crate::names::CommitId;
use git2::{Commit, ObjectType, Odb, Oid, Repository, Tree, TreeEntry};
use jiff::Timestamp;
use std::collections::BTreeMap;
use workflow::{Bundle, ContentHash, EnclaveName, TentacleName};

/// The most bytes of one folder's list of entries: some 20,000 of them.
const MOST_OF_A_FOLDER: usize = 1024 * 1024;

/// The most entries that are looked at in a tentacle's folder, with all that lies in it.
const MOST_ENTRIES: usize = 5 * Bundle::MOST_FILES;

/// How Git LFS begins the file that stands for another.
const ELSEWHERE: &[u8] = b"version https://git-lfs.github.com/spec/";

/// A commit, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// Which.
    pub commit: CommitId,
    /// When it was made, as whoever made it says.
    pub at: Timestamp,
    /// The first line of its message.
    pub summary: String,
    /// Whose change it is, as the commit says.
    pub author: String,
}

/// A tentacle at a commit.
#[derive(Debug, Clone)]
pub struct AtCommit {
    /// The commit.
    pub committed: Committed,
    /// The files.
    pub bundle: Bundle,
}

impl AtCommit {
    /// The name of the content: what the server computes of the same files.
    #[must_use]
    pub fn hash(&self) -> ContentHash {
        self.bundle.content_hash()
    }

    /// The files as texts, by path.
    #[must_use]
    pub fn files(&self) -> BTreeMap<String, String> {
        // INVARIANT: all of them were read as UTF-8.
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.bundle.iter().map(|(path, bytes)| (path.to_string(), text(bytes))).collect()
    }
}

/// Whether a letter is seen by nobody, or makes the text around it seem to be another one.
const fn turns(c: char) -> bool {
    matches!(c, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

impl Committed {
    pub(crate) fn of(commit: &Commit<'_>) -> Result<Self, StateError> {
        let at = Timestamp::from_second(commit.time().seconds())
            .map_err(|_| StateError::Git(format!("commit {} has a time that is none", commit.id())))?;
        let line = |bytes: &[u8], most: usize| {
            let text = String::from_utf8_lossy(bytes);
            text.chars().filter(|c| !c.is_control() && !turns(*c)).take(most).collect::<String>()
        };
        Ok(Self {
            commit: CommitId(commit.id()),
            at,
            summary: line(commit.summary_bytes().unwrap_or_default(), 120),
            author: line(commit.author().name_bytes(), 80),
        })
    }
}

/// Reads a tentacle at a commit of `repo`.
pub(crate) fn tentacle(
    repo: &Repository,
    commit: CommitId,
    enclave: &EnclaveName,
    tentacle: &TentacleName,
) -> Result<AtCommit, StateError> {
    let found = repo.find_commit(commit.0)?;
    let objects = repo.odb()?;
    let walk = Walk { repo, objects: &objects, entries: 0, bytes: 0, files: Vec::new() };
    let folder = walk.descend(&found, &Layout::parts(enclave, tentacle))?;
    let path = Layout::tentacle(enclave, tentacle);
    let Some(folder) = folder else { return Err(StateError::NoTentacle { path, commit }) };
    Ok(AtCommit { committed: Committed::of(&found)?, bundle: walk.bundle(folder, &path)? })
}

/// The name of what is in a tentacle's folder, which [`folders`] has found; `path` is for what is said of it.
pub(crate) fn content(repo: &Repository, folder: Oid, path: &str) -> Result<ContentHash, StateError> {
    let objects = repo.odb()?;
    let walk = Walk { repo, objects: &objects, entries: 0, bytes: 0, files: Vec::new() };
    Ok(walk.bundle(folder, path)?.content_hash())
}

/// The text of the file `name` in one folder; `None` where there is none.
pub(crate) fn file(
    repo: &Repository,
    commit: CommitId,
    within: &[&str],
    name: &str,
) -> Result<Option<Vec<u8>>, StateError> {
    let found = repo.find_commit(commit.0)?;
    let objects = repo.odb()?;
    let mut walk = Walk { repo, objects: &objects, entries: 0, bytes: 0, files: Vec::new() };
    let Some(folder) = walk.descend(&found, within)? else { return Ok(None) };
    let path = within.join("/");
    let tree = walk.tree(folder, &path)?;
    let Some(entry) = tree.get_name(name) else { return Ok(None) };
    let path = sibling(&path, name);
    Kind::of(entry.filemode_raw()).refused(Kind::File, path.clone())?;
    walk.file(entry.id(), &path).map(Some)
}

/// The entries of one folder, unless they are more than anybody needs; `path` is for what is said of it.
pub(crate) fn listed<'r>(repo: &'r Repository, folder: Oid, path: &str) -> Result<Tree<'r>, StateError> {
    listed_of(repo, &repo.odb()?, folder, path)
}

/// The same: how large it is says git before anything is read.
fn listed_of<'r>(
    repo: &'r Repository,
    objects: &Odb<'_>,
    folder: Oid,
    path: &str,
) -> Result<Tree<'r>, StateError> {
    let (size, kind) = objects.read_header(folder)?;
    if kind != ObjectType::Tree {
        return Err(Hostile::Kind { path: path.to_owned() }.into());
    }
    if size > MOST_OF_A_FOLDER {
        return Err(Hostile::TooMany { path: path.to_owned() }.into());
    }
    Ok(repo.find_tree(folder)?)
}

/// Refuses a folder in which, with all that lies in it, are more entries than are looked at.
pub(crate) fn bounded(repo: &Repository, folder: Oid, path: &str) -> Result<(), StateError> {
    let mut folders = vec![folder];
    let mut entries = 0;
    while let Some(folder) = folders.pop() {
        let tree = listed(repo, folder, path)?;
        entries += tree.len();
        if entries > MOST_ENTRIES {
            return Err(Hostile::TooMany { path: path.to_owned() }.into());
        }
        let within = tree.iter().filter(|entry| Kind::of(entry.filemode_raw()) == Kind::Folder);
        folders.extend(within.map(|entry| entry.id()));
    }
    Ok(())
}

/// Refuses a file that is larger than a tentacle.
pub(crate) fn bounded_file(repo: &Repository, file: Oid, path: &str) -> Result<(), StateError> {
    let (bytes, _) = repo.odb()?.read_header(file)?;
    if bytes > Bundle::MOST_BYTES {
        return Err(Hostile::TooLarge { path: path.to_owned(), bytes }.into());
    }
    Ok(())
}

/// A folder in a folder.
pub(crate) struct Folder<T> {
    pub(crate) name: T,
    /// Its tree, unless another one could be taken for it.
    pub(crate) tree: Result<Oid, StateError>,
}

/// The folders in one folder, `enclaves` or `enclaves/<enclave>`, whose names are a `T`, by name.
pub(crate) fn folders<T: std::str::FromStr>(
    repo: &Repository,
    commit: CommitId,
    within: &[&str],
) -> Result<Vec<Folder<T>>, StateError> {
    let found = repo.find_commit(commit.0)?;
    let objects = repo.odb()?;
    let walk = Walk { repo, objects: &objects, entries: 0, bytes: 0, files: Vec::new() };
    let Some(folder) = walk.descend(&found, within)? else { return Ok(Vec::new()) };
    let path = within.join("/");
    let tree = walk.tree(folder, &path)?;
    let mut alike: BTreeMap<Vec<u8>, Vec<String>> = BTreeMap::new();
    for entry in &tree {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        alike.entry(entry.name_bytes().to_ascii_lowercase()).or_default().push(name);
    }
    let read = |entry: TreeEntry<'_>| {
        let name = std::str::from_utf8(entry.name_bytes()).ok()?.parse().ok()?;
        let tree = match alike.get(&entry.name_bytes().to_ascii_lowercase()).map(Vec::as_slice) {
            Some([one, other, ..]) => {
                Err(Hostile::SameName { one: sibling(&path, one), other: sibling(&path, other) }.into())
            }
            _ => Ok(entry.id()),
        };
        Some(Folder { name, tree })
    };
    let folders = tree.iter().filter(|entry| Kind::of(entry.filemode_raw()) == Kind::Folder);
    Ok(folders.filter_map(read).collect())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Folder,
    File,
    Link,
    Submodule,
    Other,
}

impl Kind {
    fn of(mode: i32) -> Self {
        match mode & 0o170_000 {
            0o040_000 => Self::Folder,
            0o100_000 => Self::File,
            0o120_000 => Self::Link,
            0o160_000 => Self::Submodule,
            _ => Self::Other,
        }
    }

    /// Why it is not `wanted`.
    fn refused(self, wanted: Self, path: String) -> Result<(), Hostile> {
        match self {
            kind if kind == wanted => Ok(()),
            Self::Link => Err(Hostile::Link { path }),
            Self::Submodule => Err(Hostile::Submodule { path }),
            _ => Err(Hostile::Kind { path }),
        }
    }
}

struct Walk<'r> {
    repo: &'r Repository,
    objects: &'r Odb<'r>,
    entries: usize,
    bytes: usize,
    files: Vec<(String, Vec<u8>)>,
}

impl<'r> Walk<'r> {
    fn tree(&self, id: Oid, path: &str) -> Result<Tree<'r>, StateError> {
        listed_of(self.repo, self.objects, id, path)
    }

    /// From the root down, by exact names.
    fn descend(&self, commit: &Commit<'_>, parts: &[&str]) -> Result<Option<Oid>, StateError> {
        let mut id = commit.tree_id();
        let mut path = String::new();
        for part in parts {
            let tree = self.tree(id, if path.is_empty() { "the root" } else { &path })?;
            let within = std::mem::take(&mut path);
            path = if within.is_empty() { (*part).to_owned() } else { format!("{within}/{part}") };
            let alike = |name: &[u8]| name.eq_ignore_ascii_case(part.as_bytes());
            let mut found = None;
            let mut names = Vec::new();
            for entry in tree.iter().filter(|entry| alike(entry.name_bytes())) {
                names.push(String::from_utf8_lossy(entry.name_bytes()).into_owned());
                if entry.name_bytes() == part.as_bytes() {
                    found = Some((entry.id(), Kind::of(entry.filemode_raw())));
                }
            }
            let Some((next, kind)) = found else { return Ok(None) };
            if let [one, other, ..] = names.as_slice() {
                let (one, other) = (sibling(&within, one), sibling(&within, other));
                return Err(Hostile::SameName { one, other }.into());
            }
            kind.refused(Kind::Folder, path.clone())?;
            id = next;
        }
        Ok(Some(id))
    }

    /// All that belongs to a tentacle in its folder.
    fn bundle(mut self, folder: Oid, path: &str) -> Result<Bundle, StateError> {
        self.read(folder, "", path)?;
        Ok(Bundle::new(self.files)?)
    }

    /// Reads the files of a folder, and of those in it. `within` is relative to the tentacle's folder, `shown` to the root.
    fn read(&mut self, folder: Oid, within: &str, shown: &str) -> Result<(), StateError> {
        let tree = self.tree(folder, shown)?;
        for entry in &tree {
            self.entries += 1;
            if self.entries > MOST_ENTRIES {
                return Err(Hostile::TooMany { path: shown.to_owned() }.into());
            }
            if Entry::of(entry.name_bytes(), within)? == Entry::Beside {
                continue;
            }
            // INVARIANT: `Entry::of` takes only ASCII.
            let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
            let path = format!("{within}{name}");
            match Kind::of(entry.filemode_raw()) {
                Kind::Folder => self.read(entry.id(), &format!("{path}/"), &format!("{shown}/{name}"))?,
                kind => {
                    kind.refused(Kind::File, path.clone())?;
                    let bytes = self.file(entry.id(), &path)?;
                    self.files.push((path, bytes));
                }
            }
        }
        Ok(())
    }

    fn file(&mut self, id: Oid, path: &str) -> Result<Vec<u8>, StateError> {
        let path = || path.to_owned();
        let (bytes, kind) = self.objects.read_header(id)?;
        if kind != ObjectType::Blob {
            return Err(Hostile::Kind { path: path() }.into());
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if bytes > Bundle::MOST_BYTES || self.bytes > 2 * Bundle::MOST_BYTES {
            return Err(Hostile::TooLarge { path: path(), bytes: bytes.max(self.bytes) }.into());
        }
        let blob = self.repo.find_blob(id)?;
        let content = blob.content();
        if content.starts_with(ELSEWHERE) {
            return Err(Hostile::Elsewhere { path: path() }.into());
        }
        if std::str::from_utf8(content).is_err() {
            return Err(Hostile::NotText { path: path() }.into());
        }
        Ok(content.to_vec())
    }
}

fn sibling(within: &str, name: &str) -> String {
    let name = name.escape_debug();
    if within.is_empty() { name.to_string() } else { format!("{within}/{name}") }
}
