//! Modules that objects hold. Whoever may write to the enclave's namespace can put others in their place, so that they are
//! believed for a word in their record that only the server can make.

use super::super::{Tentacles, named};
use crate::backend::BackendError;
use crate::gate::target::OnTentacle;
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::ObjectMeta;
use manifest::{PART, PackedModules, RECORD, modules_name, set_of};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use wire::canonical::hex;

/// What is written down beside each part.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What was to be fetched.
    wanted: String,
    /// The digest of what was.
    digest: String,
    /// How much memory it takes, in MiB.
    room_mib: u32,
    parts: usize,
    /// The digest of the parts, one after the other.
    packed: String,
    /// The server's word for all of that.
    word: String,
}

impl Tentacles {
    /// What is written down of packed modules.
    pub(super) fn record(
        &self,
        target: &OnTentacle,
        wanted: &str,
        packed: &PackedModules,
    ) -> Result<String, BackendError> {
        let mut record = Record {
            wanted: wanted.to_owned(),
            digest: packed.digest.clone(),
            room_mib: packed.room_mib,
            parts: packed.parts.len(),
            packed: digest(&packed.parts),
            word: String::new(),
        };
        record.word = self.word(target, &record);
        serde_json::to_string(&record).map_err(|error| BackendError::Fault(error.to_string()))
    }

    /// The modules that the objects of the version of this name hold, if they are these.
    pub(super) async fn kept(
        &self,
        target: &OnTentacle,
        name: &str,
        wanted: &str,
    ) -> Result<Option<PackedModules>, BackendError> {
        for object in self.parts(target.record.name.as_str(), name).await? {
            let Some(set) = set_of(&object) else { continue };
            let found = self.set(target, (name, set), wanted).await?;
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The same of one set of them.
    async fn set(
        &self,
        target: &OnTentacle,
        (name, set): (&str, &str),
        wanted: &str,
    ) -> Result<Option<PackedModules>, BackendError> {
        let part = async |number| self.part(target, modules_name(name, set, number)).await;
        let Some(first) = part(0).await? else { return Ok(None) };
        let text = first.data.as_ref().and_then(|data| data.get(RECORD)).cloned().unwrap_or_default();
        let Ok(record) = serde_json::from_str::<Record>(&text) else {
            return Ok(is_not(name, "their record cannot be read"));
        };
        if record.word != self.word(target, &record) {
            return Ok(is_not(name, "their record is somebody else's"));
        }
        if record.wanted != wanted {
            return Ok(None);
        }
        let mut parts = vec![content(first)];
        for number in 1..record.parts {
            parts.push(part(number).await?.map(content).unwrap_or_default());
        }
        if digest(&parts) != record.packed {
            return Ok(is_not(name, "the digest is another"));
        }
        let Record { digest, room_mib, .. } = record;
        Ok(Some(PackedModules { set: set.to_owned(), parts, digest, room_mib, record: text }))
    }

    async fn part(&self, target: &OnTentacle, name: String) -> Result<Option<ConfigMap>, BackendError> {
        let metadata = ObjectMeta { name: Some(name), ..ObjectMeta::default() };
        let like = ConfigMap { metadata, ..ConfigMap::default() };
        self.cluster.find(target.record.name.as_str(), &like).await
    }

    /// The server's word for a record, as one of this tentacle's: of an enclave that is another has another.
    fn word(&self, target: &OnTentacle, record: &Record) -> String {
        let Record { wanted, digest, room_mib, parts, packed, word: _ } = record;
        let (enclave, tentacle) = (target.record.id.to_string(), named(target).to_string());
        let (room_mib, parts) = (room_mib.to_string(), parts.to_string());
        let words = [&enclave, &tentacle, wanted, digest, packed, &room_mib, &parts];
        self.supply.vouched(&words.map(String::as_str))
    }
}

/// It is told, and fetched again.
fn is_not(name: &str, why: &str) -> Option<PackedModules> {
    tracing::error!(name, why, "modules on the cluster are not what was kept");
    None
}

fn content(object: ConfigMap) -> Vec<u8> {
    let part = object.binary_data.and_then(|mut data| data.remove(PART));
    part.map(|part| part.0).unwrap_or_default()
}

fn digest(parts: &[Vec<u8>]) -> String {
    let all = parts.iter().fold(Sha256::new(), |all, part| all.chain_update(part));
    hex(&all.finalize())
}
