//! `tntc reach …`: what a tentacle's contract lacks.

use super::run::read;
use super::{Context, Effect};
use crate::cli::InEnclave;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{View, words};
use clap::Subcommand;
use std::path::PathBuf;
use wire::EnclaveRef;
use wire::tools::observe::{ObservedAttempt, ReachObserve, ReachObserveAnswer, ReachObserveArgs};

/// What can be asked about reach.
#[derive(Debug, Subcommand)]
pub(crate) enum ReachCommand {
    /// Run a folder's version once without deploying it, and propose the lines that its contract lacks
    Observe(Observe),
}

/// What to observe.
#[derive(Debug, clap::Args)]
pub(crate) struct Observe {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    #[command(flatten)]
    within: InEnclave,
    /// The input as JSON; `@FILE` reads it from a file, `-` from standard input
    #[arg(long, value_name = "JSON")]
    input: Option<String>,
    /// After how many seconds the run is stopped
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..=300), default_value_t = 60)]
    timeout: u32,
}

impl ReachCommand {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        match self {
            Self::Observe(observe) => observe.run(context).await,
        }
    }
}

impl Observe {
    async fn run(&self, context: &Context) -> Result<(), Failed> {
        let folder = Folder::read(&self.dir)?;
        let args = ReachObserveArgs {
            enclave: EnclaveRef::from(self.within.enclave.clone()),
            name: folder.workflow.name.clone(),
            files: folder.texts()?,
            input: self.input.as_deref().map(read).transpose()?,
            timeout_seconds: Some(self.timeout),
        };
        let answer = context.call_patiently::<ReachObserve>(Effect::Writes, &args).await?;
        Ok(context.output.show(&answer, view)?)
    }
}

fn view(seen: &ReachObserveAnswer) -> View {
    let rows = seen.attempts.iter().map(row);
    let view = View::new()
        .table(["Node", "Asked by", "For", "", ""], rows, "no node asked for anything")
        .line(seen.told.clone());
    let view = seen
        .stopped
        .iter()
        .fold(view, |view, (node, why)| view.verdict(false, format!("{node} stopped: {why}")));
    let view = if seen.proposal.is_empty() {
        view.verdict(true, "Its contract lacks nothing that it asked for here")
    } else {
        let view = view.line("\nThese lines in workflow.yaml would allow what it lacked:\n");
        seen.proposal.iter().fold(view, |view, line| view.line(line.clone()))
    };
    view.values([
        ("Host to fill in", words::list(&seen.without_host)),
        ("Unused", words::list(&seen.unused)),
        ("Refused by the gateway", words::list(&seen.refused)),
        ("Not approved yet", words::list(&seen.new_reach)),
        ("Missing secrets", words::list(&seen.missing_secrets)),
        ("Not enforced", words::list(&seen.not_enforced)),
    ])
}

fn row(attempt: &ObservedAttempt) -> [String; 5] {
    let place = match (&attempt.host, attempt.port) {
        (Some(host), Some(port)) => {
            format!("{}://{host}:{port}", attempt.protocol.as_deref().unwrap_or("tcp"))
        }
        _ => String::new(),
    };
    let name = attempt.name.clone().unwrap_or_default();
    let asked = [name, place].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" at ");
    let verdict = match attempt.verdict.as_str() {
        "lacking" => "denied: the contract lacks it",
        "not_approved" => "denied: not approved yet",
        "never" => "denied: no contract allows it",
        other => other,
    };
    let why = attempt.why.clone().unwrap_or_default();
    [attempt.node.clone(), attempt.by.clone(), asked, verdict.to_owned(), why]
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(proposal: &[&str], verdict: &str) -> ReachObserveAnswer {
        let attempt = json!({"node": "ask", "by": "fetch", "host": "canary.example", "port": 443, "protocol": "https",
            "verdict": verdict});
        serde_json::from_value(json!({
            "name": "seeker", "enclave": "a", "namespace": "a", "version": "sha256:0", "told": "Nothing was opened.",
            "attempts": [attempt], "proposal": proposal, "without_host": [], "unused": ["ask may use db"],
            "stopped": {"ask": "NotCapable"}, "refused": [], "new_reach": [], "missing_secrets": [], "duration_ms": 1,
            "not_enforced": [],
        }))
        .unwrap()
    }

    #[test]
    fn the_lines_can_be_copied_and_what_was_denied_is_named() {
        let text =
            view(&answer(&["contract:", "  dependencies:", "    canary: {protocol: https}"], "lacking"))
                .text(None);
        assert!(text.contains("\ncontract:\n  dependencies:\n    canary: {protocol: https}\n"), "{text}");
        for told in [
            "https://canary.example:443",
            "the contract lacks it",
            "Nothing was opened.",
            "ask stopped: NotCapable",
        ] {
            assert!(text.contains(told), "{told}: {text}");
        }
        let text = view(&answer(&[], "not_approved")).text(None);
        assert!(text.contains("lacks nothing") && text.contains("not approved yet"), "{text}");
    }
}
