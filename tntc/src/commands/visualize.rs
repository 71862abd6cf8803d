//! `tntc visualize`.

mod mermaid;
mod svg;

use super::Context;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::write;
use std::path::PathBuf;
use workflow::{PartName, Workflow};

/// What to draw, and how.
#[derive(Debug, clap::Args)]
pub(crate) struct Visualize {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Draw a picture (SVG) instead of a diagram in Mermaid's language
    #[arg(long)]
    svg: bool,
}

impl Visualize {
    pub(crate) fn run(&self, _: &Context) -> Result<(), Failed> {
        let workflow = Folder::read(&self.dir)?.workflow;
        let drawing = Drawing::of(&workflow);
        let text = if self.svg { svg::draw(&drawing) } else { mermaid::draw(&drawing) };
        Ok(write(&text)?)
    }
}

/// What is drawn: columns of boxes, the triggers first, then the nodes by stages, then what they reach.
#[derive(Debug)]
struct Drawing {
    title: String,
    columns: Vec<Vec<Shape>>,
    /// From which box to which, by their names.
    lines: Vec<(String, String)>,
}

/// A box.
#[derive(Debug)]
struct Shape {
    /// Its name, which no other has.
    id: String,
    label: String,
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Trigger,
    Node,
    Dependency,
}

impl Drawing {
    fn of(workflow: &Workflow) -> Self {
        let shape = |kind: Kind, name: &PartName| Shape { id: id(kind, name), label: name.to_string(), kind };
        let stages = workflow.stages();
        let triggers = workflow.triggers.iter().map(|trigger| shape(Kind::Trigger, &trigger.name));
        let mut columns: Vec<Vec<Shape>> = vec![triggers.collect()];
        for stage in &stages {
            columns.push(stage.iter().map(|name| shape(Kind::Node, name)).collect());
        }
        let used =
            |name: &&PartName| workflow.nodes.keys().any(|node| workflow.may_use(node).contains(*name));
        let beside = workflow.sidecars.iter().map(|sidecar| &sidecar.name);
        let reached = workflow.contract.dependencies.keys().chain(beside).filter(used);
        columns.push(reached.map(|name| shape(Kind::Dependency, name)).collect());
        let first = stages.first().into_iter().flatten();
        let mut lines: Vec<(String, String)> = Vec::new();
        for node in first {
            let begins =
                |trigger: &workflow::Trigger| (id(Kind::Trigger, &trigger.name), id(Kind::Node, node));
            lines.extend(workflow.triggers.iter().map(begins));
        }
        let edges = workflow.edges.iter();
        lines.extend(edges.map(|edge| (id(Kind::Node, &edge.from), id(Kind::Node, &edge.to))));
        for node in workflow.nodes.keys() {
            let uses = workflow.may_use(node);
            lines.extend(uses.into_iter().map(|name| (id(Kind::Node, node), id(Kind::Dependency, name))));
        }
        columns.retain(|column| !column.is_empty());
        Self { title: workflow.name.to_string(), columns, lines }
    }
}

fn id(kind: Kind, name: &PartName) -> String {
    let kind = match kind {
        Kind::Trigger => "trigger",
        Kind::Node => "node",
        Kind::Dependency => "dependency",
    };
    format!("{kind}-{name}")
}
