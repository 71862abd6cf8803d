//! A service's own copy of one branch of the state repo. It is a cache: whatever is wrong with it, it is thrown away and
//! fetched again, and nothing is lost by that.

use crate::address::RepoAddress;
use crate::error::StateError;
use crate::layout::Layout;
use crate::libgit2;
use crate::names::{BranchName, CommitId};
use crate::place::Place;
use crate::read::{self, AtCommit, Committed, Folder};
use crate::remote::{Bounds, Elsewhere};
use git2::{ErrorClass, Oid, Repository, RepositoryInitOptions};
use quick_cache::sync::Cache;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use workflow::{ContentHash, EnclaveName, TentacleName};

/// How many folders' contents are known by name at most.
const MOST_CONTENTS: usize = 20_000;

/// Where the branch stood at the last fetch. It tells the other side what is here already: then only what is new comes.
const KEPT: &str = "refs/kept/tip";

/// How many packs a copy may have before it is made anew: each fetch of something new brings one.
const MOST_PACKS: usize = 50;

/// Which commit was the newest when a mirror was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moved {
    /// Where the branch stands.
    pub tip: CommitId,
}

/// A tentacle's folder that was found.
#[derive(Debug)]
pub struct Found {
    /// The tentacle.
    pub name: TentacleName,
    /// The name of what is in it, or why it is none.
    pub content: Result<ContentHash, StateError>,
}

/// A copy of one branch. Its methods block: call them where that is allowed.
#[derive(Debug)]
pub struct Mirror {
    branch: BranchName,
    elsewhere: Elsewhere,
    folder: PathBuf,
    repo: Mutex<Held>,
    /// The names of what folders hold, by their trees: one that has not changed is not read again.
    contents: Cache<Oid, ContentHash>,
    /// Held as long as this lives, so that no other process works in the folder.
    _alone: File,
}

/// The repository on this disk.
pub(crate) struct Held {
    repo: Repository,
    /// With more packs than these it is made anew.
    most_packs: usize,
}

impl Held {
    const fn new(repo: Repository) -> Self {
        Self { repo, most_packs: MOST_PACKS }
    }

    pub(crate) const fn repo(&self) -> &Repository {
        &self.repo
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Held").field(&self.repo.path()).finish()
    }
}

impl Mirror {
    /// Opens the copy in `folder`, for this account alone; makes it where there is none. Nothing is fetched yet.
    ///
    /// # Errors
    /// When another process has it, or the disk says no.
    pub fn open(folder: &Path, place: Place) -> Result<Self, StateError> {
        let Place { address, branch, credentials } = place;
        libgit2::prepare_alone()?;
        fs::create_dir_all(folder).map_err(StateError::io(folder))?;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).map_err(StateError::io(folder))?;
        let lock = folder.join("in-use");
        let alone = File::create(&lock).map_err(StateError::io(&lock))?;
        lock_alone(&alone, folder)?;
        let folder = folder.join("repo.git");
        let repo = Mutex::new(Held::new(open_or_make(&folder)?));
        let elsewhere = Elsewhere { address, credentials, bounds: Bounds::default() };
        Ok(Self { branch, elsewhere, folder, repo, contents: Cache::new(MOST_CONTENTS), _alone: alone })
    }

    /// The branch.
    #[must_use]
    pub const fn branch(&self) -> &BranchName {
        &self.branch
    }

    /// Where the state repo is.
    #[must_use]
    pub const fn address(&self) -> &RepoAddress {
        &self.elsewhere.address
    }

    /// Fetches what is new.
    ///
    /// # Errors
    /// When the state repo cannot be reached, or has no such branch.
    pub fn fetch(&self) -> Result<Moved, StateError> {
        let mut held = self.held();
        self.fetched(&mut held).map(|tip| Moved { tip: CommitId(tip) })
    }

    /// Reads a tentacle at a commit, which must be on the branch as it stands now.
    ///
    /// # Errors
    /// When it is not, when the state repo cannot be reached, or when what lies there is no tentacle.
    pub fn tentacle(
        &self,
        commit: CommitId,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<AtCommit, StateError> {
        let mut held = self.held();
        let tip = self.fetched(&mut held)?;
        let repo = held.repo();
        let there = repo.find_commit(commit.0).is_ok();
        if !there || tip != commit.0 && !repo.graph_descendant_of(tip, commit.0)? {
            return Err(StateError::NotOnBranch { commit, branch: self.branch.clone() });
        }
        read::tentacle(repo, commit, enclave, tentacle)
    }

    /// The files of secrets that lie beside a tentacle at a commit which was fetched before, as they are, by service: those
    /// of `services` that are there.
    ///
    /// # Errors
    /// When one is something else than a file of text, or too large.
    pub fn secrets(
        &self,
        at: CommitId,
        of: (&EnclaveName, &TentacleName),
        services: &BTreeSet<String>,
    ) -> Result<BTreeMap<String, String>, StateError> {
        read::beside::secrets(self.held().repo(), at, of, services)
    }

    /// The tentacles of an enclave as the commit `at`, which was fetched before, has them, each as it can be read: the first
    /// `most`, by name.
    ///
    /// # Errors
    /// When the enclave's own folder cannot be read.
    pub fn tentacles(
        &self,
        at: CommitId,
        enclave: &EnclaveName,
        most: usize,
    ) -> Result<Vec<Found>, StateError> {
        let held = self.held();
        let within = [crate::ENCLAVES, enclave.as_str()];
        let mut folders = read::folders::<TentacleName>(held.repo(), at, &within)?;
        folders.truncate(most);
        let read = |Folder { name, tree }: Folder<TentacleName>| {
            let content = tree.and_then(|tree| self.content(&held, tree, enclave, &name));
            Found { name, content }
        };
        Ok(folders.into_iter().map(read).collect())
    }

    /// The record of an enclave, `enclave.yaml`, as the commit `at`, which was fetched before, has it; `None` where there is none.
    ///
    /// # Errors
    /// When what lies there cannot be one.
    pub fn record(&self, at: CommitId, enclave: &EnclaveName) -> Result<Option<Vec<u8>>, StateError> {
        let held = self.held();
        read::file(held.repo(), at, &[crate::ENCLAVES, enclave.as_str()], crate::RECORD)
    }

    /// The newest commit, fetched now; `None` where there is no such branch yet.
    ///
    /// # Errors
    /// When the state repo cannot be reached.
    pub fn newest_commit(&self) -> Result<Option<CommitId>, StateError> {
        let mut held = self.held();
        Ok(self.tip(&mut held)?.map(CommitId))
    }

    /// The name of what a tentacle's folder holds. Why one cannot be read depends on where it lies, and is not kept.
    fn content(
        &self,
        held: &Held,
        folder: Oid,
        enclave: &EnclaveName,
        name: &TentacleName,
    ) -> Result<ContentHash, StateError> {
        if let Some(known) = self.contents.get(&folder) {
            return Ok(known);
        }
        let content = read::content(held.repo(), folder, &Layout::tentacle(enclave, name))?;
        self.contents.insert(folder, content);
        Ok(content)
    }

    /// What a commit that was fetched before says of itself.
    ///
    /// # Errors
    /// When it is not here.
    pub fn committed(&self, commit: CommitId) -> Result<Committed, StateError> {
        Committed::of(&self.held().repo.find_commit(commit.0)?)
    }

    pub(crate) const fn elsewhere(&self) -> &Elsewhere {
        &self.elsewhere
    }

    pub(crate) fn held(&self) -> MutexGuard<'_, Held> {
        self.repo.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fetched(&self, held: &mut Held) -> Result<Oid, StateError> {
        self.tip(held)?.ok_or_else(|| StateError::NoBranch(self.branch.clone()))
    }

    /// Fetches; a copy that turns out to be damaged is made anew, once. `None` where there is no such branch yet.
    pub(crate) fn tip(&self, held: &mut Held) -> Result<Option<Oid>, StateError> {
        let tip = match self.whole(&held.repo) {
            Err(StateError::Git(_)) => {
                *held = Held::new(make(&self.folder)?);
                self.whole(&held.repo)?
            }
            other => other?,
        };
        if packs(&held.repo) <= held.most_packs {
            return Ok(tip);
        }
        // Where this fails, the copy goes on as it is until there are as many again.
        let anew = self.anew(held).unwrap_or(tip);
        held.most_packs = packs(&held.repo) + MOST_PACKS;
        Ok(anew)
    }

    /// Makes the copy anew beside the one that is there, which goes when the new one is whole.
    fn anew(&self, held: &mut Held) -> Result<Option<Oid>, StateError> {
        let beside = self.folder.with_extension("anew");
        let tip = self.whole(&make(&beside)?)?;
        fs::remove_dir_all(&self.folder).map_err(StateError::io(&self.folder))?;
        fs::rename(&beside, &self.folder).map_err(StateError::io(&self.folder))?;
        held.repo = Repository::open_bare(&self.folder)?;
        Ok(tip)
    }

    /// Fetches, and looks whether what the branch stands at is really here.
    fn whole(&self, repo: &Repository) -> Result<Option<Oid>, StateError> {
        let tip = self.elsewhere.fetch(repo, &self.branch)?;
        if let Some(tip) = tip {
            repo.find_commit(tip)?.tree()?;
            if repo.refname_to_id(KEPT).ok() != Some(tip) {
                repo.reference(KEPT, tip, true, "a fetch")?;
            }
        }
        Ok(tip)
    }
}

/// How many packs a copy has. One that cannot be counted is not made anew for their number.
fn packs(repo: &Repository) -> usize {
    let Ok(files) = fs::read_dir(repo.path().join("objects/pack")) else { return 0 };
    files.flatten().filter(|file| file.path().extension().is_some_and(|end| end == "pack")).count()
}

/// Takes the lock, or says who has it. A moment is waited for: whoever had it may be about to end.
fn lock_alone(lock: &File, folder: &Path) -> Result<(), StateError> {
    const MOMENT: Duration = Duration::from_secs(2);
    let until = Instant::now() + MOMENT;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::Error(error)) => return Err(StateError::io(folder)(error)),
            Err(fs::TryLockError::WouldBlock) if Instant::now() >= until => {
                return Err(StateError::InUse(folder.to_owned()));
            }
            Err(fs::TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(20)),
        }
    }
}

/// Opens the copy; one that a crash or a hand left unusable is made anew. What a crash left in it and only shows when it is
/// used, such as a lock, shows at the next fetch, and then it is made anew too.
fn open_or_make(folder: &Path) -> Result<Repository, StateError> {
    if !folder.exists() {
        return make(folder);
    }
    match Repository::open_bare(folder) {
        Ok(repo) => Ok(repo),
        Err(error) if error.class() == ErrorClass::Os => Err(error.into()),
        Err(_) => make(folder),
    }
}

fn make(folder: &Path) -> Result<Repository, StateError> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(StateError::io(folder)(error)),
        _ => {}
    }
    // Without a template: what the machine's account has in its own has no business here.
    let mut options = RepositoryInitOptions::new();
    options.bare(true).no_reinit(true).external_template(false);
    Ok(Repository::init_opts(folder, &options)?)
}
