//! `tntc cluster health`.

use crate::commands::{Context, Effect};
use crate::failed::Failed;
use crate::output::View;
use wire::Nothing;
use wire::tools::cluster::{HealthClusterSummary, HealthClusterSummaryAnswer};

/// Nothing to say.
#[derive(Debug, clap::Args)]
pub(crate) struct Health {}

impl Health {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let answer = context.call::<HealthClusterSummary>(Effect::Reads, &Nothing {}).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &HealthClusterSummaryAnswer) -> View {
    let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
    let age = told.index_age_seconds.map(|age| format!("{age} s at most"));
    View::new().verdict(told.status == "green", format!("{}: {}", told.status, told.reason)).values([
        ("Runs on", told.backend.clone()),
        ("Nodes", format!("{} of {} take work", told.nodes_ready, told.nodes)),
        ("Enclaves", number(told.enclaves)),
        ("Tentacles", number(told.tentacles)),
        ("What is known is old", age.unwrap_or_else(|| "it is being read anew".to_owned())),
    ])
}
