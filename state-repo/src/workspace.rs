//! A person's own clone of a state repo: commit what is on the disk, push it, and say whether a tentacle in it can be
//! deployed as it is.

use crate::address::RepoAddress;
use crate::commit::{self, Author, Draft, Trailers};
use crate::credentials::Credentials;
use crate::error::StateError;
use crate::hostile::Hostile;
use crate::layout::{ARCHIVE, ENCLAVES, Entry, Layout};
use crate::names::{BranchName, CommitId};
use crate::newest::last_change;
use crate::publish::resolved;
use crate::read::{self, Committed};
use crate::remote::{self, Bounds, Elsewhere, Pushed};
use crate::secrets::{self, Leak};
use crate::sign::SigningKey;
use git2::build::CheckoutBuilder;
use git2::{CheckoutNotificationType, Commit, Index, IndexAddOption, Oid, Repository, Status, StatusOptions};
use std::path::{Path, PathBuf};
use workflow::{ContentHash, EnclaveName, TentacleName};

/// How often a push that lost the race is tried again.
const TRIES: u32 = 24;

/// A person's clone.
pub struct WorkingClone {
    repo: Repository,
    root: PathBuf,
}

/// Who commits on this machine, as git's settings for the account say.
///
/// # Errors
/// When they do not.
pub fn person() -> Result<Author, StateError> {
    let settings = git2::Config::open_default()?;
    let text = |name| settings.get_string(name).map_err(|_| StateError::NoAuthor);
    Ok(Author { name: text("user.name")?, email: text("user.email")? })
}

/// A tentacle in a clone whose files are committed, as far as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Its enclave, by the folder that it lies in.
    pub enclave: EnclaveName,
    /// Its name, by its folder.
    pub tentacle: TentacleName,
    /// The commit that last changed it.
    pub committed: Committed,
    /// The name of its content there.
    pub hash: ContentHash,
}

impl std::fmt::Debug for WorkingClone {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WorkingClone").field("root", &self.root).finish_non_exhaustive()
    }
}

impl WorkingClone {
    /// The clone that `path` lies in.
    ///
    /// # Errors
    /// When it lies in none.
    pub fn discover(path: &Path) -> Result<Self, StateError> {
        let none = || StateError::NotARepo(path.to_owned());
        let path = path.canonicalize().map_err(StateError::io(path))?;
        let repo = Repository::discover(&path).map_err(|_| none())?;
        let root = repo.workdir().and_then(|root| root.canonicalize().ok()).ok_or_else(none)?;
        if !root.join(ENCLAVES).is_dir() {
            return Err(none());
        }
        Ok(Self { repo, root })
    }

    /// Its folder.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Who commits here, as git's settings say.
    ///
    /// # Errors
    /// When they do not.
    pub fn person(&self) -> Result<Author, StateError> {
        let signature = self.repo.signature().map_err(|_| StateError::NoAuthor)?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Author { name: text(signature.name_bytes()), email: text(signature.email_bytes()) })
    }

    /// Commits everything that changed in `enclaves/` and `archive/`, as its owner.
    ///
    /// # Errors
    /// When there is nothing, when it holds secrets, or when something is no file of a tentacle.
    pub fn commit(&self, message: &str, key: Option<&SigningKey>) -> Result<Committed, StateError> {
        let author = self.person()?;
        let (name, head) = self.branch()?;
        let mut index = self.repo.index()?;
        let all = [ENCLAVES, ARCHIVE];
        index.add_all(all, IndexAddOption::DEFAULT, None)?;
        index.update_all(all, None)?;
        let parent = head.map(|head| self.repo.find_commit(head)).transpose()?;
        self.check(&index, parent.as_ref())?;
        let tree = self.repo.find_tree(index.write_tree()?)?;
        if parent.as_ref().is_some_and(|parent| parent.tree_id() == tree.id()) {
            return Err(StateError::Nothing);
        }
        let trailers = Trailers::default();
        let draft = Draft { author: &author, committer: &author, message, trailers: &trailers, key };
        let parents: Vec<&Commit<'_>> = parent.iter().collect();
        let made = draft.write(&self.repo, &tree, &parents)?;
        // Written last: whatever is refused leaves the index as it was.
        index.write()?;
        self.move_branch(&name, head, made, "tntc state commit")?;
        Committed::of(&self.repo.find_commit(made)?)
    }

    /// Looks at every file that is new, wherever it is: the commit has all that is staged. None may hold secrets, and those
    /// among enclaves and in the archive must be ones that a tentacle may have.
    fn check(&self, index: &Index, parent: Option<&Commit<'_>>) -> Result<(), StateError> {
        let before = parent.map(Commit::tree).transpose()?;
        let mut leaks: Vec<Leak> = Vec::new();
        let inside =
            |path: &str| [ENCLAVES, ARCHIVE].iter().any(|folder| path.split('/').next() == Some(folder));
        for entry in index.iter() {
            let path = String::from_utf8_lossy(&entry.path).into_owned();
            let same = before.as_ref().and_then(|before| before.get_path(Path::new(&path)).ok());
            let same = same.map(|same| (same.id(), u32::try_from(same.filemode_raw()).ok()));
            if same == Some((entry.id, Some(entry.mode))) {
                continue;
            }
            let inside = inside(&path);
            for part in path.split('/').filter(|_| inside) {
                Entry::of(part.as_bytes(), "")?;
            }
            match entry.mode & 0o170_000 {
                0o120_000 if inside => return Err(Hostile::Link { path }.into()),
                0o160_000 if inside => return Err(Hostile::Submodule { path }.into()),
                0o160_000 => {}
                _ => leaks.extend(secrets::leaks(&path, self.repo.find_blob(entry.id)?.content())),
            }
        }
        if leaks.is_empty() { Ok(()) } else { Err(StateError::Leaks(leaks)) }
    }

    /// Pushes the branch to `origin`. What others pushed in the meantime stays, and what is here is put on top of it.
    /// Answers where the branch stands now, and whether something was pushed.
    ///
    /// # Errors
    /// When both changed the same, when files here are not committed and would be in the way, or when `origin` does not
    /// take it.
    pub fn push(
        &self,
        credentials: Option<Credentials>,
        key: Option<&SigningKey>,
    ) -> Result<(CommitId, bool), StateError> {
        let (branch, _) = self.branch()?;
        let elsewhere = Elsewhere { address: self.origin()?, credentials, bounds: Bounds::default() };
        let mut ended = Pushed::Lost;
        for tries in 0..TRIES {
            remote::give_way(tries);
            let (_, head) = self.branch()?;
            let head = head.ok_or(StateError::Nothing)?;
            let there = elsewhere.fetch(&self.repo, &branch)?;
            let new = match there {
                Some(there) if there == head || self.repo.graph_descendant_of(there, head)? => {
                    self.saw(&branch, there)?;
                    return Ok((CommitId(there), false));
                }
                Some(there) if !self.repo.graph_descendant_of(head, there)? => {
                    self.on_top(&branch, head, there, key)?
                }
                _ => head,
            };
            ended = elsewhere.push(&self.repo, &branch, there, CommitId(new))?;
            if ended == Pushed::Done {
                self.saw(&branch, new)?;
                return Ok((CommitId(new), true));
            }
        }
        Err(ended.given_up(TRIES))
    }

    /// Puts the commits of `head` that `there` lacks on top of it, in memory first.
    fn on_top(
        &self,
        branch: &BranchName,
        head: Oid,
        there: Oid,
        key: Option<&SigningKey>,
    ) -> Result<Oid, StateError> {
        let mut walk = self.repo.revwalk()?;
        walk.set_sorting(git2::Sort::TOPOLOGICAL | git2::Sort::REVERSE)?;
        walk.push(head)?;
        walk.hide(there)?;
        let mut top = self.repo.find_commit(there)?;
        for id in walk {
            let mine = self.repo.find_commit(id?)?;
            if mine.parent_count() > 1 {
                let what =
                    format!("commit {} brings two lines together, which is left to plain git", mine.id());
                return Err(StateError::Git(what));
            }
            let mut index = self.repo.cherrypick_commit(&mine, &top, 0, None)?;
            let tree = resolved(&self.repo, &mut index)?;
            if tree.id() != top.tree_id() {
                top = self.repo.find_commit(commit::again(&self.repo, &mine, &tree, &top, key)?)?;
            }
        }
        if let Some(changed) = self.changed("")? {
            return Err(StateError::Uncommitted(changed));
        }
        // Nothing that lies in the way is overwritten; the branch follows only when the files have.
        let mut in_the_way = None;
        let mut safe = CheckoutBuilder::new();
        safe.safe().overwrite_ignored(false).notify_on(CheckoutNotificationType::CONFLICT);
        safe.notify(|_, path, _, _, _| {
            in_the_way =
                in_the_way.take().or(path.map(|path| path.to_string_lossy().escape_debug().to_string()));
            true
        });
        let checked_out = self.repo.checkout_tree(top.as_object(), Some(&mut safe));
        drop(safe);
        checked_out.map_err(|error| in_the_way.map_or_else(|| error.into(), StateError::InTheWay))?;
        self.move_branch(branch, Some(head), top.id(), "tntc state push: on top of what came")?;
        Ok(top.id())
    }

    /// The tentacle whose folder `dir` is, where it lies at its place in this clone; `None` elsewhere.
    ///
    /// # Errors
    /// When the folder cannot be found.
    pub fn place(&self, dir: &Path) -> Result<Option<(EnclaveName, TentacleName)>, StateError> {
        let dir = dir.canonicalize().map_err(StateError::io(dir))?;
        let Ok(within) = dir.strip_prefix(&self.root) else { return Ok(None) };
        let parts: Vec<&str> = within.iter().filter_map(|part| part.to_str()).collect();
        Ok(match parts.as_slice() {
            [folder, enclave, tentacle] if *folder == ENCLAVES => {
                enclave.parse().ok().zip(tentacle.parse().ok())
            }
            _ => None,
        })
    }

    /// The folder of a tentacle in this clone, whether it is there or not.
    #[must_use]
    pub fn folder(&self, enclave: &EnclaveName, tentacle: &TentacleName) -> PathBuf {
        self.root.join(Layout::tentacle(enclave, tentacle))
    }

    /// The tentacles of an enclave that have a folder on this disk.
    ///
    /// # Errors
    /// When the enclave's folder cannot be read. One that is not there has none.
    pub fn on_disk(&self, enclave: &EnclaveName) -> Result<Vec<TentacleName>, StateError> {
        let folder = self.root.join(ENCLAVES).join(enclave.as_str());
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(StateError::io(folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(StateError::io(&folder))?;
            if entry.file_type().map_err(StateError::io(&folder))?.is_dir() {
                names.extend(entry.file_name().to_str().and_then(|name| name.parse::<TentacleName>().ok()));
            }
        }
        Ok(names)
    }

    /// The name of a tentacle's content as this clone has it committed; `None` where it is not.
    ///
    /// # Errors
    /// When what is committed is no tentacle.
    pub fn committed(
        &self,
        enclave: &EnclaveName,
        tentacle: &TentacleName,
    ) -> Result<Option<ContentHash>, StateError> {
        let (_, Some(head)) = self.branch()? else { return Ok(None) };
        match read::tentacle(&self.repo, CommitId(head), enclave, tentacle) {
            Ok(at) => Ok(Some(at.hash())),
            Err(StateError::NoTentacle { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Whether a commit is part of what is committed here.
    #[must_use]
    pub fn contains(&self, commit: CommitId) -> bool {
        let head = self.branch().ok().and_then(|(_, head)| head);
        head.is_some_and(|head| {
            head == commit.0 || self.repo.graph_descendant_of(head, commit.0).unwrap_or(false)
        })
    }

    /// The tentacle as it can be deployed: nothing of it is uncommitted, and its commit is pushed.
    ///
    /// # Errors
    /// Says which of the two does not hold, or what of it is no tentacle's.
    pub fn deployable(&self, enclave: EnclaveName, tentacle: TentacleName) -> Result<Staged, StateError> {
        let folder = Layout::tentacle(&enclave, &tentacle);
        if let Some(changed) = self.changed(&folder)? {
            return Err(StateError::Uncommitted(changed));
        }
        let (branch, head) = self.branch()?;
        let head = head.ok_or(StateError::Nothing)?;
        let last = last_change(&self.repo, head, &folder)?;
        let seen = self.repo.refname_to_id(&tracking(&branch)).ok();
        let pushed = match seen {
            Some(seen) => seen == last || self.repo.graph_descendant_of(seen, last)?,
            None => false,
        };
        let at = read::tentacle(&self.repo, CommitId(last), &enclave, &tentacle)?;
        if !pushed {
            return Err(StateError::Unpushed(format!(
                "commit {} (`{}`)",
                CommitId(last).short(),
                at.committed.summary
            )));
        }
        Ok(Staged { enclave, tentacle, hash: at.hash(), committed: at.committed })
    }

    /// The first path within `folder` that is not as it is committed.
    fn changed(&self, folder: &str) -> Result<Option<String>, StateError> {
        let mut options = StatusOptions::new();
        // In the whole clone only what git keeps counts; in a tentacle's folder also what it does not yet.
        let whole = folder.is_empty();
        options.include_untracked(!whole).recurse_untracked_dirs(true).exclude_submodules(true);
        if !whole {
            options.pathspec(folder).disable_pathspec_match(true);
        }
        let statuses = self.repo.statuses(Some(&mut options))?;
        let changed = statuses.iter().find(|entry| !entry.status().intersects(Status::IGNORED));
        Ok(changed.map(|entry| String::from_utf8_lossy(entry.path_bytes()).escape_debug().to_string()))
    }

    fn origin(&self) -> Result<RepoAddress, StateError> {
        let remote = self.repo.find_remote("origin").map_err(|_| {
            StateError::Git(
                "this clone has no `origin` to push to: `git remote add origin ADDRESS` names one".to_owned(),
            )
        })?;
        let url = remote.url()?.to_owned();
        // Git takes a plain path too.
        let url = if url.starts_with('/') { format!("file://{url}") } else { url };
        url.parse().map_err(|error: crate::AddressError| {
            StateError::Git(format!("{error}, or push with plain `git push`"))
        })
    }

    /// The branch that is checked out, and where it stands.
    fn branch(&self) -> Result<(BranchName, Option<Oid>), StateError> {
        let head = self.repo.find_reference("HEAD")?;
        let none = || StateError::Git("no branch is checked out: `git switch main` goes to one".to_owned());
        let target = head.symbolic_target_bytes().ok_or_else(none)?;
        let name = std::str::from_utf8(target)
            .ok()
            .and_then(|name| name.strip_prefix("refs/heads/"))
            .ok_or_else(none)?;
        let name: BranchName =
            name.parse().map_err(|error: crate::NameError| StateError::Git(error.to_string()))?;
        let at = self.repo.refname_to_id(&name.reference()).ok();
        Ok((name, at))
    }

    fn move_branch(
        &self,
        branch: &BranchName,
        from: Option<Oid>,
        to: Oid,
        why: &str,
    ) -> Result<(), StateError> {
        match from {
            Some(from) => self.repo.reference_matching(&branch.reference(), to, true, from, why)?,
            None => self.repo.reference(&branch.reference(), to, false, why)?,
        };
        Ok(())
    }

    fn saw(&self, branch: &BranchName, at: Oid) -> Result<(), StateError> {
        self.repo.reference(&tracking(branch), at, true, "tntc state")?;
        Ok(())
    }
}

fn tracking(branch: &BranchName) -> String {
    format!("refs/remotes/origin/{branch}")
}
