//! What lies beside a tentacle at a commit: its files of secrets, as they are, encrypted.

use super::{Kind, Walk, sibling};
use crate::error::StateError;
use crate::hostile::Hostile;
use crate::layout::{ENCRYPTED, Layout, SECRETS};
use crate::names::CommitId;
use crate::sops;
use git2::{ObjectType, Repository};
use std::collections::{BTreeMap, BTreeSet};
use workflow::{EnclaveName, TentacleName};

/// The files of secrets of these services, by service; those that are not there are left out.
pub(crate) fn secrets(
    repo: &Repository,
    commit: CommitId,
    of: (&EnclaveName, &TentacleName),
    services: &BTreeSet<String>,
) -> Result<BTreeMap<String, String>, StateError> {
    let found = repo.find_commit(commit.0)?;
    let objects = repo.odb()?;
    let walk = Walk { repo, objects: &objects, entries: 0, bytes: 0, files: Vec::new() };
    let [root, enclave, tentacle] = Layout::parts(of.0, of.1);
    let Some(folder) = walk.descend(&found, &[root, enclave, tentacle, SECRETS])? else {
        return Ok(BTreeMap::new());
    };
    let within = format!("{}/{SECRETS}", Layout::tentacle(of.0, of.1));
    let tree = walk.tree(folder, &within)?;
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for entry in &tree {
        let name = String::from_utf8_lossy(entry.name_bytes()).into_owned();
        let Some(service) = name.strip_suffix(ENCRYPTED).filter(|service| services.contains(*service)) else {
            continue;
        };
        let path = sibling(&within, &name);
        Kind::of(entry.filemode_raw()).refused(Kind::File, path.clone())?;
        let (bytes, kind) = objects.read_header(entry.id())?;
        if kind != ObjectType::Blob {
            return Err(Hostile::Kind { path }.into());
        }
        if bytes > sops::MOST_BYTES {
            return Err(Hostile::TooLarge { path, bytes }.into());
        }
        let text = std::str::from_utf8(repo.find_blob(entry.id())?.content()).map(str::to_owned);
        files.insert(service.to_owned(), text.map_err(|_| Hostile::NotText { path })?);
    }
    Ok(files)
}
