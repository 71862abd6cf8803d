//! A shell in which `kubectl` is the administrator's.

use crate::variable::variable;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

pub(crate) struct Shell(TempDir);

impl Shell {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (kubectl, kubeconfig) =
            (variable("TENTACULAR_TEST_KUBECTL"), variable("TENTACULAR_TEST_KUBECONFIG"));
        let program = folder.path().join("kubectl");
        let script = format!("#!/bin/sh\nexec '{kubectl}' --kubeconfig '{kubeconfig}' \"$@\"\n");
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    pub(crate) fn folder(&self) -> &Path {
        self.0.path()
    }

    /// Runs a command as somebody would who pastes it.
    pub(crate) fn run(&self, command: &str) -> Result<String, String> {
        let path = format!("{}:/usr/bin:/bin", self.0.path().display());
        let mut shell = Command::new("/bin/sh");
        shell.args(["-c", command]).current_dir(self.0.path()).env("PATH", path);
        let output = shell.output().unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
    }

    pub(crate) fn apply(&self, object: &Value) -> Result<String, String> {
        std::fs::write(self.0.path().join("object.json"), object.to_string()).unwrap();
        self.run("kubectl apply -f object.json")
    }
}
