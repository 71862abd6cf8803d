//! `tntc test`.

use super::Context;
use crate::failed::Failed;
use crate::folder::{Folder, FolderError};
use crate::output::{View, words};
use crate::private_file::PrivateFileError;
use crate::up::engine;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use workflow::{
    ENVIRONMENT, EnclaveName, Facts, Layout, LayoutError, Listen, Problems, RunTokenHash, derive,
};

mod modules;

/// The enclave of a test, which is in none.
const ENCLAVE: &str = "test";

/// What to test.
#[derive(Debug, clap::Args)]
pub(crate) struct Test {
    /// The tentacle's folder, with its `workflow.yaml` and `tests/fixtures/`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Deno; looked up on the PATH when left out
    #[arg(long, env = "TENTACULAR_DENO", value_name = "PROGRAM")]
    deno: Option<PathBuf>,
}

/// Why a tentacle cannot be tested.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TestError {
    /// Its folder.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// What this release cannot run.
    #[error(transparent)]
    Problems(#[from] Problems),
    /// A path that the engine cannot be told.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The engine's program cannot be put anywhere.
    #[error(transparent)]
    Engine(#[from] PrivateFileError),
    /// There is no runtime.
    #[error("Deno is not here: tentacles are tested with the runtime that they run on")]
    NoDeno,
    /// The disk, or the runtime.
    #[error("the test cannot be made: {0}")]
    Io(#[from] io::Error),
    /// It said nothing that makes sense.
    #[error("the test broke off: {0}")]
    Broke(String),
}

impl Test {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let reports = self.reports()?;
        context.output.show(&reports, |reports| view(reports))?;
        let summary = reports.iter().find(|report| report["kind"] == "summary");
        match summary.map(|summary| summary["success"] == true) {
            Some(true) => Ok(()),
            _ => Err(Failed::Bad("it does not pass its tests".to_owned())),
        }
    }

    /// What the engine told, each line of it.
    fn reports(&self) -> Result<Vec<Value>, TestError> {
        let folder = Folder::read(&self.dir)?;
        let deno = self.deno.clone().or_else(|| which::which("deno").ok()).ok_or(TestError::NoDeno)?;
        let place = tempfile::Builder::new().prefix("tentacle-test-").tempdir()?;
        let (code, plan) = (place.path().join("code"), place.path().join("plan.json"));
        for (path, bytes) in folder.bundle.iter() {
            let path = code.join(path.as_str());
            fs::create_dir_all(path.parent().unwrap_or(&code))?;
            fs::write(path, bytes)?;
        }
        let enclave: EnclaveName =
            ENCLAVE.parse().map_err(|error: workflow::NameError| TestError::Broke(error.to_string()))?;
        let facts = Facts { enclave, version: folder.bundle.content_hash() };
        let sandbox = derive(&folder.workflow, &facts)?;
        let told = serde_json::to_vec(&sandbox.plan(&RunTokenHash::of(ENCLAVE)));
        fs::write(&plan, told.map_err(|error| TestError::Broke(error.to_string()))?)?;
        let engine = engine::write(&place.path().join("engine"))?;
        let shown = |path: &Path| path.display().to_string();
        let deno = fs::canonicalize(&deno)?;
        let paths = [shown(&deno), shown(&engine), shown(&code), shown(&plan)];
        let mut layout = Layout::new(paths.each_ref().map(String::as_str), Listen::Unix("/none".to_owned()))?;
        if !sandbox.modules.is_empty() {
            let modules = place.path().join("modules");
            modules::lay(&modules, &sandbox.modules, &deno)?;
            layout = layout.with_modules(&shown(&modules))?;
        }
        ask(&sandbox.test_command(&layout))
    }
}

/// Runs the engine's test, with Deno's walls alone: no network, nothing to write to, and nothing to read but this.
fn ask(command: &[String]) -> Result<Vec<Value>, TestError> {
    let (program, arguments) = command.split_first().ok_or(TestError::NoDeno)?;
    let mut deno = Command::new(program);
    deno.args(arguments).env_clear().envs(ENVIRONMENT).stdin(Stdio::null());
    let output = deno.output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let reports: Result<Vec<Value>, _> = text.lines().map(serde_json::from_str).collect();
    let reports = reports.map_err(|error| TestError::Broke(error.to_string()))?;
    if let Some(error) = reports.iter().find(|report| report["kind"] == "error") {
        return Err(TestError::Broke(said(error, "error")));
    }
    if !reports.iter().any(|report| report["kind"] == "summary") {
        return Err(TestError::Broke(String::from_utf8_lossy(&output.stderr).trim().to_owned()));
    }
    Ok(reports)
}

fn said(report: &Value, key: &str) -> String {
    report[key].as_str().unwrap_or_default().to_owned()
}

fn view(reports: &[Value]) -> View {
    reports.iter().fold(View::new(), |view, report| {
        let (good, milliseconds) =
            (report["status"] == "passed", report["durationMs"].as_f64().unwrap_or(0.0));
        let time = format!("{milliseconds:.0} ms");
        match said(report, "kind").as_str() {
            "fixture" => {
                let file = said(report, "file");
                let view = view.verdict(good, format!("{} {file} ({time})", mark(good)));
                why(view, report)
            }
            "pipeline" => {
                let view = view.verdict(good, format!("{} the whole graph ({time})", mark(good)));
                let errors = report["errors"].as_object().into_iter().flatten();
                errors.fold(view, |view, (node, error)| {
                    view.line(format!("  {node}: {}", error.as_str().unwrap_or_default()))
                })
            }
            "no_fixture" => {
                view.line(format!("- {} has no fixture: tests/fixtures/{0}.json", said(report, "node")))
            }
            "log" => view.line(format!(
                "  {} {}: {}",
                said(report, "level"),
                said(report, "node"),
                said(report, "message")
            )),
            "drift" => {
                view.verdict(false, format!("✗ {}: {}", said(report, "rule"), said(report, "message")))
            }
            "summary" => summary(view, report),
            _ => view,
        }
    })
}

const fn mark(good: bool) -> &'static str {
    if good { "✓" } else { "✗" }
}

/// Why a fixture failed.
fn why(view: View, report: &Value) -> View {
    let view = match report["error"].as_str() {
        Some(error) => view.line(format!("  {error}")),
        None => view,
    };
    let Some(difference) = report["difference"].as_object() else { return view };
    let part = |key: &str| difference.get(key).map_or_else(|| "nothing".to_owned(), Value::to_string);
    let at = difference.get("at").and_then(Value::as_str).filter(|at| !at.is_empty()).unwrap_or("the output");
    view.line(format!("  {at}: expected {}, got {}", part("expected"), part("actual")))
}

fn summary(view: View, report: &Value) -> View {
    let count = |key: &str| report[key].as_u64().unwrap_or(0);
    let mut parts = vec![format!("{} passed", count("passed")), format!("{} failed", count("failed"))];
    if count("withoutFixture") > 0 {
        parts.push(words::count(
            count("withoutFixture"),
            "node without a fixture",
            "nodes without a fixture",
        ));
    }
    if count("drift") > 0 {
        parts.push(words::count(count("drift"), "place", "places") + " where code and contract have parted");
    }
    view.verdict(report["success"] == true, parts.join(", "))
}
