//! The tests in two lanes side by side. Most of them wait more than they compute, for probes, for pods, for chats, so that one
//! lane alone leaves the machine idle. Suites that look at the same things of this machine stay in one lane; apart from that, whichever
//! lane is free takes what is left.
//!
//! The programs that were built are run as they are: asked for a part of the tests, cargo would build what they share anew.

use std::ffi::OsString;
use std::fs;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Message, Metadata};

use crate::report::Report;
use crate::{console, process};

/// The suites that one lane runs, one after the other, in the order in which they are begun: what takes longest first. `chat` and `machine`
/// both make sandboxes on this machine; three look at one cluster. All others come after them.
const TOGETHER: [&[&str]; 5] =
    [&["chat", "machine"], &["node"], &["front_door"], &["kubernetes", "cluster", "judged"], &["keycloak"]];

/// The suites whose tests wait for others' programs most of the time, so that more of them go on at once than there are processors.
/// Not those that measure what is left of a processor.
const WAITING: [&str; 1] = ["chat"];

/// How many for each processor.
const AT_ONCE: usize = 2;

/// The rows of both lanes in the report.
const FIRST: &str = "tests";
const SECOND: &str = "tests beside them";

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
    for name in TOGETHER.concat().into_iter().chain(WAITING) {
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

/// Runs both lanes, each suite as `ready` makes its command so that it finds the servers. Side by side, what the second lane printed
/// is printed when both are done, so that the two do not get mixed up.
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
        for lane in [FIRST, SECOND] {
            report.left_out(lane, "they could not be built");
        }
        return;
    }
    let left = Mutex::new(groups(suites).into_iter());
    if order == Order::OneAfterTheOther {
        return report.step(FIRST, || lane(&left, ready, &|command| process::run(command)));
    }
    thread::scope(|scope| {
        let beside = scope.spawn(|| {
            let start = Instant::now();
            (lane(&left, ready, &|command| process::run_logged(command, log)), start.elapsed())
        });
        report.step(FIRST, || lane(&left, ready, &|command| process::run(command)));
        let (result, time) = beside.join().unwrap_or_else(|panic| resume_unwind(panic));
        console::complain("── what the second lane said");
        let shown = print(log);
        report.record(SECOND, time, result.and(shown));
    });
}

/// All suites, in the groups that one lane runs.
fn groups(suites: &[Suite]) -> Vec<Vec<&Suite>> {
    let is_alone = |suite: &&Suite| !TOGETHER.concat().contains(&suite.name.as_str());
    let named = |names: &&[&str]| {
        names.iter().flat_map(|name| suites.iter().filter(move |suite| suite.name == *name)).collect()
    };
    let mut groups: Vec<Vec<&Suite>> = TOGETHER.iter().map(named).collect();
    groups.push(suites.iter().filter(is_alone).collect());
    groups
}

/// One group after the other while there is one left, whatever becomes of the one before.
fn lane<'s>(
    left: &Mutex<impl Iterator<Item = Vec<&'s Suite>>>,
    ready: &(dyn Fn(&mut Command) + Sync),
    run: &dyn Fn(&Command) -> Result<()>,
) -> Result<()> {
    let mut failed = Vec::new();
    // The lock is held for as long as it takes to take one, and no longer.
    let next = || left.lock().unwrap_or_else(PoisonError::into_inner).next();
    while let Some(group) = next() {
        for suite in group {
            console::complain(&format!("── {} of {}", suite.name, suite.package));
            if run(&suite.command(ready)).is_err() {
                failed.push(format!("{} of {}", suite.name, suite.package));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { bail!("these failed: {}", failed.join(", ")) }
}

impl Suite {
    fn command(&self, ready: &(dyn Fn(&mut Command) + Sync)) -> Command {
        let mut command = Command::new(&self.program);
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
        command.current_dir(&self.folder).env("CARGO", cargo);
        command.env("CARGO_MANIFEST_DIR", &self.folder).env("CARGO_PKG_NAME", &self.package);
        if WAITING.contains(&self.name.as_str()) {
            let processors = thread::available_parallelism().map_or(1, NonZero::get);
            command.env("RUST_TEST_THREADS", (processors * AT_ONCE).to_string());
        }
        ready(&mut command);
        command
    }
}

fn print(log: &Path) -> Result<()> {
    let text = fs::read(log).with_context(|| format!("{} cannot be read", log.display()))?;
    console::say(&String::from_utf8_lossy(&text));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(name: &str) -> Suite {
        let folder = PathBuf::from("/");
        Suite { name: name.into(), program: "/bin/false".into(), package: "one".into(), folder }
    }

    #[test]
    fn every_suite_is_run_once_and_a_failure_ends_nothing() {
        let names = ["judged", "lone", "machine", "node", "chat", "kubernetes", "lone"];
        let suites = names.map(suite);
        let named: Vec<Vec<&str>> = groups(&suites)
            .iter()
            .map(|group| group.iter().map(|suite| suite.name.as_str()).collect())
            .collect();
        let expected: [&[&str]; 6] =
            [&["chat", "machine"], &["node"], &[], &["kubernetes", "judged"], &[], &["lone", "lone"]];
        assert_eq!(named, expected);
        let told = lane(&Mutex::new(groups(&suites).into_iter()), &|_| {}, &|_| bail!("it fails"));
        assert_eq!(told.unwrap_err().to_string().matches("of one").count(), names.len());
    }

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
