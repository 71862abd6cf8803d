//! The tests in two lanes side by side. Most of them wait more than they compute, for probes, for pods, for chats, so that one
//! lane alone leaves the machine idle. Suites that look at the same things of this machine stay in one lane.

use std::collections::BTreeSet;
use std::fs;
use std::panic::resume_unwind;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result};
use cargo_metadata::{Metadata, TargetKind};

use crate::console;
use crate::process;
use crate::report::Report;

/// The suites on clusters, with those that take the rest of that lane's time. All others are in the other lane: above all
/// `machine` and `chat`, which both make sandboxes on this machine.
const ON_CLUSTERS: [&str; 6] = ["node", "kubernetes", "keycloak", "cluster", "judged", "front_door"];

/// Runs both lanes; `cargo` makes a `cargo test` for what is said of its targets. What the lane on clusters printed is printed
/// when both are done, so that the two do not get mixed up.
pub(super) fn run(
    metadata: &Metadata,
    log: &Path,
    report: &mut Report,
    cargo: &(dyn Fn(&[&str]) -> Command + Sync),
) {
    let all = suites(metadata);
    let (clusters, others): (Vec<&str>, Vec<&str>) =
        all.iter().map(String::as_str).partition(|name| ON_CLUSTERS.contains(name));
    let clusters = cargo(&selected(&clusters));
    let others = cargo(&[&["--lib", "--bins"], &*selected(&others)].concat());
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let start = Instant::now();
            let result = process::run_logged(&clusters, log);
            (result, start.elapsed())
        });
        report.step("tests", || process::run(&others));
        report.step("tests in documentation", || process::run(&cargo(&["--doc"])));
        let (result, time) = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        console::complain("── tests on clusters, beside the others");
        let shown = print(log);
        report.record("tests on clusters", time, result.and(shown));
    });
}

/// The integration tests of the workspace by name.
fn suites(metadata: &Metadata) -> BTreeSet<String> {
    let targets = metadata.workspace_packages().into_iter().flat_map(|package| &package.targets);
    targets
        .filter(|target| target.kind.contains(&TargetKind::Test) && target.test)
        .map(|target| target.name.clone())
        .collect()
}

fn selected<'a>(names: &[&'a str]) -> Vec<&'a str> {
    names.iter().flat_map(|name| ["--test", *name]).collect()
}

fn print(log: &Path) -> Result<()> {
    let text = fs::read(log).with_context(|| format!("{} cannot be read", log.display()))?;
    console::say(&String::from_utf8_lossy(&text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cargo_metadata::MetadataCommand;

    #[test]
    fn every_suite_is_in_one_lane() {
        let all = suites(&MetadataCommand::new().no_deps().exec().unwrap());
        for name in ON_CLUSTERS {
            assert!(all.contains(name), "{name}");
        }
        for name in ["machine", "chat", "cli", "compile_fail"] {
            assert!(all.contains(name) && !ON_CLUSTERS.contains(&name), "{name}");
        }
    }
}
