//! Every trigger has a name, so that it can be called, approved and found again in the history.

use super::{Trigger, Unnamed};
use crate::part_name::PartName;
use crate::problem::{Part, Report, Rule};
use std::collections::BTreeSet;

/// Gives a name to those that have none, from the word of their kind and their order in the file. Names that are given
/// come first, so that an unnamed trigger never takes one. A name that is given twice is reported.
pub(super) fn give(read: Vec<(usize, Unnamed)>, report: &Report) -> Vec<Trigger> {
    let mut names = BTreeSet::new();
    for (index, trigger) in &read {
        if let Some(name) = &trigger.name
            && !names.insert(name.clone())
        {
            let rule = Rule::DuplicateName { what: "trigger", name: name.to_string() };
            report.add(trigger.at, &Part::Trigger(*index), rule);
        }
    }
    let mut named = Vec::with_capacity(read.len());
    for (index, Unnamed { at, name, kind }) in read {
        let name = name.or_else(|| free(kind.word(), &names));
        if let Some(name) = name {
            names.insert(name.clone());
            named.push(Trigger { at, name, kind, index });
        }
    }
    named
}

/// `word`, or `word-2`, `word-3`, … where that is taken. There is always one: there are fewer triggers than numbers.
fn free(word: &str, taken: &BTreeSet<PartName>) -> Option<PartName> {
    let numbered = (2..).map(|number: u32| format!("{word}-{number}"));
    let candidates = std::iter::once(word.to_owned()).chain(numbered);
    candidates.filter_map(|name| name.parse().ok()).find(|name| !taken.contains(name))
}
