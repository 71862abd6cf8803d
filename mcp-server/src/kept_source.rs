//! The sources of versions that are kept: read again, and compared.

use serde_json::Value;
use similar::TextDiff;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use wire::tools::history::{FileChange, ParamChange};
use wire::{Failure, FailureCode};
use workflow::{Bundle, Workflow};

/// A source: text by path.
pub(crate) type Files = BTreeMap<String, String>;

/// The most bytes of all differences together.
const MOST: usize = 64 * 1024;

/// After this long a difference is not made any smaller.
const PATIENCE: Duration = Duration::from_millis(200);

/// Reads a source that was deployed once.
///
/// # Errors
/// When this release does not take any more what an earlier one took.
pub(crate) fn workflow(files: &Files) -> Result<Workflow, Failure> {
    let unreadable = |problems: String| {
        Failure::new(FailureCode::Conflict, format!("this release does not read that version: {problems}"))
    };
    let bundle = files.iter().map(|(path, text)| (path.clone(), text.clone().into_bytes()));
    let bundle = Bundle::new(bundle).map_err(|problems| unreadable(problems.to_string()))?;
    Workflow::of(&bundle).map_err(|problems| unreadable(problems.to_string()))
}

/// The files that differ, and whether the rest was cut.
pub(crate) fn files(from: &Files, to: &Files) -> (Vec<FileChange>, bool) {
    let paths: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let (mut changes, mut left, mut cut) = (Vec::new(), MOST, false);
    for path in paths {
        let (old, new) = (from.get(path), to.get(path));
        if old == new {
            continue;
        }
        let change = match (old, new) {
            (None, _) => "added",
            (_, None) => "removed",
            _ => "changed",
        };
        let mut diff = difference(path, old.map_or("", String::as_str), new.map_or("", String::as_str));
        if diff.len() > left {
            cut = true;
            diff.truncate(diff.floor_char_boundary(left));
        }
        left -= diff.len();
        changes.push(FileChange { path: path.clone(), change: change.to_owned(), diff });
    }
    (changes, cut)
}

fn difference(path: &str, old: &str, new: &str) -> String {
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(old, new);
    diff.unified_diff().header(&format!("a/{path}"), &format!("b/{path}")).to_string()
}

/// The settings that differ.
pub(crate) fn params(from: &Workflow, to: &Workflow) -> Vec<ParamChange> {
    let (from, to) = (settings(from), settings(to));
    let names: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let change = |name: &String| ParamChange {
        name: name.clone(),
        from: from.get(name).cloned(),
        to: to.get(name).cloned(),
    };
    names.into_iter().map(change).filter(|change| change.from != change.to).collect()
}

fn settings(workflow: &Workflow) -> BTreeMap<String, Value> {
    let config = &workflow.config;
    let mut all: BTreeMap<String, Value> =
        config.values.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
    all.insert("timeout".to_owned(), format!("{}s", config.timeout.as_secs()).into());
    all.insert("retries".to_owned(), config.retries.into());
    all
}
