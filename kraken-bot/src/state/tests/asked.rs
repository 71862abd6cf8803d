//! The Kraken's part: what it is asked, done by the code that people meet, and its answer in words that can be compared.

use super::model::{Stand, Versions};
use crate::state::{Change, Names, Sides, Standing, StateStop};
use crate::working_copy::WorkingCopy;
use serde::{Deserialize, Serialize};
use state_repo::{Author, Layout, Mirror, Place, StateError, Trailers};
use std::path::{Path, PathBuf};

/// What the Kraken is asked to do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) home: PathBuf,
    pub(super) request: String,
    /// The commit whose content is to come back; a deploy without one.
    pub(super) to: Option<String>,
}

/// What it answers.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Answer {
    Done(String),
    Conflict(Versions),
    Not(String),
    Failed(String),
}

pub(super) fn names() -> Names {
    Names { enclave: "acme".parse().unwrap(), tentacle: "hello".parse().unwrap() }
}

pub(super) fn folder() -> String {
    Layout::tentacle(&names().enclave, &names().tentacle)
}

pub(super) fn open(home: &Path) -> Mirror {
    let place = Place {
        address: format!("file://{}", home.join("state.git").display()).parse().unwrap(),
        branch: "main".parse().unwrap(),
        credentials: None,
    };
    Mirror::open(&home.join("mirror"), place).unwrap()
}

pub(super) fn copy(home: &Path) -> WorkingCopy {
    WorkingCopy::new(home.join("tentacles"))
}

/// Does a job in this process, as a Kraken that was just started.
pub(super) fn done(job: &str) -> String {
    let job: Job = serde_json::from_str(job).unwrap();
    serde_json::to_string(&work(&open(&job.home), &job)).unwrap()
}

pub(super) fn work(mirror: &Mirror, job: &Job) -> Answer {
    let (copy, names) = (copy(&job.home), names());
    let sides = Sides { mirror, copy: &copy, names: &names };
    let author = Author { name: "Ana".to_owned(), email: "ana@team.example".to_owned() };
    let trailers = Trailers { request: Some(job.request.clone()), ..Trailers::default() };
    let change = Change { author, trailers };
    let came = match &job.to {
        None => sides.carry(&change, None).map(|done| done.ok_or_else(|| word(&sides.look().unwrap()))),
        Some(to) => sides
            .roll_back(to.parse().unwrap(), "hello: back".to_owned(), &change, None)
            .map(|done| done.map_err(|standing| word(&standing))),
    };
    match came {
        Ok(Ok(committed)) => Answer::Done(committed.commit.to_string()),
        Ok(Err(why)) => Answer::Not(why),
        Err(StateStop::Repo(StateError::Conflict(conflict))) => Answer::Conflict(versions(&conflict)),
        Err(error) => Answer::Failed(error.to_string()),
    }
}

pub(super) fn versions(conflict: &state_repo::Conflict) -> Versions {
    let text = |bytes: &Option<Vec<u8>>| bytes.clone().map(|bytes| String::from_utf8(bytes).unwrap());
    let named = |path: &str| path.strip_prefix(&format!("{}/", folder())).unwrap().to_owned();
    conflict.files.iter().map(|one| (named(&one.path), (text(&one.theirs), text(&one.ours)))).collect()
}

pub(super) fn word(standing: &Standing) -> String {
    match standing {
        Standing::Nowhere => "nowhere".to_owned(),
        Standing::Removed(_) => "removed".to_owned(),
        Standing::InGit(_) => "in git".to_owned(),
        Standing::Changed { .. } => "changed".to_owned(),
        Standing::Apart { conflict, .. } => format!("apart: {:?}", versions(conflict)),
    }
}

pub(super) fn wanted(stand: &Stand) -> String {
    match stand {
        Stand::Nowhere => "nowhere".to_owned(),
        Stand::Removed => "removed".to_owned(),
        Stand::InGit => "in git".to_owned(),
        Stand::Changed => "changed".to_owned(),
        Stand::Apart(versions) => format!("apart: {versions:?}"),
    }
}
