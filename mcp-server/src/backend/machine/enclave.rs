//! Enclaves as folders: whose one is, is in the record that it carries.

use super::disk;
use super::groups::Caps;
use super::places::{ENCLAVE_FILE, Places};
use crate::backend::{BackendError, EnclaveView, preset};
use crate::store::{EnclaveRecord, Quota};
use policy::State;
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use uuid::Uuid;
use workflow::{EnclaveName, Limits};

/// The record that makes a folder an enclave, and says which: `enclave.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct EnclaveFile {
    id: Uuid,
    status: String,
    mode: Option<String>,
    quota: String,
    owner: String,
}

impl EnclaveFile {
    fn of(view: &EnclaveView, state: State) -> Self {
        let record = &view.record;
        Self {
            id: record.id,
            status: state.name().to_owned(),
            mode: record.mode.map(|mode| mode.to_string()),
            quota: record.quota.name().to_owned(),
            owner: view.owner.clone(),
        }
    }
}

/// What is under an enclave's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum There {
    /// Nothing.
    Nothing,
    /// The enclave of this id.
    Ours,
    /// Something else.
    Foreign,
}

/// Looks what is under an enclave's name.
pub(super) fn look(places: &Places, name: &EnclaveName, id: Uuid) -> io::Result<There> {
    let place = places.enclave(name);
    match fs::read(place.file()) {
        Ok(bytes) => {
            let own = serde_json::from_slice::<EnclaveFile>(&bytes).is_ok_and(|file| file.id == id);
            Ok(if own { There::Ours } else { There::Foreign })
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Ok(if place.folder.try_exists()? { There::Foreign } else { There::Nothing })
        }
        Err(error) => Err(error),
    }
}

/// Makes an enclave's folder, or finds that it is there and ours. It has its record from the moment it has its name.
pub(super) fn make(places: &Places, view: &EnclaveView, state: State) -> Result<(), BackendError> {
    let record = &view.record;
    match look(places, &record.name, record.id).map_err(fault)? {
        There::Ours => return Ok(()),
        There::Foreign => return Err(BackendError::Taken),
        There::Nothing => {}
    }
    let made = places.making().join(Uuid::now_v7().simple().to_string());
    let file =
        serde_json::to_vec_pretty(&EnclaveFile::of(view, state)).map_err(|error| fault(error.into()))?;
    disk::make_private(&made.join("tentacles"))
        .and_then(|()| disk::put(&made.join(ENCLAVE_FILE), &file))
        .map_err(fault)?;
    match disk::give_name(&made, &places.enclave(&record.name).folder) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => {
            // Somebody was faster.
            disk::remove_tree(&made).map_err(fault)?;
            make(places, view, state)
        }
        Err(error) => Err(fault(error)),
    }
}

/// Writes down what an enclave's record says by now.
pub(super) fn put(places: &Places, view: &EnclaveView, state: State) -> Result<(), BackendError> {
    make(places, view, state)?;
    let file =
        serde_json::to_vec_pretty(&EnclaveFile::of(view, state)).map_err(|error| fault(error.into()))?;
    disk::put(&places.enclave(&view.record.name).file(), &file).map_err(fault)
}

/// Removes an enclave's folder with all that is in it, if it is there and ours.
pub(super) fn remove(places: &Places, record: &EnclaveRecord) -> Result<(), BackendError> {
    match look(places, &record.name, record.id).map_err(fault)? {
        There::Ours => disk::remove(&places.enclave(&record.name).folder, &places.removing()).map_err(fault),
        // Ours is gone, and what has the name now is somebody else's.
        There::Nothing | There::Foreign => Ok(()),
    }
}

/// All enclaves, with how much each may use.
pub(super) fn all(places: &Places) -> io::Result<Vec<(EnclaveName, Quota)>> {
    let mut all = Vec::new();
    for name in disk::folders(&places.enclaves())? {
        let Ok(name) = name.parse::<EnclaveName>() else { continue };
        let file = match fs::read(places.enclave(&name).file()) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        let file: EnclaveFile = serde_json::from_slice(&file)?;
        let quota = Quota::named(&file.quota);
        let unknown = || io::Error::other(format!("`{name}` has an unknown size"));
        let quota = quota.ok_or_else(unknown)?;
        all.push((name, quota));
    }
    Ok(all)
}

/// What all of an enclave may use together.
pub(super) fn caps(quota: Quota) -> Caps {
    let whole = preset(quota).whole();
    Caps {
        memory: u64::from(whole.memory_gib) << 30,
        cpu_millis: u64::from(whole.processors) * 1000,
        processes: u64::from(whole.pods) * u64::from(Limits::default().processes),
    }
}

fn fault(error: io::Error) -> BackendError {
    BackendError::Fault(error.to_string())
}
