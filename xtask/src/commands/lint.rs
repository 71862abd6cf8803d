//! `cargo xtask lint`: every check that needs no server.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::Metadata;

use crate::place::Place;
use crate::report::Report;
use crate::tools::Tool;
use crate::{console, house_rules, layering, process, workspace};

pub(super) fn run() -> Result<()> {
    let root = workspace::root()?;
    let metadata = workspace::metadata(&root)?;
    let place = Place::new(&root, metadata.target_directory.as_std_path())?;
    let mut report = Report::new();
    of_source(&mut report, &root, &metadata);
    of_dependencies(&mut report, &place);
    report.finish()
}

/// Format, house rules, layers, clippy.
pub(super) fn of_source(report: &mut Report, root: &Path, metadata: &Metadata) {
    report.step("format", || process::run(&workspace::cargo(root, &["fmt", "--all", "--check"])));
    report.step("house rules", || none_of(house_rules(root)?));
    report.step("layers", || none_of(layering::check(&layering::crates(metadata))));
    report.step("clippy", || {
        let clippy = ["clippy", "--workspace", "--all-targets", "--all-features", "--", "-D", "warnings"];
        process::run(&workspace::cargo(root, &clippy))
    });
}

/// Dependencies: used, licensed, from where they may come.
pub(super) fn of_dependencies(report: &mut Report, place: &Place) {
    report.step("unused dependencies", || {
        let machete = tool(Tool::CargoMachete, place)?;
        process::run(Command::new(machete).current_dir(&place.root))
    });
    report.step("licences, bans, sources", || {
        let deny = tool(Tool::CargoDeny, place)?;
        let mut deny = Command::new(deny);
        deny.current_dir(&place.root).args(["--all-features", "--log-level=error", "check"]);
        process::run(deny.args(["--hide-inclusion-graph", "licenses", "bans", "sources"]))
    });
    report.left_out("advisories", "their database needs the network: `cargo deny check advisories`");
}

fn tool(tool: Tool, place: &Place) -> Result<PathBuf> {
    tool.get(&place.cache, &place.root, &place.logs)
}

fn house_rules(root: &Path) -> Result<Vec<String>> {
    let files = workspace::files(root)?;
    let mut problems = house_rules::check_readmes(files.iter().map(PathBuf::as_path));
    for file in &files {
        let bytes =
            fs::read(root.join(file)).with_context(|| format!("{} cannot be read", file.display()))?;
        // What is no text has no lines and no words.
        if let Ok(text) = str::from_utf8(&bytes) {
            problems.extend(house_rules::check_file(file, text));
        }
    }
    Ok(problems)
}

fn none_of(problems: Vec<String>) -> Result<()> {
    for problem in &problems {
        console::complain(problem);
    }
    match problems.len() {
        0 => Ok(()),
        1 => bail!("1 problem"),
        count => bail!("{count} problems"),
    }
}
