//! Checks a trail: no record changed, removed, swapped or cut off.

use super::{GENESIS, Head, VERSION};
use crate::canonical;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;

/// What a check found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Each writer's chain, by writer.
    pub writers: BTreeMap<String, WriterReport>,
    /// Everything that is wrong, by writer and number.
    pub faults: Vec<Fault>,
}

impl Report {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.faults.is_empty()
    }
}

/// One writer's chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WriterReport {
    /// How many records there are.
    pub records: u64,
    /// Up to which number a signed head covers them; what is newer could still be cut off unseen.
    pub covered: u64,
}

/// Something wrong with one writer's chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Whose chain.
    pub writer: String,
    /// At which record's number.
    pub seq: u64,
    /// What is wrong.
    pub what: Wrong,
}

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// The number does not follow the one before: a record is missing, repeated or out of order.
    Number,
    /// The record does not name the hash of the one before: one of the two was changed or swapped.
    Chain,
    /// The record is of a version that this program does not know, or is no record at all.
    Version,
    /// A signed head names another hash for this record: it was changed.
    Head,
    /// A signed head names this record, and it is not there: the end was cut off.
    CutOff,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { writer, seq, what } = self;
        match what {
            Wrong::Number => {
                write!(f, "writer {writer}, record {seq}: a record before it is missing or out of order")
            }
            Wrong::Chain => {
                write!(f, "writer {writer}, record {seq}: it or the record before it was changed")
            }
            Wrong::Version => {
                write!(f, "writer {writer}, record {seq}: it is of a version that is not known here")
            }
            Wrong::Head => {
                write!(f, "writer {writer}, record {seq}: it is not the record that was signed for")
            }
            Wrong::CutOff => write!(f, "writer {writer}, record {seq}: it was signed for and is not there"),
        }
    }
}

/// Checks `records` (of each writer in the order of the chain) against themselves and against the signed `heads`.
///
/// It takes them as JSON, not as [`super::Record`], so that nothing in them is passed over.
#[must_use]
pub fn verify(records: &[Value], heads: &[Head]) -> Report {
    let mut chains: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for record in records {
        chains
            .entry(record.get("writer").and_then(Value::as_str).unwrap_or_default())
            .or_default()
            .push(record);
    }
    for head in heads {
        chains.entry(&head.writer).or_default();
    }
    let mut report = Report::default();
    for (writer, chain) in chains {
        let hashes = check_chain(writer, &chain, &mut report.faults);
        let own = heads.iter().filter(|head| head.writer == writer);
        let covered = check_heads(own, &hashes, &mut report.faults);
        let records = chain.len() as u64;
        report.writers.insert(writer.to_owned(), WriterReport { records, covered });
    }
    report
}

/// Walks one chain; answers the hash of each number that is there.
fn check_chain(writer: &str, chain: &[&Value], faults: &mut Vec<Fault>) -> BTreeMap<u64, String> {
    let mut hashes = BTreeMap::new();
    let (mut number, mut prev) = (0, GENESIS.to_owned());
    for record in chain {
        let seq = record.get("seq").and_then(Value::as_u64).unwrap_or_default();
        let mut fault = |what| faults.push(Fault { writer: writer.to_owned(), seq, what });
        if record.get("v").and_then(Value::as_u64) != Some(u64::from(VERSION)) {
            fault(Wrong::Version);
        }
        if seq != number + 1 {
            fault(Wrong::Number);
        } else if record.get("prev").and_then(Value::as_str) != Some(&prev) {
            fault(Wrong::Chain);
        }
        number = seq;
        // A record without a canonical form cannot have been written by a server: no hash matches it.
        prev = canonical::sha256(record).unwrap_or_default();
        hashes.insert(number, prev.clone());
    }
    hashes
}

/// Compares with what was signed; answers up to which number the chain is covered.
fn check_heads<'h>(
    heads: impl Iterator<Item = &'h Head>,
    hashes: &BTreeMap<u64, String>,
    faults: &mut Vec<Fault>,
) -> u64 {
    let mut covered = 0;
    for head in heads {
        let what = match hashes.get(&head.seq) {
            Some(hash) if *hash == head.hash => {
                covered = covered.max(head.seq);
                continue;
            }
            Some(_) => Wrong::Head,
            None => Wrong::CutOff,
        };
        faults.push(Fault { writer: head.writer.clone(), seq: head.seq, what });
    }
    covered
}

#[cfg(test)]
mod tests;
