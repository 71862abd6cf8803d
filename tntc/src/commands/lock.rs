//! `tntc lock`.

use super::Context;
use crate::commands::TestError;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::{View, words};
use serde::Serialize;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use url::Url;
use workflow::{Modules, Problems, Workflow};

/// What to pin.
#[derive(Debug, clap::Args)]
pub(crate) struct Lock {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// Deno; looked up on the PATH when left out
    #[arg(long, env = "TENTACULAR_DENO", value_name = "PROGRAM")]
    deno: Option<PathBuf>,
}

/// What was pinned.
#[derive(Debug, Serialize)]
struct Locked {
    file: PathBuf,
    /// How many packages there are in it.
    packages: u64,
    /// What is wrong with the folder all the same.
    problems: Vec<String>,
}

impl Lock {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let locked = self.lock()?;
        Ok(context.output.show(&locked, view)?)
    }

    /// Has the registries asked by the author's own Deno, with its own settings, and none of the code run.
    fn lock(&self) -> Result<Locked, Failed> {
        let bundle = Folder::bundle(&self.dir)?;
        let workflow = Workflow::parse(bundle.workflow()).map_err(TestError::Problems)?;
        let asked = Modules::asked(&workflow, &bundle);
        let deno = self.deno.clone().or_else(|| which::which("deno").ok()).ok_or(TestError::NoDeno)?;
        let place = tempfile::tempdir().map_err(TestError::Io)?;
        let (entry, lock) = (place.path().join("entry.ts"), place.path().join(Modules::LOCK));
        fs::write(&entry, &asked).map_err(TestError::Io)?;
        let mut command = Command::new(deno);
        command.args(["cache", "--quiet", "--no-config", "--frozen=false", "--node-modules-dir=none"]);
        command.arg(format!("--lock={}", lock.display()));
        command.args(registry_of_jsr().map(|place| format!("--allow-import={place}")));
        command.arg(&entry).stdin(Stdio::null()).stdout(Stdio::null());
        let output = command.output().map_err(TestError::Io)?;
        if !output.status.success() {
            return Err(TestError::Broke(String::from_utf8_lossy(&output.stderr).trim().to_owned()).into());
        }
        let made = if asked.is_empty() { None } else { Some(fs::read(&lock).map_err(TestError::Io)?) };
        let file = self.dir.join(Modules::LOCK);
        match &made {
            Some(text) => fs::write(&file, text).map_err(TestError::Io)?,
            None => fs::remove_file(&file).or_else(|error| gone(error).map_err(TestError::Io))?,
        }
        let problems = match Folder::bundle(&self.dir).map(|bundle| Workflow::of(&bundle))? {
            Ok(_) => Vec::new(),
            Err(problems) => lines(&problems),
        };
        Ok(Locked { file, packages: made.map_or(0, |text| packages(&text)), problems })
    }
}

fn gone(error: std::io::Error) -> std::io::Result<()> {
    if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// Another JSR registry than the one that Deno knows by itself, from which it would import nothing unasked.
fn registry_of_jsr() -> Option<String> {
    let url = Url::parse(&std::env::var("JSR_URL").ok()?).ok()?;
    Some(format!("{}:{}", url.host_str()?, url.port_or_known_default()?))
}

fn packages(lock: &[u8]) -> u64 {
    let lock: serde_json::Value = serde_json::from_slice(lock).unwrap_or_default();
    let count =
        |key: &str| lock.get(key).and_then(serde_json::Value::as_object).map_or(0, serde_json::Map::len);
    u64::try_from(count("jsr") + count("npm")).unwrap_or(u64::MAX)
}

fn lines(problems: &Problems) -> Vec<String> {
    problems.as_slice().iter().map(ToString::to_string).collect()
}

fn view(locked: &Locked) -> View {
    let count = words::count(locked.packages, "package is", "packages are");
    let view = View::new().verdict(true, format!("{count} pinned in {}", locked.file.display()));
    locked.problems.iter().fold(view, |view, problem| view.line(problem.clone()))
}
