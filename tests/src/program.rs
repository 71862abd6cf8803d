//! The program under test, and what came of running it.

use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use tokio::process::Command;

/// Where the programs under test lie; the same for all tests of this workspace.
const FOLDER: &str = "TENTACULAR_TEST_BIN_DIR";

/// What the program keeps of this process's environment: where others' programs are found, and nothing that would
/// configure it behind a test's back.
const KEPT: [&str; 5] = ["PATH", "TENTACULAR_DENO", "TENTACULAR_BWRAP", "TENTACULAR_RUNSC", "RUST_LOG"];

/// What came of a command.
#[derive(Debug)]
pub struct Ran {
    /// Its exit code; none where a signal ended it.
    pub code: Option<i32>,
    /// What it answered.
    pub out: String,
    /// What else it said.
    pub err: String,
}

/// `tntc`, for somebody whose home is `home`.
pub(crate) fn tntc(home: &Path) -> Command {
    let folder = std::env::var_os(FOLDER)
        .unwrap_or_else(|| panic!("{FOLDER} does not say where `tntc` is: run this by `cargo xtask test`"));
    let kept = KEPT.iter().filter_map(|name| Some((name, std::env::var_os(name)?)));
    let mut command = Command::new(PathBuf::from(folder).join("tntc"));
    let me = home.join("me");
    command.env_clear().envs(kept).env("HOME", &me).env("XDG_STATE_HOME", me.join("state"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().await.unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code: status.code(), out: text(stdout), err: text(stderr) }
}
