//! What somebody changed of tentacles on this machine: the files of the versions that run.

use super::Machine;
use super::places::Places;
use super::tentacle::blocking;
use super::version;
use crate::backend::apart::Apart;
use crate::backend::{BackendError, Version};
use crate::gate::target::OnTentacle;
use crate::store::EnclaveRecord;
use std::collections::BTreeMap;
use std::sync::Arc;
use workflow::{ContentHash, EnclaveName, TentacleName, TentacleRef};

impl Machine {
    /// What is not as it was made of these tentacles' files.
    pub(super) async fn differences(
        &self,
        record: &EnclaveRecord,
    ) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        let (places, enclave) = (self.places.clone(), record.name.clone());
        let versions: Vec<(TentacleName, ContentHash)> = record
            .tentacles
            .iter()
            .filter_map(|(name, tentacle)| Some((name.clone(), tentacle.version.parse().ok()?)))
            .collect();
        blocking(move || {
            let look = |(name, version)| {
                let apart = of(&places, &enclave, &name, &version)?;
                Some((name, vec![apart]))
            };
            Ok(versions.into_iter().filter_map(look).collect())
        })
        .await
    }

    /// Puts the version's files back, and a sandbox that has them in the place of the one that serves.
    pub(super) async fn put_back_files(
        &self,
        target: &OnTentacle,
        new: &Version,
    ) -> Result<Vec<String>, BackendError> {
        let (places, enclave, name) = (self.places.clone(), target.record.name.clone(), target.name.clone());
        let hash = new.sandbox.version;
        let of_it = TentacleRef { enclave: enclave.clone(), tentacle: name.clone() };
        let apart = blocking(move || Ok(of(&places, &enclave, &name, &hash))).await?;
        let Some(apart) = apart else { return Ok(Vec::new()) };
        let index = Arc::clone(&self.index);
        let tentacle = blocking(move || index.find_or_open(&of_it).map_err(super::fault)).await?;
        tentacle.deploy(new).await?;
        let (Apart::Gone { object } | Apart::Changed { object, .. }) = apart;
        Ok(vec![object])
    }
}

fn of(places: &Places, enclave: &EnclaveName, name: &TentacleName, hash: &ContentHash) -> Option<Apart> {
    let place = places.enclave(enclave).tentacle(name);
    let object = format!("the files of version {}", hash.short());
    let is_current = version::current(&place).is_ok_and(|current| current.is_some());
    match version::is_whole(&place, hash) {
        Some(true) if is_current => None,
        Some(false) => Some(Apart::Changed { object, field: "their content".to_owned(), by: None }),
        Some(true) | None => Some(Apart::Gone { object }),
    }
}
