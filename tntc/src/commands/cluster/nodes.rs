//! `tntc cluster nodes`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use wire::Nothing;
use wire::tools::cluster::{HealthNodes, Node};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Nodes {}

impl Nodes {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let answer = context.call::<HealthNodes>(Effect::Reads, &Nothing {}).await?;
        Ok(context.output.show(&answer, |answer| table(&answer.nodes))?)
    }
}

/// Nodes for people.
pub(super) fn table(nodes: &[Node]) -> View {
    let row = |node: &Node| {
        [
            node.name.clone(),
            if node.ready { "ready" } else { "not ready" }.to_owned(),
            node.cpu.clone(),
            node.memory.clone(),
            node.container_runtime.clone(),
            words::list(&node.problems),
        ]
    };
    View::new().table(
        ["NODE", "IS", "CPU", "MEMORY", "RUNTIME", "PROBLEMS"],
        nodes.iter().map(row),
        "there is no node",
    )
}
