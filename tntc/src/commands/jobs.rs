//! `tntc jobs`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::jobs::{CronJobEntry, JobEntry, WfJobs, WfJobsAnswer, WfJobsArgs};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// Whose runs and schedules.
#[derive(Debug, clap::Args)]
pub(crate) struct Jobs {
    /// Only those of this tentacle
    name: Option<TentacleName>,
    #[command(flatten)]
    within: InEnclave,
    /// How many runs, the newest first, and how many schedules
    #[arg(short = 'n', long, value_name = "ENTRIES", value_parser = clap::value_parser!(u32).range(1..=200), default_value_t = 20)]
    limit: u32,
}

impl Jobs {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfJobsArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            page: Page { cursor: None, limit: Some(self.limit) },
        };
        let answer = context.call::<WfJobs>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &WfJobsAnswer) -> View {
    let run = |run: &JobEntry| {
        [
            words::time(run.started_at),
            run.tentacle.to_string(),
            run.status.clone(),
            run.by.clone(),
            words::seconds(run.duration_ms),
        ]
    };
    let next = |cron: &CronJobEntry| match cron.next_at {
        _ if cron.suspended => "the enclave is frozen".to_owned(),
        Some(at) => words::time(at),
        None => "never".to_owned(),
    };
    let cron = |cron: &CronJobEntry| {
        [
            cron.tentacle.to_string(),
            cron.name.clone(),
            format!("{} ({})", cron.schedule, cron.timezone),
            next(cron),
        ]
    };
    let none = "nothing ran that you can see";
    let view = View::new()
        .table(["WHEN", "TENTACLE", "OUTCOME", "BY", "TOOK"], told.jobs.iter().map(run), none)
        .table(
            ["TENTACLE", "SCHEDULE", "WHEN", "NEXT"],
            told.cronjobs.iter().map(cron),
            "the clock runs nothing",
        );
    if told.next_cursor.is_some() { view.line("There is more: `-n` shows it.") } else { view }
}
