//! What this release cannot run yet. It is refused in clear words, never deployed and left to fail.

use crate::problem::{Part, Position, Problems, Report, Rule};
use crate::trigger::TriggerKind;
use crate::workflow::Workflow;

impl Workflow {
    /// Whether this release can run the workflow: manual triggers, and nodes side by side that reach nothing.
    ///
    /// # Errors
    /// Each part that it cannot run, and what that part waits for.
    pub fn supported_now(&self) -> Result<(), Problems> {
        let report = Report::default();
        let not_yet = |at: Position, part: Part, what, why| report.add(at, &part, Rule::NotYet { what, why });
        for (index, trigger) in self.triggers.iter().enumerate() {
            let (what, why) = match trigger.kind {
                TriggerKind::Manual => continue,
                TriggerKind::Cron { .. } => ("cron triggers", "they come with the scheduler"),
                TriggerKind::Webhook { .. } => {
                    ("webhook triggers", "they come with the server's webhook route")
                }
                TriggerKind::Queue { .. } => ("queue triggers", "they need the message queue"),
            };
            not_yet(trigger.at, Part::Trigger(index), what, why);
        }
        for (index, edge) in self.edges.iter().enumerate() {
            let why =
                "they come with stages; until then nodes run side by side, each with the input of the run";
            not_yet(edge.at, Part::Edge(index), "edges", why);
        }
        if self.config.retries > 0 {
            let why = "a failed node stays failed until the tentacle is run again";
            not_yet(self.config.at, Part::Section("config"), "retries", why);
        }
        for (name, dependency) in &self.contract.dependencies {
            let part = Part::Dependency(name.to_string());
            not_yet(dependency.at, part, "dependencies", "they come with the egress gateway");
        }
        for (index, egress) in self.contract.additional_egress.iter().enumerate() {
            let why = "they come with the egress gateway";
            not_yet(egress.at, Part::Egress(index), "additional egress rules", why);
        }
        for (index, sidecar) in self.sidecars.iter().enumerate() {
            let why = "they come with the next release of the backends";
            not_yet(sidecar.at, Part::Sidecar(index), "sidecars", why);
        }
        report.finish(Some(()))
    }
}
