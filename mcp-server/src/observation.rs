//! What an engine tells of a run that was observed (`engine/told.ts`), and what that says of the contract.

use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use wire::tools::observe::{ObservedAttempt, ReachObserveAnswer};
use workflow::{Attempt, EnclaveName, Finding, PartName, Proposal, Workflow};

/// The most of each kind that is told: an engine need not be believed.
const MOST: usize = 500;

/// What the answer is, and what it is not.
const TOLD: &str = "Nothing was deployed and nothing was opened: what was denied stayed denied. So that nodes went on, a denied \
                    `fetch` was answered with an empty object and the status 599; what they did after that may not be what they do \
                    with a real answer, and more may show when these lines are in force.";
const TOLD_STOPPED: &str =
    " Each node under `stopped` was seen only up to where it failed, and those after it were not run.";

/// What was seen.
#[derive(Debug, Default)]
pub(crate) struct Observation {
    seen: Observed,
    /// The nodes that came to their end.
    finished: BTreeSet<String>,
    /// Those that did not, and why.
    stopped: BTreeMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
struct Observed {
    #[serde(default)]
    attempts: Vec<Attempt>,
    #[serde(default)]
    carried: BTreeSet<String>,
    #[serde(default)]
    refused: Vec<RefusedPlace>,
}

#[derive(Debug, Deserialize)]
struct RefusedPlace {
    place: String,
    reason: String,
}

impl Observed {
    /// What was let through within the sandbox and refused by the gateway was not allowed.
    fn mark_refused(&mut self) {
        for attempt in &mut self.attempts {
            let (Some(host), Some(port)) = (&attempt.host, attempt.port) else { continue };
            let place = format!("{host}:{port}");
            if let Some(refused) = self.refused.iter().find(|refused| refused.place == place) {
                attempt.allowed = false;
                attempt.reason = Some(refused.reason.clone());
            }
        }
    }
}

impl Observation {
    /// Reads what the engine answered. Of a run that broke off nothing was seen.
    pub(crate) fn read(output: &Value) -> Self {
        let seen = output.get("observed").cloned().and_then(|seen| serde_json::from_value(seen).ok());
        let mut seen: Observed = seen.unwrap_or_default();
        seen.attempts.truncate(MOST);
        seen.refused.truncate(MOST);
        seen.mark_refused();
        let of = |key: &str| output.get(key).and_then(Value::as_object).into_iter().flatten();
        let text = |error: &Value| error.as_str().map_or_else(|| error.to_string(), str::to_owned);
        Self {
            seen,
            finished: of("outputs").map(|(node, _)| node.clone()).collect(),
            stopped: of("errors").map(|(node, error)| (node.clone(), text(error))).collect(),
        }
    }

    /// What it says of the contract of `workflow`; nothing of the version and of the call.
    pub(crate) fn answer(self, workflow: &Workflow, enclave: &EnclaveName) -> ReachObserveAnswer {
        let proposal = Proposal::of(workflow, &self.seen.attempts);
        let unused = self.unused(workflow);
        let stopped = if self.stopped.is_empty() { "" } else { TOLD_STOPPED };
        let refused = |RefusedPlace { place, reason }: RefusedPlace| format!("{place}: {reason}");
        ReachObserveAnswer {
            name: workflow.name.clone(),
            enclave: enclave.clone(),
            namespace: enclave.clone(),
            told: format!("{TOLD}{stopped}"),
            proposal: proposal.lines(workflow),
            without_host: proposal.without_host().map(ToString::to_string).collect(),
            attempts: self.seen.attempts.into_iter().zip(proposal.findings).filter_map(attempt).collect(),
            unused,
            stopped: self.stopped,
            refused: self.seen.refused.into_iter().map(refused).collect(),
            version: String::new(),
            new_reach: Vec::new(),
            missing_secrets: Vec::new(),
            duration_ms: 0,
            not_enforced: Vec::new(),
        }
    }

    fn unused(&self, workflow: &Workflow) -> Vec<String> {
        let finished = workflow.nodes.keys().filter(|node| self.finished.contains(node.as_str()));
        let of = |node: &PartName| -> Vec<String> {
            let unused = workflow.unused_by(node, &self.seen.attempts, &self.seen.carried);
            unused.into_iter().map(|name| format!("{node} may use {name} and did not ask for it")).collect()
        };
        let by_nobody =
            |name: &&PartName| !workflow.nodes.keys().any(|node| workflow.may_use(node).contains(*name));
        let nobody = workflow.contract.dependencies.keys().filter(by_nobody);
        finished.flat_map(of).chain(nobody.map(|name| format!("no node may use {name}"))).collect()
    }
}

/// Hearing of a dependency that it may use is nothing that a node reached for.
fn attempt((attempt, finding): (Attempt, Finding)) -> Option<ObservedAttempt> {
    if attempt.by == "ctx.dependency" && finding == Finding::Allowed {
        return None;
    }
    let (verdict, dependency, why) = match finding {
        Finding::Allowed => ("allowed", None, None),
        Finding::Lacks(name) => ("lacking", Some(name.to_string()), None),
        Finding::Waits(name) => ("not_approved", Some(name.to_string()), None),
        Finding::Never(why) => ("never", None, Some(why)),
    };
    let Attempt { node, by, name, host, port, protocol, .. } = attempt;
    let verdict = verdict.to_owned();
    Some(ObservedAttempt { node, by, name, host, port, protocol, verdict, dependency, why })
}
