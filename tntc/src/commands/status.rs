//! `tntc status`.

use super::list::{deployed, ready, version};
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use wire::EnclaveRef;
use wire::tools::tentacle::{Event, LastRun, WfStatus, WfStatusAnswer, WfStatusArgs};
use workflow::TentacleName;

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Status {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
    /// With its last events
    #[arg(long)]
    detail: bool,
}

impl Status {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = WfStatusArgs { enclave, name: self.name.clone(), detail: self.detail };
        let answer = context.call::<WfStatus>(Effect::Reads, &args).await?;
        let detail = self.detail;
        Ok(context.output.show(&answer, |answer| view(answer, detail))?)
    }
}

fn view(status: &WfStatusAnswer, detail: bool) -> View {
    let tentacle = &status.tentacle;
    let view = View::new().values([
        ("Tentacle", format!("{}/{}", tentacle.enclave, tentacle.name)),
        ("What it does", tentacle.description.clone()),
        ("State", status.state.clone()),
        ("Ready", ready(tentacle)),
        ("Runs going on", status.in_flight.to_string()),
        ("Last run", status.last_run.as_ref().map_or_else(|| "none yet".to_owned(), last_run)),
        ("Version", version(&tentacle.version)),
        ("Source", status.source.clone()),
        ("Owner", tentacle.owner.clone()),
        ("Mode", tentacle.mode.clone()),
        ("Deployed", deployed(tentacle, &format!("{} ago", tentacle.age))),
        ("Sandbox", status.sandbox.clone()),
        ("Not enforced", words::list(&status.not_enforced)),
    ]);
    let event = |event: &Event| {
        [event.kind.clone(), event.reason.clone(), event.message.clone(), event.count.to_string()]
    };
    if !detail {
        return view;
    }
    view.table(["KIND", "REASON", "MESSAGE", "COUNT"], status.events.iter().map(event), "no events")
}

fn last_run(run: &LastRun) -> String {
    let ended = if run.success { "succeeded" } else { "failed" };
    let (at, took) = (words::time(run.started_at), words::seconds(run.duration_ms));
    format!("{ended} at {at} after {took}, for {}", run.by)
}
