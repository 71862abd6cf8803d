//! A proposal as lines of `workflow.yaml`.

use super::{Proposal, Proposed};
use crate::part_name::PartName;
use crate::workflow::Workflow;

/// What stands for a host that nothing told: no host, so that nobody deploys it by accident.
const UNKNOWN: &str = "\"?\"";

impl Proposal {
    /// The lines that are to be put into `workflow.yaml`, each key under the one of its name; none when nothing is lacking.
    #[must_use]
    pub fn lines(&self, workflow: &Workflow) -> Vec<String> {
        let mut lines = Vec::new();
        if !self.uses.is_empty() {
            lines.push("nodes:".to_owned());
        }
        for (node, uses) in &self.uses {
            let uses: Vec<&str> = uses.iter().map(PartName::as_str).collect();
            lines.extend([format!("  {node}:"), format!("    uses: [{}]", uses.join(", "))]);
        }
        if self.dependencies.is_empty() {
            return lines;
        }
        lines.push("contract:".to_owned());
        if workflow.contract.dependencies.is_empty() && workflow.contract.additional_egress.is_empty() {
            lines.push("  version: \"1\"".to_owned());
        }
        lines.push("  dependencies:".to_owned());
        lines.extend(
            self.dependencies.iter().map(|(name, proposed)| format!("    {name}: {}", line(proposed))),
        );
        lines
    }

    /// The new dependencies of which nobody told where they are.
    pub fn without_host(&self) -> impl Iterator<Item = &PartName> {
        self.dependencies.iter().filter(|(_, proposed)| proposed.host.is_none()).map(|(name, _)| name)
    }
}

fn line(Proposed { protocol, host, port }: &Proposed) -> String {
    let host = host.as_deref().unwrap_or(UNKNOWN);
    let port = port.map(|port| format!(", port: {port}")).unwrap_or_default();
    format!("{{protocol: {protocol}, host: {host}{port}}}")
}
