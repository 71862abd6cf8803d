//! `cargo xtask test`: everything that must hold, on real servers, with one table at the end.

mod lanes;

use std::panic::resume_unwind;
use std::path::PathBuf;
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::Result;
use cargo_metadata::{Metadata, Target};

use self::lanes::{Order, Suite};
use super::lint;
use crate::environment::Variable;
use crate::place::Place;
use crate::report::Report;
use crate::servers::{self, Attempt, Running, Server};
use crate::tools::Tool;
use crate::{process, workspace};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Also run the large counts
    #[arg(long)]
    full: bool,
    /// Arguments for `cargo test`, such as the part of a test's name; with them the checks without tests are left out
    #[arg(last = true)]
    filter: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let root = workspace::root()?;
    let metadata = workspace::metadata(&root)?;
    let place = Place::new(&root, metadata.target_directory.as_std_path())?;
    place.clear_logs()?;
    let mut report = Report::new();

    let mut suites = Vec::new();
    // What has to be installed takes minutes the first time, so cargo works meanwhile.
    let installed = thread::scope(|scope| {
        let installing = scope.spawn(|| install(arguments, &place));
        if arguments.filter.is_empty() {
            lint::of_source(&mut report, &root, &metadata);
            report.step("documentation", || documentation(&place, &metadata));
        } else {
            report.left_out("format, lints, documentation, engine", "a filter for the tests was given");
        }
        // This builds the programs too, for the tests that start them.
        report.step("build", || {
            let tests = ["test", "--workspace", "--all-features", "--no-run", "--quiet"];
            let mut cargo = workspace::cargo(&root, &tests);
            cargo.arg("--message-format=json-render-diagnostics");
            suites = lanes::suites(&metadata, &process::output(&cargo)?)?;
            Ok(())
        });
        installing.join().unwrap_or_else(|panic| resume_unwind(panic))
    });
    if arguments.filter.is_empty() {
        lint::of_dependencies(&mut report, &place);
    }
    let running = start(installed, &place, &metadata, &mut report);
    tests(arguments, &place, (&suites, &running), &mut report);
    report.step("end of the servers", || {
        drop(running);
        Ok(())
    });
    report.finish()
}

fn install(arguments: &Arguments, place: &Place) -> Vec<Attempt<PathBuf>> {
    let installed = servers::install(&Server::ALL, place);
    if arguments.filter.is_empty() {
        for tool in Tool::ALL {
            // When it fails, the step that needs the tool tries again and says why.
            let _later = tool.get(&place.cache, &place.root, &place.logs);
        }
    }
    installed
}

fn documentation(place: &Place, metadata: &Metadata) -> Result<()> {
    // With the examples it takes what the tests use as the lints do. Without, half of all libraries would be checked anew.
    let arguments = ["doc", "--workspace", "--no-deps", "--all-features", "--quiet", "--lib", "--examples"];
    let mut cargo = workspace::cargo(&place.root, &arguments);
    for package in metadata.workspace_packages() {
        // A program beside a library of its name would take its place.
        if !package.targets.iter().any(Target::is_lib) {
            let programs = package.targets.iter().filter(|target| target.is_bin());
            cargo.args(programs.flat_map(|program| ["--bin", &program.name]));
        }
    }
    process::run(cargo.env("RUSTDOCFLAGS", "-D warnings"))
}

/// What takes no longer was there already, and needs no row in the report.
const WAS_THERE: Duration = Duration::from_secs(1);

/// Starts the servers, each a row of the report.
fn start(
    installed: Vec<Attempt<PathBuf>>,
    place: &Place,
    metadata: &Metadata,
    report: &mut Report,
) -> Running {
    for Attempt { server, time, .. } in installed.iter().filter(|it| it.result.is_ok() && it.time > WAS_THERE)
    {
        report.record(&format!("install {}", server.name()), *time, Ok(()));
    }
    let (mut running, attempts) = servers::start(installed, place);
    for Attempt { server, time, result } in attempts {
        report.record(&format!("start {}", server.name()), time, result);
    }
    let programs = metadata.target_directory.join("debug");
    running.environment.push((Variable::BinDir, programs.into_os_string()));
    running
}

fn tests(arguments: &Arguments, place: &Place, (suites, running): (&[Suite], &Running), report: &mut Report) {
    let ready = |command: &mut Command| {
        running.tell(command);
        if arguments.full {
            command.env(Variable::Full.name(), "1");
        }
    };
    let cargo = |filter: &[String]| {
        let mut cargo =
            workspace::cargo(&place.root, &["test", "--workspace", "--all-features", "--no-fail-fast"]);
        cargo.args(filter);
        ready(&mut cargo);
        process::run(&cargo)
    };
    if arguments.filter.is_empty() {
        let order = if arguments.full { Order::OneAfterTheOther } else { Order::SideBySide };
        lanes::run(suites, &place.log("second-lane"), order, report, &ready);
        // Only those have such names, and cargo alone can run them.
        report.step("tests in documentation", || cargo(&["--".to_owned(), "(line".to_owned()]));
    } else {
        report.step("tests", || cargo(&arguments.filter));
    }
    if arguments.filter.is_empty() {
        engine(place, running, report);
    }
    if !arguments.full {
        report.left_out("the large counts", "`cargo xtask test --full`");
    }
}

/// The engine's own checks, by Deno.
fn engine(place: &Place, running: &Running, report: &mut Report) {
    let folder = place.root.join("engine");
    if !folder.exists() {
        return report.left_out("engine", "this tree has no `engine/` yet");
    }
    let Some(deno) = running.get(Variable::Deno) else {
        return report.left_out("engine", "Deno could not be had");
    };
    // The engine's own `deno.json` says which files these are about.
    for (name, task) in [("engine: format, lint, types", "check"), ("engine: tests", "test")] {
        report.step(name, || {
            let mut command = Command::new(deno);
            command.current_dir(&folder).args(["task", task]);
            running.tell(&mut command);
            process::run(&command)
        });
    }
}
