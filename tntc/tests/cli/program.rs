//! Runs the program, with a home of its own and nothing of the environment of the tests.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use tempfile::TempDir;
use tokio::process::Command;

/// The program with its home.
pub(crate) struct Program {
    pub(crate) home: TempDir,
    server: Option<String>,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Program {
    /// A new home, and `server` as the server.
    pub(crate) fn new(server: Option<&str>) -> Self {
        Self { home: tempfile::tempdir().unwrap(), server: server.map(str::to_owned) }
    }

    /// Where sign-ins are kept.
    pub(crate) fn tokens(&self) -> PathBuf {
        self.home.path().join("state/tentacular/tokens.json")
    }

    /// What is kept of sign-ins.
    pub(crate) fn kept(&self) -> serde_json::Value {
        serde_json::from_slice(&std::fs::read(self.tokens()).unwrap()).unwrap()
    }

    /// A command with these arguments, not started.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tntc"));
        command.args(args).env_clear().current_dir(self.home.path()).stdin(Stdio::null());
        command.env("HOME", self.home.path()).env("XDG_STATE_HOME", self.home.path().join("state"));
        if let Some(server) = &self.server {
            command.env("TENTACULAR_SERVER", server);
        }
        command.kill_on_drop(true);
        command
    }

    /// Runs it to its end.
    pub(crate) async fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args)).await
    }

    /// Runs it to its end; it must succeed.
    pub(crate) async fn ok(&self, args: &[&str]) -> Ran {
        let ran = self.run(args).await;
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran
    }

    /// Writes a file in the home that only its owner can read.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        path
    }
}

/// Runs a command to its end.
pub(crate) async fn finish(mut command: Command) -> Ran {
    let output = command.output().await.unwrap();
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

impl Ran {
    /// The answer as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

/// A path as an argument.
pub(crate) fn arg(path: &Path) -> &str {
    path.to_str().unwrap()
}
