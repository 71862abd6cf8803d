//! `tntc logs`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{Format, View, tell};
use wire::EnclaveRef;
use wire::tools::logs::{WfLogs, WfLogsAnswer, WfLogsArgs};
use workflow::TentacleName;

/// Whose output.
#[derive(Debug, clap::Args)]
pub(crate) struct Logs {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    /// How many lines, from the end
    #[arg(long, value_name = "LINES", value_parser = clap::value_parser!(u32).range(1..=10_000), default_value_t = 100)]
    tail: u32,
    /// What this sidecar printed, instead of the tentacle's own code
    #[arg(long, value_name = "SIDECAR")]
    container: Option<String>,
    /// Go on with what it prints, for ten minutes
    #[arg(long, short)]
    follow: bool,
}

/// For how long it is followed.
const FOLLOWED: u32 = 600;

impl Logs {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfLogsArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: Some(self.name.clone()),
            pod: None,
            container: self.container.clone(),
            tail_lines: Some(self.tail),
            follow_seconds: self.follow.then_some(FOLLOWED),
        };
        if self.follow {
            return context.follow::<WfLogs>(&args).await;
        }
        let answer = context.call::<WfLogs>(Effect::Reads, &args).await?;
        context.output.show(&answer, view)?;
        if matches!(context.output.format, None | Some(Format::Table)) {
            if answer.lines.is_empty() {
                let part = self.container.as_ref().map(|part| format!("'s {part}")).unwrap_or_default();
                tell(&format!("{}{part} has printed nothing", answer.name));
            } else if answer.truncated {
                tell(&format!("these are the last {} lines; `--tail` shows more", answer.lines.len()));
            }
        }
        Ok(())
    }
}

fn view(logs: &WfLogsAnswer) -> View {
    logs.lines.iter().fold(View::new(), |view, line| view.line(line.as_str()))
}
