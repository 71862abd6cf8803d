//! `tntc describe`.

use super::list::{deployed, ready, version};
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::output::{View, words};
use wire::EnclaveRef;
use wire::tools::describe::{NodeDescription, TriggerEntry, WfDescribe, WfDescribeAnswer, WfDescribeArgs};
use workflow::TentacleName;

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Describe {
    /// The tentacle's name
    name: TentacleName,
    #[command(flatten)]
    within: InEnclave,
}

impl Describe {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let enclave = EnclaveRef::from(self.within.enclave.clone());
        let args = WfDescribeArgs { enclave, name: self.name.clone() };
        let answer = context.call::<WfDescribe>(Effect::Reads, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(told: &WfDescribeAnswer) -> View {
    let tentacle = &told.tentacle;
    let dependencies: Vec<String> = told
        .dependencies
        .iter()
        .map(|dependency| format!("{} ({})", dependency.name, dependency.protocol))
        .collect();
    let versions: Vec<String> = told.versions.iter().map(|hash| version(hash)).collect();
    let node = |node: &NodeDescription| [node.name.clone(), node.path.clone(), node.description.clone()];
    View::new()
        .values([
            ("Tentacle", format!("{}/{}", tentacle.enclave, tentacle.name)),
            ("What it does", tentacle.description.clone()),
            ("Ready", ready(tentacle)),
            ("Owner", tentacle.owner.clone()),
            ("Mode", tentacle.mode.clone()),
            ("Version", version(&tentacle.version)),
            ("Author's version", told.workflow_version.clone()),
            ("Kept versions", words::list(&versions)),
            ("Source", told.source.clone()),
            ("Deployed", deployed(tentacle, &words::time(told.deployed_at))),
            ("Edges", words::list(&told.edges)),
            ("Talks to", words::list(&dependencies)),
            ("Reaches", if told.reach.is_empty() { "nothing".to_owned() } else { told.reach.join("\n") }),
            ("Not enforced", words::list(&told.not_enforced)),
        ])
        .table(["TRIGGER", "KIND", "WHEN OR WHERE", "NEXT"], told.triggers.iter().map(trigger), "no triggers")
        .table(["NODE", "FILE", "WHAT IT DOES"], told.nodes.iter().map(node), "no nodes")
}

fn trigger(trigger: &TriggerEntry) -> [String; 4] {
    let zone = trigger.timezone.as_ref().map(|zone| format!(" ({zone})")).unwrap_or_default();
    let when = trigger.schedule.as_ref().map(|schedule| format!("{schedule}{zone}"));
    let place = when.or_else(|| trigger.url.clone()).unwrap_or_default();
    [trigger.name.clone(), trigger.kind.clone(), place, trigger.next_at.map(words::time).unwrap_or_default()]
}
