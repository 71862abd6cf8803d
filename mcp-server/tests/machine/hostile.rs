//! Hostile code behind the walls, past what the conformance suite tries. Deno's own permissions are given away here, so that what stops an attempt is a wall and
//! not Deno; and each attempt has a control, in which the same code does the same outside and succeeds.

mod attempts;
mod escapes;
mod resources;

use crate::caller::ENCLAVE;
use crate::conformance::ATTEMPTS;
use crate::left::entries;
use crate::server::{Server, Walls, engine, program};
use crate::source::one_node;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// A server whose engine gives every permission to the code that it runs, with the hostile tentacle.
pub(crate) struct Hostile {
    pub(crate) server: Server,
    _engine: TempDir,
}

impl Hostile {
    async fn start(walls: Walls) -> Self {
        Self::start_on(permissive_engine(), walls).await
    }

    async fn start_on(engine: TempDir, walls: Walls) -> Self {
        let server = Server::start_with(walls, engine.path(), &[]).await;
        server.provision(ENCLAVE).await;
        server.deploy("hostile", &one_node("hostile", ATTEMPTS)).await.unwrap();
        Self::of(server, engine)
    }

    /// A server on this engine, which has the hostile tentacle already.
    pub(crate) fn of(server: Server, engine: TempDir) -> Self {
        Self { server, _engine: engine }
    }

    /// Tries something behind the walls: what it got, or what stopped it.
    pub(crate) async fn attempt(&self, what: &Value) -> Result<Value, String> {
        self.attempt_within(what, 120).await
    }

    /// The same with a limit of so many seconds.
    async fn attempt_within(&self, what: &Value, seconds: u32) -> Result<Value, String> {
        self.run("hostile", what, seconds).await
    }

    /// Runs a tentacle of one node: what the node said, or what stopped it.
    pub(crate) async fn run(&self, name: &str, input: &Value, seconds: u32) -> Result<Value, String> {
        let args = json!({"enclave": ENCLAVE, "name": name, "input": input, "timeout_seconds": seconds});
        let ran = self.server.call("wf_run", args).await.map_err(|failure| failure.text())?;
        match &ran["output"]["outputs"]["node"] {
            Value::Null => {
                Err(ran["output"]["errors"]["node"].as_str().unwrap_or_else(|| panic!("{ran}")).to_owned())
            }
            got => Ok(got.clone()),
        }
    }

    /// How much its log takes on disk.
    pub(crate) fn log_bytes(&self) -> u64 {
        let tentacles = self.server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles");
        entries(&tentacles.join("hostile/log")).iter().map(|file| fs::metadata(file).unwrap().len()).sum()
    }
}

/// A copy of the engine that gives every permission away.
pub(crate) fn permissive_engine() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(engine()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    let process = copy.path().join("run_process.ts");
    let reads = "`--allow-read=${[engine, flags.code, ...folders, ...shared].join(\",\")}`";
    replace(&process, reads, "\"--allow-all\"");
    replace(&process, "...shared.map((folder) => `--allow-write=${folder}`),", "");
    replace(&process, "...(net.length === 0 ? [] : [`--allow-net=${net.join(\",\")}`]),", "");
    let runner = fs::read_to_string(copy.path().join("attempt.ts")).unwrap();
    let (from, rest) = runner.split_once("permissions: {").unwrap();
    let (_, to) = rest.split_once('}').unwrap();
    fs::write(copy.path().join("attempt.ts"), format!("{from}permissions: \"inherit\"{to}")).unwrap();
    // The walls are another user's.
    let open = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o755);
    fs::set_permissions(copy.path(), open).unwrap();
    copy
}

fn replace(file: &Path, from: &str, to: &str) {
    let text = fs::read_to_string(file).unwrap();
    assert!(text.contains(from), "{} has no {from}", file.display());
    fs::write(file, text.replace(from, to)).unwrap();
}

/// The same attempt outside: it succeeds.
fn control(what: &Value) -> Value {
    outside(what).unwrap_or_else(|why| panic!("outside {what} failed, so that it shows nothing: {why}"))
}

/// The same attempt outside. What it mounts and what name it gives the machine are its own.
pub(crate) fn outside(what: &Value) -> Result<Value, String> {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("node.ts"), ATTEMPTS).unwrap();
    let mut there = Command::new("unshare");
    there.args(["--mount", "--uts"]).arg(program("TENTACULAR_DENO"));
    there.args(["run", "--quiet", "--no-lock", "--allow-all"]).arg(dir.path().join("node.ts"));
    there.arg(what.to_string()).env("TENTACULAR_CONTROL", "1").stdout(Stdio::null());
    let ran = there.output().unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    if !ran.status.success() {
        return Err(told.into_owned());
    }
    Ok(serde_json::from_str(told.lines().last().unwrap()).unwrap())
}
