//! The tests in two lanes side by side. Most of them wait more than they compute, for probes, for pods, for chats, so that one
//! lane alone leaves the machine idle. Suites that look at the same things of this machine stay in one lane.
//!
//! The programs that were built are run as they are: asked for a part of the tests, cargo would build what they share anew.

use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Message, Metadata};

use crate::report::Report;
use crate::{console, process};

/// The suites on clusters, with those that take the rest of that lane's time. All others are in the other lane: above all
/// `machine` and `chat`, which both make sandboxes on this machine.
const ON_CLUSTERS: [&str; 6] = ["node", "kubernetes", "keycloak", "cluster", "judged", "front_door"];

/// The suites whose tests wait for others' programs most of the time, so that more of them go on at once than there are processors.
/// Not those that measure what is left of a processor.
const WAITING: [&str; 1] = ["chat"];

/// How many for each processor.
const AT_ONCE: usize = 2;

/// The rows of both lanes in the report.
const OTHERS: &str = "tests";
const CLUSTERS: &str = "tests on clusters";

/// A program of tests.
#[derive(Debug)]
pub(super) struct Suite {
    /// Its target's name.
    name: String,
    program: PathBuf,
    /// Its package's name and folder, as cargo tells tests of them.
    package: String,
    folder: PathBuf,
}

/// The programs that a `cargo test --no-run --message-format=json…` has built, by what it wrote.
pub(super) fn suites(metadata: &Metadata, written: &str) -> Result<Vec<Suite>> {
    let mut suites = Vec::new();
    for message in Message::parse_stream(written.as_bytes()) {
        let Message::CompilerArtifact(artifact) = message.context("what cargo writes cannot be read")? else {
            continue;
        };
        let Some(program) = artifact.executable.filter(|_| artifact.profile.test) else { continue };
        let package = metadata.packages.iter().find(|package| package.id == artifact.package_id);
        let package = package.with_context(|| format!("{program} is of no known package"))?;
        let folder = package.manifest_path.parent().context("a package has no folder")?;
        suites.push(Suite {
            name: artifact.target.name,
            program: program.into_std_path_buf(),
            package: package.name.to_string(),
            folder: folder.as_std_path().to_owned(),
        });
    }
    for name in ON_CLUSTERS.into_iter().chain(WAITING) {
        if !suites.iter().any(|suite| suite.name == name) {
            bail!("there is no suite `{name}`: the lanes are not up to date");
        }
    }
    Ok(suites)
}

/// Whether the lanes run side by side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    SideBySide,
    /// The large counts leave no time idle, so that each would only wait for the other in vain.
    OneAfterTheOther,
}

/// Runs both lanes, each suite as `ready` makes its command so that it finds the servers. Side by side, what the lane on clusters
/// printed is printed when both are done, so that the two do not get mixed up.
///
/// Where there is no suite, they could not be built, and nothing has passed.
pub(super) fn run(
    suites: &[Suite],
    log: &Path,
    order: Order,
    report: &mut Report,
    ready: &(dyn Fn(&mut Command) + Sync),
) {
    if suites.is_empty() {
        for lane in [OTHERS, CLUSTERS] {
            report.left_out(lane, "they could not be built");
        }
        return;
    }
    let (clusters, others): (Vec<&Suite>, Vec<&Suite>) =
        suites.iter().partition(|suite| ON_CLUSTERS.contains(&suite.name.as_str()));
    if order == Order::OneAfterTheOther {
        report.step(OTHERS, || lane(&others, ready, &|command| process::run(command)));
        return report.step(CLUSTERS, || lane(&clusters, ready, &|command| process::run(command)));
    }
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let start = Instant::now();
            (lane(&clusters, ready, &|command| process::run_logged(command, log)), start.elapsed())
        });
        report.step(OTHERS, || lane(&others, ready, &|command| process::run(command)));
        let (result, time) = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        console::complain("── tests on clusters, beside the others");
        let shown = print(log);
        report.record(CLUSTERS, time, result.and(shown));
    });
}

/// One suite after the other, whatever becomes of the one before.
fn lane(
    suites: &[&Suite],
    ready: &(dyn Fn(&mut Command) + Sync),
    run: &dyn Fn(&Command) -> Result<()>,
) -> Result<()> {
    let mut failed = Vec::new();
    for suite in suites {
        let mut command = Command::new(&suite.program);
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        command.current_dir(&suite.folder).env("CARGO", cargo);
        command.env("CARGO_MANIFEST_DIR", &suite.folder).env("CARGO_PKG_NAME", &suite.package);
        if WAITING.contains(&suite.name.as_str()) {
            let processors = thread::available_parallelism().map_or(1, NonZero::get);
            command.env("RUST_TEST_THREADS", (processors * AT_ONCE).to_string());
        }
        ready(&mut command);
        console::complain(&format!("── {} of {}", suite.name, suite.package));
        if run(&command).is_err() {
            failed.push(format!("{} of {}", suite.name, suite.package));
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("these failed: {}", failed.join(", ")) }
}

fn print(log: &Path) -> Result<()> {
    let text = fs::read(log).with_context(|| format!("{} cannot be read", log.display()))?;
    console::say(&String::from_utf8_lossy(&text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_built_has_not_passed() {
        let mut report = Report::new();
        let log = tempfile::tempdir().unwrap();
        run(&[], &log.path().join("clusters"), Order::SideBySide, &mut report, &|_| {});
        let told = format!("{report:?}");
        assert!(!told.contains("Passed"), "{told}");
        assert_eq!(told.matches("they could not be built").count(), 2, "{told}");
    }
}
