//! The calls that reached the API server, and how many of them waited for one another.

use std::time::Instant;

/// One call, from when it was asked until it was answered.
pub(crate) struct Call {
    /// The method and the path.
    pub(crate) what: String,
    pub(crate) asked: Instant,
    pub(crate) answered: Instant,
}

/// The most calls of which each was asked after the one before it had been answered.
pub(crate) fn in_a_row(calls: &[Call]) -> usize {
    let mut calls: Vec<&Call> = calls.iter().collect();
    calls.sort_by_key(|call| call.answered);
    let mut rows: Vec<usize> = Vec::new();
    for (at, call) in calls.iter().enumerate() {
        let before = calls.iter().zip(&rows).take(at).filter(|(other, _)| other.answered <= call.asked);
        rows.push(before.map(|(_, row)| *row).max().unwrap_or(0) + 1);
    }
    rows.into_iter().max().unwrap_or(0)
}
