//! A tentacle's code: one file each.

use crate::fields::{Fields, Text};
use crate::name::shown;
use crate::nearest::nearest;
use crate::part_name::PartName;
use crate::path::FilePath;
use crate::problem::{Part, Position, Report, Rule};
use crate::workflow::json;
use crate::yaml::Yaml;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};

/// One entry of `nodes`.
#[derive(Debug, Clone)]
pub struct Node {
    /// Where its path stands in the file.
    pub at: Position,
    /// The file of its code.
    pub path: FilePath,
    /// What it does, in the author's words.
    pub description: String,
    /// What the author notes about its abilities. For people: the platform grants nothing by it.
    pub capabilities: Map<String, Json>,
    /// The dependencies and sidecars that it may use. `None` when the author does not say: see
    /// [`Workflow::may_use`](crate::Workflow::may_use).
    pub uses: Option<BTreeSet<PartName>>,
}

const KEYS: &[&str] = &["path", "description", "capabilities", "uses"];
/// The most nodes of one tentacle.
pub(crate) const MOST: usize = 100;

/// `names`: of dependencies and sidecars; `files`: the paths in the tentacle's folder, where they are known.
pub(crate) fn read_all(
    fields: &Fields<'_>,
    names: &BTreeSet<&str>,
    files: Option<&BTreeSet<&str>>,
) -> BTreeMap<PartName, Node> {
    let entries = fields.map("nodes");
    let at = fields.key_at("nodes").unwrap_or(fields.at);
    if fields.is_empty("nodes") {
        fields.add(at, Rule::AtLeastOne("node"));
    }
    if entries.len() > MOST {
        fields.add(at, Rule::TooMany { what: "nodes", count: entries.len(), most: MOST });
    }
    let mut nodes = BTreeMap::new();
    let mut taken = BTreeMap::new();
    for entry in entries.iter().take(MOST) {
        let part = Part::Node(shown(&entry.key));
        let name = PartName::read(&entry.key, entry.at, &part, fields.report);
        let node = read(&entry.value, part.clone(), names, fields.report);
        let (Some(name), Some(node)) = (name, node) else { continue };
        if let Some(other) = taken.insert(node.path.folded(), name.to_string()) {
            fields.report.add(node.at, &part, Rule::SharedFile { path: node.path.to_string(), other });
        }
        if let Some(files) = files
            && !files.contains(node.path.as_str())
        {
            let nearest = nearest(node.path.as_str(), files.iter().copied());
            fields.report.add(node.at, &part, Rule::NoSuchFile { got: node.path.to_string(), nearest });
        }
        nodes.insert(name, node);
    }
    nodes
}

fn read(yaml: &Yaml, part: Part, names: &BTreeSet<&str>, report: &Report) -> Option<Node> {
    let fields = Fields::of(yaml, part, KEYS, report)?;
    let path = read_path(&fields);
    let description = fields.required_text("description");
    let capabilities =
        fields.map("capabilities").iter().map(|entry| (entry.key.clone(), json(&entry.value))).collect();
    let uses = read_uses(&fields, names);
    let (at, path) = path?;
    Some(Node { at, path, description: description?.text.to_owned(), capabilities, uses })
}

fn read_path(fields: &Fields<'_>) -> Option<(Position, FilePath)> {
    let Text { at, text } = fields.required_text("path")?;
    match text.parse::<FilePath>() {
        Ok(path) if path.is_code() => Some((at, path)),
        Ok(_) => {
            fields.add(at, Rule::NotCode(shown(text)));
            None
        }
        Err(why) => {
            fields.add(at, Rule::Path { got: shown(text), why });
            None
        }
    }
}

fn read_uses(fields: &Fields<'_>, names: &BTreeSet<&str>) -> Option<BTreeSet<PartName>> {
    fields.value("uses")?;
    let mut uses = BTreeSet::new();
    for Text { at, text } in fields.texts("uses") {
        let Some(name) = PartName::read(text, at, &fields.part, fields.report) else { continue };
        // a dependency that was reported itself counts as declared
        if !names.contains(name.as_str()) {
            let nearest = nearest(text, names.iter().copied());
            fields.add(at, Rule::NoSuchDependency { got: name.to_string(), nearest });
        }
        uses.insert(name);
    }
    Some(uses)
}
