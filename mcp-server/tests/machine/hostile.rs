//! Hostile code behind the walls. Deno's own permissions are given away here, so that what stops an attempt is a wall and
//! not Deno; and each attempt has a control, in which the same code does the same outside and succeeds.

mod attempts;
mod resources;

use crate::caller::ENCLAVE;
use crate::server::{Server, Walls, engine, program};
use crate::source::one_node;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// The attempts.
const NODE: &str = include_str!("hostile/node.ts");

/// A server whose engine gives every permission to the code that it runs, with the hostile tentacle.
struct Hostile {
    server: Server,
    walls: Walls,
    _engine: TempDir,
}

impl Hostile {
    async fn start(walls: Walls) -> Self {
        Self::start_on(permissive_engine(), walls).await
    }

    async fn start_on(engine: TempDir, walls: Walls) -> Self {
        let server = Server::start_with(walls, engine.path(), &[]).await;
        server.provision(ENCLAVE).await;
        server.deploy("hostile", &one_node("hostile", NODE)).await.unwrap();
        Self { server, walls, _engine: engine }
    }

    /// Tries something behind the walls: what it got, or what stopped it.
    async fn attempt(&self, what: &Value) -> Result<Value, String> {
        self.attempt_within(what, 60).await
    }

    /// The same with a limit of so many seconds.
    async fn attempt_within(&self, what: &Value, seconds: u32) -> Result<Value, String> {
        let args = json!({"enclave": ENCLAVE, "name": "hostile", "input": what, "timeout_seconds": seconds});
        let ran = self.server.call("wf_run", args).await.map_err(|failure| failure.text())?;
        match &ran["output"]["outputs"]["node"] {
            Value::Null => {
                Err(ran["output"]["errors"]["node"].as_str().unwrap_or_else(|| panic!("{ran}")).to_owned())
            }
            got => Ok(got.clone()),
        }
    }

    /// The attempt fails behind the walls and succeeds outside; answers what stopped it.
    async fn fails(&self, what: Value) -> String {
        control(&what);
        match self.attempt(&what).await {
            Err(why) => why,
            Ok(got) => panic!("{} let {what} through: {got}", self.walls.name()),
        }
    }
}

/// A copy of the engine that gives every permission away.
fn permissive_engine() -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(engine()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            fs::copy(&path, copy.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    replace(&copy.path().join("run_process.ts"), "`--allow-read=${engine},${flags.code}`", "\"--allow-all\"");
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
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("node.ts"), NODE).unwrap();
    let ran = Command::new(program("TENTACULAR_DENO"))
        .args(["run", "--quiet", "--no-lock", "--allow-all"])
        .arg(dir.path().join("node.ts"))
        .arg(what.to_string())
        .stdout(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "outside {what} failed, so that it shows nothing: {told}");
    serde_json::from_str(told.lines().last().unwrap()).unwrap()
}
