//! An enclave that was given up: its folder goes to the archive as it is, in one commit, and its tentacles come back from there in
//! another.

use crate::commit::{Author, Draft, Trailers};
use crate::error::StateError;
use crate::layout::{ENCLAVES, Layout};
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::publish::{Published, TRIES, made_for};
use crate::read::{self, Folder};
use crate::remote::{self, Pushed};
use crate::sign::SigningKey;
use git2::{Commit, Index, Oid, Repository};
use jiff::civil::Date;
use std::collections::BTreeSet;
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
        let index = index_of(&repo.find_commit(tip)?)?;
        Ok(archived.missing(&index, into).1)
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
        let mut index = index_of(&on)?;
        let from = format!("{}/", Layout::enclave(&self.enclave));
        let moved: Vec<_> = index.iter().filter(|entry| entry.path.starts_with(from.as_bytes())).collect();
        if moved.is_empty() {
            return Ok(None);
        }
        let to = self.place(&index);
        index.remove_dir(std::path::Path::new(from.trim_end_matches('/')), 0)?;
        for mut entry in moved {
            let within = entry.path.split_off(from.len());
            entry.path = [to.as_bytes(), b"/", &within].concat();
            index.add(&entry)?;
        }
        let tree = repo.find_tree(index.write_tree_to(repo)?)?;
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

    /// A folder that nothing is in yet: several of one name may be given up on one day.
    fn place(&self, index: &Index) -> String {
        let first = Layout::archived(&self.enclave, self.on);
        let others = (2_u64..).map(|number| format!("{first}-{number}"));
        let taken = |place: &String| {
            let within = format!("{place}/");
            index.iter().any(|entry| entry.path.starts_with(within.as_bytes()))
        };
        std::iter::once(first.clone()).chain(others).find(|place| !taken(place)).unwrap_or(first)
    }
}

fn index_of(commit: &Commit<'_>) -> Result<Index, StateError> {
    let mut index = Index::new()?;
    index.read_tree(&commit.tree()?)?;
    Ok(index)
}

impl Archived {
    /// Its folder, the newest of one day, and which of its tentacles `into` lacks.
    fn missing(&self, index: &Index, into: &EnclaveName) -> (String, Vec<TentacleName>) {
        let first = Layout::archived(&self.enclave, self.on);
        let number = |folder: &str| match folder.strip_prefix(&first)? {
            "" => Some(1),
            rest => rest.strip_prefix('-')?.parse::<u64>().ok().filter(|number| *number > 1),
        };
        let paths: Vec<String> =
            index.iter().filter_map(|entry| String::from_utf8(entry.path).ok()).collect();
        let folders =
            paths.iter().filter_map(|path| path.match_indices('/').nth(1).and_then(|(at, _)| path.get(..at)));
        let newest = folders.filter(|folder| number(folder).is_some()).max_by_key(|folder| number(folder));
        let Some(newest) = newest else { return (first, Vec::new()) };
        let within = |folder: &str| -> BTreeSet<TentacleName> {
            let rest =
                paths.iter().filter_map(|path| path.strip_prefix(folder)?.strip_prefix('/')?.split_once('/'));
            rest.filter_map(|(name, _)| name.parse().ok()).collect()
        };
        let there = within(&Layout::enclave(into));
        (newest.to_owned(), within(newest).into_iter().filter(|name| !there.contains(name)).collect())
    }
}

impl BroughtBack {
    fn onto(&self, repo: &Repository, tip: Oid, key: Option<&SigningKey>) -> Result<Option<Oid>, StateError> {
        let on = repo.find_commit(tip)?;
        let mut index = index_of(&on)?;
        let (folder, mut missing) = self.from.missing(&index, &self.into);
        missing.retain(|name| self.tentacles.contains(name));
        if missing.is_empty() {
            return Ok(None);
        }
        for tentacle in &missing {
            let from = format!("{folder}/{tentacle}/");
            let moved: Vec<_> =
                index.iter().filter(|entry| entry.path.starts_with(from.as_bytes())).collect();
            index.remove_dir(std::path::Path::new(from.trim_end_matches('/')), 0)?;
            let to = Layout::tentacle(&self.into, tentacle);
            for mut entry in moved {
                let within = entry.path.split_off(from.len());
                entry.path = [to.as_bytes(), b"/", &within].concat();
                index.add(&entry)?;
            }
        }
        let tree = repo.find_tree(index.write_tree_to(repo)?)?;
        let names: Vec<&str> = missing.iter().map(TentacleName::as_str).collect();
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
