//! `cargo xtask bench`: runs the benchmarks of all crates and prints what they measured, as JSON lines.
//!
//! A benchmark is a `benches/*.rs` with `harness = false` that prints lines such as
//! `{"name": "decide", "value": 31.5, "unit": "ns"}`. A crate names the servers of those of its benchmarks that use servers, or
//! programs of ours (an empty list if there are none). They run while that one is measured, and no others beside them:
//!
//! ```toml
//! [package.metadata.tentacular.bench-servers]
//! provision = ["kubernetes"]
//! ```

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use cargo_metadata::{Message, Metadata, Package};
use clap::ValueEnum as _;
use serde_json::Value;

use crate::environment::Variable;
use crate::place::Place;
use crate::servers::{self, Server};
use crate::{console, process, workspace};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Only benchmarks whose `crate/name` contains this
    filter: Option<String>,
    /// What those are to measure, where one can measure parts of what it does: only what their names contain
    #[arg(last = true)]
    parts: Vec<String>,
}

/// A benchmark that is to be run.
struct Benchmark {
    /// `crate/name`.
    name: String,
    program: PathBuf,
    /// The folder of its crate.
    folder: PathBuf,
    /// What it uses, if it uses servers or programs of ours.
    servers: Option<Vec<Server>>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let root = workspace::root()?;
    let metadata = workspace::metadata(&root)?;
    let place = Place::new(&root, metadata.target_directory.as_std_path())?;
    let wanted = |name: &str| arguments.filter.as_ref().is_none_or(|filter| name.contains(filter.as_str()));
    let names = all_names(&metadata);
    if !names.iter().any(|name| wanted(name)) {
        bail!("no benchmark of that name: the crates have {names:?}");
    }
    let mut benchmarks = build(&place, &metadata)?;
    benchmarks.retain(|benchmark| wanted(&benchmark.name));
    if benchmarks.iter().any(|benchmark| benchmark.servers.is_some()) {
        let programs = ["build", "--release", "--workspace", "--bins", "--all-features"];
        process::run(&workspace::cargo(&root, &programs))?;
    }
    let programs = metadata.target_directory.join("release");
    for benchmark in &benchmarks {
        console::complain(&format!("── {}", benchmark.name));
        let mut running = servers::all(benchmark.servers.as_deref().unwrap_or_default(), &place)?;
        running.environment.push((Variable::BinDir, programs.clone().into_os_string()));
        let mut command = Command::new(&benchmark.program);
        command.current_dir(&benchmark.folder).arg("--bench").args(&arguments.parts);
        running.tell(&mut command);
        let printed = process::output(&command)?;
        for line in
            measured(&printed).with_context(|| format!("`{}` is no benchmark of ours", benchmark.name))?
        {
            console::say(line);
        }
    }
    Ok(())
}

fn names(package: &Package) -> Vec<String> {
    let benches = package.targets.iter().filter(|target| target.is_bench());
    benches.map(|target| format!("{}/{}", package.name, target.name)).collect()
}

fn all_names(metadata: &Metadata) -> Vec<String> {
    metadata.workspace_packages().into_iter().flat_map(names).collect()
}

/// Builds all benchmarks at once, which builds what they share once.
fn build(place: &Place, metadata: &Metadata) -> Result<Vec<Benchmark>> {
    let arguments = ["bench", "--no-run", "--workspace", "--all-features", "--bench=*"];
    let mut cargo = workspace::cargo(&place.root, &arguments);
    let messages = process::output(cargo.arg("--message-format=json-render-diagnostics"))?;
    let mut benchmarks = Vec::new();
    for message in Message::parse_stream(messages.as_bytes()) {
        let Message::CompilerArtifact(artifact) = message? else { continue };
        let package = metadata.packages.iter().find(|package| package.id == artifact.package_id);
        let (Some(package), Some(program), true) = (package, artifact.executable, artifact.target.is_bench())
        else {
            continue;
        };
        let folder = package.manifest_path.parent().context("a crate without a folder")?;
        benchmarks.push(Benchmark {
            name: format!("{}/{}", package.name, artifact.target.name),
            program: program.into_std_path_buf(),
            folder: folder.into(),
            servers: servers_of(package, &artifact.target.name)?,
        });
    }
    benchmarks.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(benchmarks)
}

/// The servers that a crate's manifest names for this benchmark, if it uses servers or programs of ours.
fn servers_of(package: &Package, benchmark: &str) -> Result<Option<Vec<Server>>> {
    let Some(named) = package.metadata.pointer("/tentacular/bench-servers") else { return Ok(None) };
    let named: BTreeMap<String, Vec<String>> = serde_json::from_value(named.clone())
        .with_context(|| format!("`bench-servers` of `{}` names no lists of servers", package.name))?;
    let all = names(package);
    if let Some(other) = named.keys().find(|name| !all.contains(&format!("{}/{name}", package.name))) {
        bail!("`bench-servers`: `{}` has no benchmark `{other}`", package.name);
    }
    let server = |name: &String| match Server::from_str(name, false) {
        Ok(server) => Ok(server),
        Err(_) => bail!("`{name}` is no server; there are {:?}", Server::ALL.map(Server::name)),
    };
    named.get(benchmark).map(|names| names.iter().map(server).collect()).transpose()
}

/// The lines of a benchmark's output, each checked to be a measurement.
fn measured(printed: &str) -> Result<Vec<&str>> {
    let lines: Vec<&str> = printed.lines().filter(|line| !line.trim().is_empty()).collect();
    if lines.is_empty() {
        bail!("it printed nothing");
    }
    for line in &lines {
        let value: Value = serde_json::from_str(line).with_context(|| format!("it printed `{line}`"))?;
        let has = |key: &str, is: fn(&Value) -> bool| value.get(key).is_some_and(is);
        if !has("name", Value::is_string) || !has("value", Value::is_number) || !has("unit", Value::is_string)
        {
            bail!("it printed `{line}`, without a name, a value and a unit");
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_measurement_has_a_name_a_value_and_a_unit() {
        let line = r#"{"name": "decide", "value": 31.5, "unit": "ns", "modes": 512}"#;
        assert_eq!(measured(&format!("{line}\n\n{line}\n")).unwrap(), [line, line]);
        for other in ["", "running 0 tests", r#"{"name": "decide", "value": "31.5", "unit": "ns"}"#, "{}"] {
            assert!(measured(other).is_err(), "{other}");
        }
    }
}
