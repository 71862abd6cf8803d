//! `tntc events`.

use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use wire::tools::history::{TentacleEvent, WfEvents, WfEventsAnswer, WfEventsArgs};
use wire::{EnclaveRef, Page};
use workflow::TentacleName;

/// Whose events.
#[derive(Debug, clap::Args)]
pub(crate) struct Events {
    /// Only those of this tentacle
    name: Option<TentacleName>,
    #[command(flatten)]
    within: InEnclave,
    /// How many, the newest first
    #[arg(short = 'n', long, value_name = "EVENTS", value_parser = clap::value_parser!(u32).range(1..=200), default_value_t = 30)]
    limit: u32,
}

impl Events {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let args = WfEventsArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: self.name.clone(),
            page: Page { cursor: None, limit: Some(self.limit) },
        };
        let answer = context.call::<WfEvents>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &WfEventsAnswer) -> View {
    let row = |event: &TentacleEvent| {
        [
            words::time(event.at),
            event.name.to_string(),
            event.kind.clone(),
            event.reason.clone(),
            event.count.to_string(),
            event.message.clone(),
        ]
    };
    let heads = ["WHEN", "TENTACLE", "KIND", "REASON", "COUNT", "MESSAGE"];
    View::new().table(heads, told.events.iter().map(row), "nothing happened that you can see")
}
