//! `tntc cluster nodes`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::{View, words};
use crate::pages;
use wire::tools::cluster::{HealthNodes, HealthNodesAnswer, HealthNodesArgs, Node};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Nodes {}

impl Nodes {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let connection = context.connect(Effect::Reads).await?;
        let mut all = HealthNodesAnswer { nodes: Vec::new(), ready: 0, total: 0, next_cursor: None };
        pages::each::<HealthNodes, Failed>(&connection, HealthNodesArgs::default(), |page| {
            all.nodes.extend(page.nodes);
            (all.ready, all.total) = (page.ready, page.total);
            Ok(())
        })
        .await?;
        connection.close().await;
        Ok(context.output.show(&all, |all| table(&all.nodes))?)
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
