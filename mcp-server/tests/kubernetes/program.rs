//! The server's program as a process of its own.

use crate::until::until;
use serde_json::{Value, json};
use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running server.
pub(crate) struct Program {
    pub(crate) url: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts it on what is in `dir`, with these flags and variables besides, and waits until it is ready.
    pub(crate) async fn start(dir: &Path, flags: &[String], variables: &[(&str, String)]) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let bind = free.local_addr().unwrap();
        drop(free);
        let log = dir.join(format!("server-{}.log", bind.port()));
        let written = File::create(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-server"));
        command.env("RUST_LOG", "info").stdin(Stdio::null()).stdout(Stdio::null()).stderr(written);
        command.arg(format!("--bind={bind}")).arg(format!("--public-url=http://{bind}"));
        command.arg(format!("--kraken-keys={}", dir.join("kraken.jwks").display()));
        command.arg(format!("--signing-key-file={}", dir.join("signing.pem").display()));
        command.arg(format!("--store=sqlite:{}", dir.join("store.db").display()));
        let child = command.args(flags).envs(variables.iter().cloned()).spawn().unwrap();
        let mut program = Self { url: format!("http://{bind}"), child, log };
        program.until_ready().await;
        program
    }

    async fn until_ready(&mut self) {
        let (page, child) = (format!("{}/readyz", self.url), &mut self.child);
        until("the server becomes ready", async || {
            assert!(child.try_wait().unwrap().is_none(), "the server has ended");
            reqwest::get(&page).await.is_ok_and(|answer| answer.status().is_success())
        })
        .await;
    }

    /// Where its tools are.
    pub(crate) fn endpoint(&self) -> String {
        format!("{}/mcp", self.url)
    }
}

impl Drop for Program {
    /// Ends it as nobody can prepare for.
    fn drop(&mut self) {
        // What has ended already cannot be ended again.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("{}", std::fs::read_to_string(&self.log).unwrap_or_default());
        }
    }
}

/// The files that every server needs: a key that signs, and the Kraken's public keys.
pub(crate) fn write_keys(dir: &Path, signing: &str, kraken: &Value) {
    std::fs::write(dir.join("signing.pem"), signing).unwrap();
    std::fs::write(dir.join("kraken.jwks"), json!({"keys": [kraken]}).to_string()).unwrap();
}
