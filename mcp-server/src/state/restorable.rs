//! What the state repo has of enclaves, whether or not the store knows them.

use super::{StateRepo, told};
use crate::restoring::{Found, Knows};
use state_repo::{Mirror, StateError};
use std::collections::BTreeMap;
use wire::Failure;
use wire::tools::tentacle::SourceCommit;
use wire::trail::RecordHead;
use workflow::EnclaveName;

/// The most enclaves that are looked at.
const MOST: usize = 2_000;

/// The records of enclaves, as the newest commit has them.
#[derive(Debug)]
pub(crate) struct KeptRecords {
    /// The newest commit.
    pub(crate) head: SourceCommit,
    /// Each with what speaks for it, or why there is none.
    pub(crate) records: BTreeMap<EnclaveName, Result<Found, String>>,
    /// Whether there are more.
    pub(crate) truncated: bool,
}

impl StateRepo {
    /// Where the state repo is.
    pub(crate) fn address(&self) -> String {
        self.mirror.address().to_string()
    }

    /// The records of all enclaves, or of this one, each weighed by the newest `heads`.
    ///
    /// # Errors
    /// When the state repo cannot be reached.
    pub(crate) async fn kept(
        &self,
        only: Option<EnclaveName>,
        heads: BTreeMap<String, RecordHead>,
    ) -> Result<KeptRecords, Failure> {
        let key = self.records.heads().shared_key();
        self.ask(move |mirror| {
            let tip = mirror.fetch()?.tip;
            let mut names = match &only {
                Some(name) => vec![name.clone()],
                None => mirror.enclaves(tip, MOST + 1)?,
            };
            let truncated = names.len() > MOST;
            names.truncate(MOST);
            let mut records = BTreeMap::new();
            let mut past = None;
            for name in &names {
                let knows = Knows { head: heads.get(name.as_str()), key: &key };
                // What all of them said before is found in one go, and only where somebody asks for it.
                let before = |most| {
                    if past.is_none() {
                        past = Some(mirror.past_records(tip, &names, most)?);
                    }
                    past.as_ref().map_or_else(|| Ok(Vec::new()), |past| mirror.past_texts(past, name))
                };
                records.insert(name.clone(), record(mirror, tip, name, (knows, before))?);
            }
            Ok(KeptRecords { head: told(mirror.committed(tip)?), records, truncated })
        })
        .await
    }
}

/// The record of one enclave; the inner error says why there is none.
fn record(
    mirror: &Mirror,
    tip: state_repo::CommitId,
    name: &EnclaveName,
    (knows, past): (Knows<'_>, impl FnOnce(usize) -> Result<Vec<Vec<u8>>, StateError>),
) -> Result<Result<Found, String>, StateError> {
    match mirror.record(tip, name) {
        Ok(Some(text)) => knows.weigh(name, &text, past),
        Ok(None) => Ok(Err("git has no record of it: nobody knows whose it was".to_owned())),
        Err(error) if error.is_ours() => Err(error),
        Err(error) => Ok(Err(error.to_string())),
    }
}
