//! Whether a record in git is the newest that this server signed for. What is not proven comes back only after an operator has seen how
//! it differs from what is.

use similar::TextDiff;
use state_repo::{EnclaveRecord, StateError};
use wire::signing::SigningKey;
use wire::trail::RecordHead;
use workflow::EnclaveName;

/// How many earlier texts of a record are looked at for the one that is proven.
const MOST_PAST: usize = 200;

/// A record in git that can be read, and what speaks for it.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) record: EnclaveRecord,
    pub(crate) proof: Proof,
}

/// What speaks for a record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Proof {
    /// This server signed it, and its heads name it as the newest.
    Proven,
    /// It has to be confirmed.
    ToConfirm {
        /// What is missing for a proof, as the end of a sentence.
        why: String,
        /// How it differs from the newest record that is known to be this server's.
        difference: String,
        /// What names exactly this record.
        digest: String,
    },
}

/// What this server knows of records without its store.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Knows<'a> {
    /// The newest head of this enclave's records.
    pub(crate) head: Option<&'a RecordHead>,
    /// The key that signs both.
    pub(crate) key: &'a SigningKey,
}

impl Found {
    /// Whether this server's newest word of this name is about another enclave than the one that it has: somebody made one of the same
    /// name since.
    pub(crate) fn is_of_another_than(&self, there: &crate::store::EnclaveRecord) -> bool {
        self.proof == Proof::Proven && self.record.id != there.id.to_string()
    }
}

impl Knows<'_> {
    /// Weighs the record of an enclave. `past` answers what the record said before in git, the newest first, up to so many texts; it
    /// is asked only where there is something to compare.
    ///
    /// # Errors
    /// The outer when git cannot be read; the inner says why it is no record of this enclave.
    pub(crate) fn weigh(
        self,
        name: &EnclaveName,
        text: &[u8],
        past: impl FnOnce(usize) -> Result<Vec<Vec<u8>>, StateError>,
    ) -> Result<Result<Found, String>, StateError> {
        let record = match EnclaveRecord::read(text) {
            Ok(record) if record.name == *name => record,
            Ok(record) => {
                return Ok(Err(format!("its record is the one of another enclave, {}", record.name)));
            }
            Err(fault) => return Ok(Err(fault.to_string())),
        };
        let Ok(digest) = record.digest() else {
            return Ok(Err("its record has no canonical form".to_owned()));
        };
        let Some(why) = self.doubt(&record, text, &digest) else {
            return Ok(Ok(Found { record, proof: Proof::Proven }));
        };
        let past = past(MOST_PAST)?;
        let difference = self.difference(text, &past);
        Ok(Ok(Found { record, proof: Proof::ToConfirm { why, difference, digest } }))
    }

    /// What is missing for a proof; nothing where nothing is.
    fn doubt(self, record: &EnclaveRecord, text: &[u8], digest: &str) -> Option<String> {
        if let Err(fault) = self.verified(text) {
            let by = record.signature.as_ref().map(|signature| signature.key.as_str());
            return Some(match by.filter(|key| *key != self.key.id()) {
                Some(key) => {
                    format!("it is signed with the key {key}, and this server's is {}", self.key.id())
                }
                None => fault.to_string(),
            });
        }
        let Some(head) = self.head else {
            return Some(
                "the heads of records do not name it: their folder is another, or was lost".to_owned(),
            );
        };
        let ours = record.generation;
        match head.generation {
            newest if newest > ours => {
                Some(format!("it is an older one: generation {ours}, and the newest was {newest}"))
            }
            newest if newest < ours => {
                Some(format!("the newest that the heads name is generation {newest}, and this is {ours}"))
            }
            _ if head.digest != digest => Some(format!("the heads name another record of generation {ours}")),
            _ if head.removed => {
                Some("the enclave was shut down, and somebody put its folder back".to_owned())
            }
            _ => None,
        }
    }

    fn verified(self, text: &[u8]) -> Result<EnclaveRecord, state_repo::RecordFault> {
        EnclaveRecord::verified(text, |kid| (kid == self.key.id()).then(|| self.key.public()))
    }

    /// From the record that the heads name, where git still has it; else from the newest that this server signed; else from nothing.
    fn difference(self, text: &[u8], past: &[Vec<u8>]) -> String {
        let signed: Vec<(&Vec<u8>, EnclaveRecord)> =
            past.iter().filter_map(|text| Some((text, self.verified(text).ok()?))).collect();
        let named = self.head.and_then(|head| {
            signed.iter().find(|(_, record)| record.digest().is_ok_and(|digest| digest == head.digest))
        });
        let newest = || signed.iter().max_by_key(|(_, record)| record.generation);
        let (from, heading) = match named.or_else(newest) {
            Some((known, record)) => {
                (known.as_slice(), format!("generation {} of this server", record.generation))
            }
            None => (&[][..], "nothing that this server is known to have written".to_owned()),
        };
        let (from, to) = (String::from_utf8_lossy(from), String::from_utf8_lossy(text));
        TextDiff::from_lines(from.as_ref(), to.as_ref()).unified_diff().header(&heading, "git").to_string()
    }
}
