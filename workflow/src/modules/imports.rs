//! What a tentacle's code imports: from each node's file through the files that it imports.

use super::lexer::{self, Import};
use crate::bundle::Bundle;
use crate::path::FilePath;
use crate::problem::Position;
use std::collections::{BTreeMap, BTreeSet};

/// An import of something that is no file of the tentacle.
#[derive(Debug, Clone)]
pub(super) struct Found {
    /// The file that imports it.
    pub(super) file: String,
    pub(super) at: Position,
    pub(super) specifier: String,
}

/// All that code imports from elsewhere, file by file. What no node leads to (tests, tools) is nobody's business.
pub(super) fn of<'a>(bundle: &Bundle, nodes: impl Iterator<Item = &'a FilePath>) -> Vec<Found> {
    let mut found = Vec::new();
    for (file, text) in files(bundle, nodes) {
        let imports = lexer::imports(text).into_iter().filter(|import| !is_within(&import.specifier));
        found.extend(imports.map(|Import { specifier, at }| Found { file: file.clone(), at, specifier }));
    }
    found
}

/// The files to which nodes lead, each with its text.
pub(super) fn files<'b, 'a>(
    bundle: &'b Bundle,
    nodes: impl Iterator<Item = &'a FilePath>,
) -> Vec<(String, &'b str)> {
    let files: BTreeMap<&str, &[u8]> = bundle.iter().map(|(path, bytes)| (path.as_str(), bytes)).collect();
    let mut seen: BTreeSet<String> = nodes.map(|path| path.as_str().to_owned()).collect();
    let mut left: Vec<String> = seen.iter().rev().cloned().collect();
    let mut found = Vec::new();
    while let Some(file) = left.pop() {
        let Some(text) = files.get(file.as_str()).and_then(|bytes| std::str::from_utf8(bytes).ok()) else {
            continue;
        };
        for Import { specifier, .. } in lexer::imports(text) {
            if is_within(&specifier)
                && let Some(other) = resolved(&file, &specifier).filter(|other| is_code(other))
                && seen.insert(other.clone())
            {
                left.push(other);
            }
        }
        found.push((file, text));
    }
    found
}

/// Whether a file is meant, and no module.
fn is_within(specifier: &str) -> bool {
    ["./", "../", "/", "file:", "data:", "blob:"].iter().any(|begin| specifier.starts_with(begin))
}

fn is_code(path: &str) -> bool {
    path.parse::<FilePath>().is_ok_and(|path| path.is_code())
}

/// The path within the folder that a file means by a relative path; nothing when it leaves it.
fn resolved(file: &str, specifier: &str) -> Option<String> {
    let path = specifier.split(['?', '#']).next().unwrap_or_default();
    let mut parts: Vec<&str> = file.split('/').collect();
    parts.pop();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            other => parts.push(other),
        }
    }
    Some(parts.join("/"))
}
