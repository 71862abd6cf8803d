//! `tntc history`.

use super::list::version;
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, tell, words};
use wire::tools::history::{DeployEntry, HistoryOf, RunEntry, WfHistory, WfHistoryAnswer, WfHistoryArgs};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// Whose history.
#[derive(Debug, clap::Args)]
pub(crate) struct History {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    /// Deploys instead of runs
    #[arg(long)]
    deploys: bool,
    /// How many, the newest first
    #[arg(short = 'n', long, value_name = "RECORDS", value_parser = clap::value_parser!(u32).range(1..=200), default_value_t = 20)]
    limit: u32,
}

impl History {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfHistoryArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            of: if self.deploys { HistoryOf::Deploys } else { HistoryOf::Runs },
            page: Page { cursor: None, limit: Some(self.limit) },
        };
        let answer = context.call::<WfHistory>(Effect::Reads, &args).await?;
        context.output.show(&answer, if self.deploys { deploys } else { runs })?;
        if answer.next_cursor.is_some() {
            tell("there is more; `-n` shows more of it");
        }
        Ok(())
    }
}

fn runs(history: &WfHistoryAnswer) -> View {
    let row = |run: &RunEntry| {
        let unmet = matches!(run.outcome.as_str(), "missed" | "skipped");
        let count = if run.moments > 1 { format!(", {} times", run.moments) } else { String::new() };
        [
            words::time(run.due_at.filter(|_| unmet).unwrap_or(run.started_at)),
            format!("{}{count}", run.outcome),
            if unmet { String::new() } else { words::seconds(run.duration_ms) },
            run.by.clone(),
            version(&run.version),
            run.error.clone().unwrap_or_default(),
        ]
    };
    let heads = ["WHEN", "OUTCOME", "TOOK", "BY", "VERSION", "WHY"];
    View::new().table(heads, history.runs.iter().map(row), "it has not run yet")
}

fn deploys(history: &WfHistoryAnswer) -> View {
    let row = |deploy: &DeployEntry| {
        let step = deploy.step.as_ref().map(|step| format!(" at {step}")).unwrap_or_default();
        let runs = if deploy.runs { ", runs now" } else { "" };
        [
            deploy.number.map(|number| number.to_string()).unwrap_or_default(),
            words::time(deploy.started_at),
            format!("{}{step}{runs}", deploy.outcome),
            words::seconds(deploy.duration_ms),
            format!("{} with {}", deploy.by, deploy.via),
            version(&deploy.version),
            deploy.error.clone().unwrap_or_default(),
        ]
    };
    let heads = ["NO.", "WHEN", "OUTCOME", "TOOK", "BY", "VERSION", "WHY"];
    View::new().table(heads, history.deploys.iter().map(row), "it was never deployed")
}
