//! Which node feeds which.

use crate::fields::Fields;
use crate::name::shown;
use crate::nearest::nearest;
use crate::node::Node;
use crate::part_name::PartName;
use crate::problem::{Part, Position, Report, Rule};
use crate::yaml::Yaml;
use std::collections::{BTreeMap, BTreeSet};

/// One entry of `edges`: the output of `from` is an input of `to`.
#[derive(Debug, Clone)]
pub struct Edge {
    /// Where it stands in the file.
    pub at: Position,
    /// The node whose output it carries.
    pub from: PartName,
    /// The node that gets it.
    pub to: PartName,
}

type Nodes = BTreeMap<PartName, Node>;

/// The most edges of one tentacle.
const MOST: usize = 1000;

pub(crate) fn read_all(fields: &Fields<'_>, nodes: &Nodes) -> Vec<Edge> {
    let list = fields.list("edges");
    if list.len() > MOST {
        let at = fields.key_at("edges").unwrap_or(fields.at);
        fields.add(at, Rule::TooMany { what: "edges", count: list.len(), most: MOST });
        return Vec::new();
    }
    let declared: BTreeSet<&str> = fields.map("nodes").iter().map(|entry| entry.key.as_str()).collect();
    let mut seen = BTreeSet::new();
    let mut edges = Vec::new();
    for (index, yaml) in list.iter().enumerate() {
        let part = Part::Edge(index);
        let Some(edge) = read(yaml, &part, &declared, fields.report) else { continue };
        if edge.from == edge.to {
            fields.report.add(edge.at, &part, Rule::SelfLoop(edge.from.to_string()));
        } else if !seen.insert((edge.from.clone(), edge.to.clone())) {
            let rule = Rule::DuplicateEdge { from: edge.from.to_string(), to: edge.to.to_string() };
            fields.report.add(edge.at, &part, rule);
        } else {
            edges.push(edge);
        }
    }
    if let Some(cycle) = find_cycle(nodes, &edges) {
        let at = fields.key_at("edges").unwrap_or(fields.at);
        fields.add(at, Rule::Cycle(cycle.into_iter().map(ToString::to_string).collect()));
    }
    edges
}

fn read(yaml: &Yaml, part: &Part, declared: &BTreeSet<&str>, report: &Report) -> Option<Edge> {
    let fields = Fields::of(yaml, part.clone(), &["from", "to"], report)?;
    let end = |key: &'static str| {
        let text = fields.required_text(key)?;
        if !declared.contains(text.text) {
            let nearest = nearest(text.text, declared.iter().copied());
            fields.add(text.at, Rule::NoSuchNode { end: key, got: shown(text.text), nearest });
            return None;
        }
        PartName::read(text.text, text.at, part, report)
    };
    let (from, to) = (end("from"), end("to"));
    Some(Edge { at: fields.at, from: from?, to: to? })
}

/// Some nodes that wait for each other in a circle, the first repeated at the end.
///
/// Takes nodes away that nothing feeds until none is left; what stays is in a circle or behind one. From any that
/// stays, walking backwards along edges must meet itself.
fn find_cycle<'a>(nodes: &'a Nodes, edges: &'a [Edge]) -> Option<Vec<&'a PartName>> {
    let mut feeds: BTreeMap<&PartName, Vec<&PartName>> = BTreeMap::new();
    let mut waits: BTreeMap<&PartName, usize> = nodes.keys().map(|name| (name, 0)).collect();
    for edge in edges {
        feeds.entry(&edge.from).or_default().push(&edge.to);
        *waits.entry(&edge.to).or_default() += 1;
    }
    let mut free: Vec<&PartName> =
        waits.iter().filter(|(_, count)| **count == 0).map(|(name, _)| *name).collect();
    while let Some(name) = free.pop() {
        waits.remove(name);
        for next in feeds.get(name).into_iter().flatten() {
            if let Some(count) = waits.get_mut(next) {
                *count -= 1;
                if *count == 0 {
                    free.push(next);
                }
            }
        }
    }
    let fed_by: BTreeMap<&PartName, &PartName> = edges
        .iter()
        .filter(|edge| waits.contains_key(&edge.from) && waits.contains_key(&edge.to))
        .map(|edge| (&edge.to, &edge.from))
        .collect();
    let mut walk = vec![*waits.keys().next()?];
    let mut met = BTreeSet::new();
    while let Some(&&last) = walk.last().as_ref() {
        if !met.insert(last) {
            let first = walk.iter().position(|name| *name == last)?;
            let mut circle = walk.split_off(first);
            circle.reverse();
            return Some(circle);
        }
        walk.push(fed_by.get(last)?);
    }
    None
}
