//! `tntc test`.

use super::Context;
use crate::failed::Failed;
use crate::folder::{Folder, FolderError};
use crate::output::{View, words};
use crate::private_file::PrivateFileError;
use crate::up::engine;
use mcp_server::SandboxKind;
use mcp_server::backend::Laid;
use serde_json::Value;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Output;
pub(crate) use walls::HOW;
use walls::Walls;
use workflow::{EnclaveName, Facts, LayoutError, Modules, Problems, RunTokenHash, derive};

mod modules;
mod walls;

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
    /// What stands around the code besides Deno's own permissions; with `auto` what is here and holds, gVisor first
    #[arg(long, value_enum, default_value = "auto", value_name = "WALLS")]
    sandbox: SandboxKind,
    /// Tests nothing where no sandbox holds. Without it the code is held by Deno's permissions alone then, which is said
    #[arg(long)]
    require_sandbox: bool,
    /// gVisor's `runsc`; looked up on the PATH when left out
    #[arg(long, env = "TENTACULAR_RUNSC", value_name = "PROGRAM")]
    runsc: Option<PathBuf>,
    /// Bubblewrap; looked up on the PATH when left out
    #[arg(long, env = "TENTACULAR_BWRAP", value_name = "PROGRAM")]
    bwrap: Option<PathBuf>,
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
    /// There are no walls, and there must be.
    #[error("nothing was run, because no sandbox holds here: {0}")]
    NoSandbox(String),
    /// The disk, or the runtime.
    #[error("the test cannot be made: {0}")]
    Io(#[from] io::Error),
    /// It said nothing that makes sense.
    #[error("the test broke off: {0}")]
    Broke(String),
}

impl Test {
    pub(crate) async fn run(&self, context: &Context) -> Result<(), Failed> {
        let reports = self.reports().await?;
        context.output.show(&reports, |reports| view(reports))?;
        let summary = reports.iter().find(|report| report["kind"] == "summary");
        match summary.map(|summary| summary["success"] == true) {
            Some(true) => Ok(()),
            _ => Err(Failed::Bad("it does not pass its tests".to_owned())),
        }
    }

    /// Which walls there were, and what the engine told, each line of it.
    async fn reports(&self) -> Result<Vec<Value>, TestError> {
        let folder = Folder::read(&self.dir)?;
        let deno = self.deno.clone().or_else(|| which::which("deno").ok()).ok_or(TestError::NoDeno)?;
        let deno = fs::canonicalize(&deno)?;
        let place = tempfile::Builder::new().prefix("tentacle-test-").tempdir()?;
        let enclave: EnclaveName =
            ENCLAVE.parse().map_err(|error: workflow::NameError| TestError::Broke(error.to_string()))?;
        let facts = Facts { enclave, version: folder.bundle.content_hash() };
        let sandbox = derive(&folder.workflow, &facts)?;
        let laid = lay(&folder, &sandbox.modules, place.path(), &deno)?;
        let told = serde_json::to_vec(&sandbox.plan(&RunTokenHash::of(ENCLAVE)));
        fs::write(&laid.plan, told.map_err(|error| TestError::Broke(error.to_string()))?)?;
        let walls = Walls::open(self, &place.path().join("walls"), &deno).await?;
        let ran = walls.test(&sandbox, &laid).await;
        let said = walls.end().await;
        let mut reports = vec![said];
        reports.extend(read(&ran?)?);
        Ok(reports)
    }
}

/// Lays out what the test reads, for whoever it is run as; its plan is not there yet.
fn lay(folder: &Folder, modules: &Modules, place: &Path, deno: &Path) -> Result<Laid, TestError> {
    let (code, plan) = (place.join("code"), place.join("plan.json"));
    for (path, bytes) in folder.bundle.iter() {
        let path = code.join(path.as_str());
        fs::create_dir_all(path.parent().unwrap_or(&code))?;
        fs::write(path, bytes)?;
    }
    let modules = match modules.is_empty() {
        true => None,
        false => Some(modules::lay(&place.join("modules"), modules, deno)?),
    };
    Ok(Laid { engine: engine::write(&place.join("engine"))?, code, plan, modules })
}

/// What the engine's test told.
fn read(output: &Output) -> Result<Vec<Value>, TestError> {
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
            "walls" => view.line(walls::in_words(report)),
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
