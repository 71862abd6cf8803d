//! An enclave that was given up: its folder goes to the archive as it is, in one commit, and its tentacles come back from there in
//! another.

use crate::commit::{Author, Draft, Trailers};
use crate::error::StateError;
use crate::graft::{self, Changes, Object};
use crate::layout::{ARCHIVE, ENCLAVES, Layout};
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::publish::{Published, TRIES, made_for};
use crate::read::{self, Folder};
use crate::remote::{self, Pushed};
use crate::sign::SigningKey;
use git2::{Commit, Oid, Repository};
use jiff::civil::Date;
use std::collections::{BTreeMap, BTreeSet};
use workflow::{EnclaveName, TentacleName};

/// An enclave that was given up.
#[derive(Debug, Clone)]
pub struct GivenUp {
    /// Which.
    pub enclave: EnclaveName,
    /// When.
    pub on: Date,
    /// Who writes it down.
    pub by: Author,
    /// What it belongs to: there is at most one commit for it.
    pub request: String,
}

/// An enclave that is in the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archived {
    /// What it was called.
    pub enclave: EnclaveName,
    /// When it was given up.
    pub on: Date,
}

/// Tentacles that come back from the archive.
#[derive(Debug, Clone)]
pub struct BroughtBack {
    /// Whose they were.
    pub from: Archived,
    /// Whose they are now.
    pub into: EnclaveName,
    /// Which: those that the enclave has by now, or that are no more in the archive, are left as they are.
    pub tentacles: BTreeSet<TentacleName>,
    /// Who asked for it.
    pub author: Author,
    /// Who writes it down.
    pub committer: Author,
    /// What it belongs to: there is at most one commit for its request.
    pub trailers: Trailers,
}

impl Mirror {
    /// Moves the enclave's folder to the archive and pushes that; `None` where it has none. Nothing in it is read, so that it does
    /// not matter what it is.
    ///
    /// # Errors
    /// When the state repo does not take it.
    pub fn give_up(&self, given_up: &GivenUp) -> Result<Option<Published>, StateError> {
        self.move_folders(&given_up.request, |repo, tip| given_up.onto(repo, tip))
    }

    /// The tentacles of an archived enclave that are not in the enclave `into`; a fetch comes first.
    ///
    /// # Errors
    /// When the state repo cannot be had.
    pub fn archived(&self, archived: &Archived, into: &EnclaveName) -> Result<Vec<TentacleName>, StateError> {
        let mut held = self.held();
        let Some(tip) = self.tip(&mut held)? else { return Ok(Vec::new()) };
        let repo = held.repo();
        let (_, missing) = archived.missing(repo, repo.find_commit(tip)?.tree_id(), into)?;
        Ok(missing.into_keys().collect())
    }

    /// Moves tentacles back among the enclaves and pushes that, in one commit with all of it; answers which
    /// tentacles came. Nothing in them is read, and what the enclave has by now stays as it is. None where there is nothing to move.
    ///
    /// # Errors
    /// When the state repo does not take it.
    pub fn bring_back(
        &self,
        back: &BroughtBack,
        key: Option<&SigningKey>,
    ) -> Result<Vec<TentacleName>, StateError> {
        let request = back.trailers.request.as_deref().unwrap_or_default();
        let Some(done) = self.move_folders(request, |repo, tip| back.onto(repo, tip, key))? else {
            return Ok(Vec::new());
        };
        let held = self.held();
        let commit = held.repo().find_commit(done.commit.0)?;
        let within = [ENCLAVES, back.into.as_str()];
        let names = |at| read::folders(held.repo(), CommitId(at), &within);
        let before: Vec<Folder<TentacleName>> = names(commit.parent_id(0)?)?;
        let came = names(commit.id())?.into_iter().map(|folder| folder.name);
        Ok(came.filter(|name| before.iter().all(|folder| folder.name != *name)).collect())
    }

    /// Makes a commit for a request, unless there is one, and pushes it; another one where somebody else was faster.
    fn move_folders(
        &self,
        request: &str,
        make: impl Fn(&Repository, Oid) -> Result<Option<Oid>, StateError>,
    ) -> Result<Option<Published>, StateError> {
        let mut ended = Pushed::Lost;
        for tries in 0..TRIES {
            remote::give_way(tries);
            let mut held = self.held();
            let Some(tip) = self.tip(&mut held)? else { return Ok(None) };
            let repo = held.repo();
            if let Some(commit) = made_for(repo, tip, request)? {
                return Ok(Some(Published { commit, already: true }));
            }
            let Some(commit) = make(repo, tip)? else { return Ok(None) };
            ended = self.elsewhere().push(repo, self.branch(), Some(tip), CommitId(commit))?;
            if ended == Pushed::Done {
                return Ok(Some(Published { commit: CommitId(commit), already: false }));
            }
        }
        Err(ended.given_up(TRIES))
    }
}

impl GivenUp {
    fn onto(&self, repo: &Repository, tip: Oid) -> Result<Option<Oid>, StateError> {
        let on = repo.find_commit(tip)?;
        let root = on.tree_id();
        let from = Layout::enclave(&self.enclave);
        let folder = graft::find(repo, Some(root), &from)?.object().filter(Object::is_folder);
        let Some(folder) = folder else { return Ok(None) };
        let to = self.place(&graft::inside(repo, root, ARCHIVE)?);
        // Moved as it is: it keeps its name in git, and nothing in it is looked at.
        let changes = [(from, None), (to.clone(), Some(folder))].into();
        let tree = repo.find_tree(graft::with(repo, Some(root), &changes)?)?;
        let message = format!("{}: shut down\n\nIts folder is {to}/ now.", self.enclave);
        let trailers = Trailers {
            enclave: Some(self.enclave.to_string()),
            request: Some(self.request.clone()),
            ..Trailers::default()
        };
        let draft = Draft {
            author: &self.by,
            committer: &self.by,
            message: &message,
            trailers: &trailers,
            key: None,
        };
        let parents: [&Commit<'_>; 1] = [&on];
        draft.write(repo, &tree, &parents).map(Some)
    }

    /// A name that is free in the archive: several of one name may be given up on one day.
    fn place(&self, archived: &[(String, Object)]) -> String {
        let first = Layout::archived(&self.enclave, self.on);
        let others = (2_u64..).map(|number| format!("{first}-{number}"));
        let taken = |place: &String| archived.iter().any(|(name, _)| *place == format!("{ARCHIVE}/{name}"));
        std::iter::once(first.clone()).chain(others).find(|place| !taken(place)).unwrap_or(first)
    }
}

impl Archived {
    /// Its folder, the newest of one day, and which of its tentacles `into` lacks.
    fn missing(
        &self,
        repo: &Repository,
        root: Oid,
        into: &EnclaveName,
    ) -> Result<(String, BTreeMap<TentacleName, Object>), StateError> {
        let first = Layout::archived(&self.enclave, self.on);
        let number = |folder: &String| match folder.strip_prefix(&first)? {
            "" => Some(1),
            rest => rest.strip_prefix('-')?.parse::<u64>().ok().filter(|number| *number > 1),
        };
        let folders = graft::inside(repo, root, ARCHIVE)?.into_iter();
        let folders = folders.filter(|(_, object)| object.is_folder());
        let folders = folders.map(|(name, _)| format!("{ARCHIVE}/{name}"));
        let newest = folders.filter(|folder| number(folder).is_some()).max_by_key(number);
        let Some(newest) = newest else { return Ok((first, BTreeMap::new())) };
        let there = graft::inside(repo, root, &Layout::enclave(into))?;
        let lacks = |name: &str| there.iter().all(|(other, _)| other != name);
        let archived = graft::inside(repo, root, &newest)?.into_iter();
        let missing = archived.filter(|(name, object)| object.is_folder() && lacks(name));
        let missing = missing.filter_map(|(name, object)| Some((name.parse().ok()?, object))).collect();
        Ok((newest, missing))
    }
}

impl BroughtBack {
    fn onto(&self, repo: &Repository, tip: Oid, key: Option<&SigningKey>) -> Result<Option<Oid>, StateError> {
        let on = repo.find_commit(tip)?;
        let root = on.tree_id();
        let (folder, mut missing) = self.from.missing(repo, root, &self.into)?;
        missing.retain(|name, _| self.tentacles.contains(name));
        if missing.is_empty() {
            return Ok(None);
        }
        let mut changes = Changes::new();
        for (tentacle, object) in &missing {
            changes.insert(format!("{folder}/{tentacle}"), None);
            changes.insert(Layout::tentacle(&self.into, tentacle), Some(*object));
        }
        let tree = repo.find_tree(graft::with(repo, Some(root), &changes)?)?;
        let names: Vec<&str> = missing.keys().map(TentacleName::as_str).collect();
        let message = format!("{}: back from {folder}/\n\n{}", self.into, names.join("\n"));
        let draft = Draft {
            author: &self.author,
            committer: &self.committer,
            message: &message,
            trailers: &self.trailers,
            key,
        };
        let parents: [&Commit<'_>; 1] = [&on];
        draft.write(repo, &tree, &parents).map(Some)
    }
}
