//! How the record in git stands to the one that this server wrote. What is in git is never applied: a difference is shown.

use crate::store::Recorded;
use state_repo::{EnclaveRecord, RecordFault};
use std::cmp::Ordering;
use wire::signing::SigningKey;
use wire::tools::state::{RecordEntry, RecordWord};
use workflow::EnclaveName;

/// What the server knows of a record: the newest that it wrote, and what is in git.
#[derive(Debug)]
pub(crate) struct RecordStanding<'a> {
    /// The enclave in whose place it is.
    pub(crate) enclave: &'a EnclaveName,
    /// The newest that it wrote; `None` while it has written none.
    pub(crate) own: Option<&'a Recorded>,
    /// Whether something has changed since, and it is still to be looked at whether a newer one has to be written.
    pub(crate) is_behind: bool,
    /// What is in git; why that cannot be one.
    pub(crate) git: Result<Option<Vec<u8>>, String>,
    pub(crate) key: &'a SigningKey,
}

/// Whether what is in git is this server's word of a time that its store knows nothing of.
pub(super) fn is_newer(text: &[u8], own: &Recorded, key: &SigningKey) -> bool {
    verified(text, key).is_ok_and(|git| git.name == own.enclave && generation(own) < git.generation)
}

impl RecordStanding<'_> {
    /// The word for it, one sentence, and what is done about it.
    pub(crate) fn told(&self) -> RecordEntry {
        let (state, says) = self.compared();
        let offer = match state {
            RecordWord::InSync | RecordWord::Waiting => None,
            RecordWord::Newer => Some(
                "find out which store is the right one; if it is this one, move the folder to the archive in git",
            ),
            _ => Some("the server writes it again, as a new commit, with the enclave's next change"),
        };
        RecordEntry { state, says, offer: offer.map(str::to_owned) }
    }

    fn compared(&self) -> (RecordWord, String) {
        let said = |word, text: &str| (word, text.to_owned());
        let waits = self.is_behind || self.own.is_none_or(Recorded::waits);
        let text = match &self.git {
            Ok(Some(text)) => text,
            Ok(None) if waits => {
                return said(RecordWord::Waiting, "the record is about to be written to git");
            }
            Ok(None) => return said(RecordWord::Missing, "somebody removed the record from git"),
            Err(why) => {
                return (RecordWord::Altered, format!("what is in git in the record's place is none: {why}"));
            }
        };
        let git = match verified(text, self.key) {
            Ok(git) => git,
            Err(fault @ (RecordFault::Unsigned | RecordFault::OtherKey)) => {
                return (RecordWord::Unsigned, format!("the record in git is not applied: {fault}"));
            }
            Err(fault) => return (RecordWord::Altered, format!("the record in git is not applied: {fault}")),
        };
        if git.name != *self.enclave {
            return (
                RecordWord::Altered,
                format!("the record in git is the one of another enclave, {}", git.name),
            );
        }
        let Some(own) = self.own else {
            return said(
                RecordWord::Newer,
                "git has a record of a time that this server's store knows nothing of",
            );
        };
        match git.generation.cmp(&generation(own)) {
            Ordering::Greater => said(
                RecordWord::Newer,
                "git has a newer record than this server's store, which has lost something",
            ),
            Ordering::Equal if self.is_behind && git.digest().is_ok_and(|digest| digest == own.digest) => {
                said(RecordWord::Waiting, "the newest record is about to be written to git")
            }
            Ordering::Equal if git.digest().is_ok_and(|digest| digest == own.digest) => {
                said(RecordWord::InSync, "the record in git is the newest")
            }
            Ordering::Equal => {
                said(RecordWord::Altered, "the record in git is another of the same generation")
            }
            Ordering::Less if waits => {
                said(RecordWord::Waiting, "the newest record is about to be written to git")
            }
            Ordering::Less => {
                said(RecordWord::Older, "somebody put an older record back in git; it is not applied")
            }
        }
    }
}

fn generation(own: &Recorded) -> u64 {
    u64::try_from(own.generation).unwrap_or_default()
}

fn verified(text: &[u8], key: &SigningKey) -> Result<EnclaveRecord, RecordFault> {
    EnclaveRecord::verified(text, |kid| (kid == key.id()).then(|| key.public()))
}
