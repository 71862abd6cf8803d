//! An enclave that was given up: its folder goes to the archive as it is, in one commit.

use crate::commit::{Author, Draft, Trailers};
use crate::error::StateError;
use crate::layout::Layout;
use crate::mirror::Mirror;
use crate::names::CommitId;
use crate::publish::{Published, TRIES, made_for};
use crate::remote::{self, Pushed};
use git2::{Commit, Index, Oid, Repository};
use jiff::civil::Date;
use workflow::EnclaveName;

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

impl Mirror {
    /// Moves the enclave's folder to the archive and pushes that; `None` where it has none. Nothing in it is read, so that it does
    /// not matter what it is.
    ///
    /// # Errors
    /// When the state repo does not take it.
    pub fn give_up(&self, given_up: &GivenUp) -> Result<Option<Published>, StateError> {
        let mut ended = Pushed::Lost;
        for tries in 0..TRIES {
            remote::give_way(tries);
            let mut held = self.held();
            let Some(tip) = self.tip(&mut held)? else { return Ok(None) };
            let repo = held.repo();
            if let Some(commit) = made_for(repo, tip, &given_up.request)? {
                return Ok(Some(Published { commit, already: true }));
            }
            let Some(commit) = given_up.onto(repo, tip)? else { return Ok(None) };
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
        let mut index = Index::new()?;
        index.read_tree(&on.tree()?)?;
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
