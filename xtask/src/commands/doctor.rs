//! `cargo xtask doctor`: what this machine has and lacks, and the command that fixes it.

mod machine;
mod programs;
mod sandbox;

use anyhow::Result;
use serde::Serialize;

use crate::place::Place;
use crate::{console, workspace};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The form of the answer
    #[arg(long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Output {
    /// A line for each thing
    #[default]
    Table,
    /// One JSON array
    Json,
}

/// What was found out about one thing.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Finding {
    name: &'static str,
    #[serde(flatten)]
    state: State,
    /// What needs it.
    needed_for: &'static str,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "lowercase")]
enum State {
    /// It is there, in this version or of this size.
    Ok { found: String },
    /// It is not, and this mends it.
    Missing { why: String, fix: String },
}

impl State {
    fn ok(found: impl Into<String>) -> Self {
        Self::Ok { found: found.into() }
    }

    fn missing(why: impl Into<String>, fix: impl Into<String>) -> Self {
        Self::Missing { why: why.into(), fix: fix.into() }
    }
}

/// Says what is there. Always ends well: what is missing may not be needed.
pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let root = workspace::root()?;
    let place = Place::new(&root, &root.join("target"))?;
    let mut findings = programs::all(&place);
    findings.extend(sandbox::all(&place)?);
    findings.extend(machine::all());
    match arguments.output {
        Output::Json => console::say(&serde_json::to_string_pretty(&findings)?),
        Output::Table => findings.iter().for_each(|finding| console::say(&line(finding))),
    }
    Ok(())
}

fn line(finding: &Finding) -> String {
    let Finding { name, state, needed_for } = finding;
    match state {
        State::Ok { found } => format!("ok       {name:18} {found}"),
        State::Missing { why, fix } => {
            format!("missing  {name:18} {why} (needed for {needed_for})\n{:27} → {fix}", "")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_comes_with_what_mends_it() {
        let finding =
            Finding { name: "go", state: State::missing("not found", "install Go"), needed_for: "tests" };
        assert!(line(&finding).contains("→ install Go"));
        let json = serde_json::to_value(&finding).unwrap();
        assert_eq!(json["state"], "missing");
        assert_eq!(json["fix"], "install Go");
        assert_eq!(json["needed_for"], "tests");
    }
}
