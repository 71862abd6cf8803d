//! A server with the `machine` backend, as a process of its own.

use crate::caller::{Caller, ENCLAVE};
use crate::issuer::{Issuer, TestKey};
use crate::left::Left;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use sqlx::ConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::fs::{self, File};
use std::net::TcpListener;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long a test waits for something that must happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// Which walls.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Walls {
    Bwrap,
    Runsc,
}

impl Walls {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bwrap => "bwrap",
            Self::Runsc => "runsc",
        }
    }
}

/// What outlives a server process: its folder and the issuer. And the process.
pub(crate) struct Server {
    caller: Caller,
    flags: Vec<String>,
    child: Option<Child>,
    dir: TempDir,
}

impl Server {
    /// Starts a server with these walls.
    pub(crate) async fn start(walls: Walls) -> Self {
        Self::start_with(walls, &engine(), &[]).await
    }

    /// Starts a server with these walls, this engine, and these flags.
    pub(crate) async fn start_with(walls: Walls, engine: &Path, flags: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
        write("kraken.jwks", json!({"keys": [TestKey::new("kraken-1").jwk]}).to_string());
        write("signing.pem", TestKey::new("unused").pem);
        let own = [format!("--sandbox={}", walls.name()), format!("--engine-dir={}", engine.display())];
        let flags = own.into_iter().chain(flags.iter().map(|flag| (*flag).to_owned())).collect();
        let caller = Caller { issuer: Issuer::start().await, url: String::new(), person: "ana" };
        let mut server = Self { caller, flags, child: None, dir };
        server.run().await;
        server
    }

    /// A server with an enclave.
    pub(crate) async fn with_enclave(walls: Walls) -> Self {
        let server = Self::start(walls).await;
        server.provision(ENCLAVE).await;
        server
    }

    /// Starts a process on what is in the folder.
    pub(crate) async fn run(&mut self) {
        self.launch("store.sqlite");
        self.until_ready().await;
    }

    /// What a second server on the same machine folder says before it ends; it has a store of its own.
    pub(crate) async fn second(&mut self) -> String {
        let (first, url) = (self.child.take(), self.caller.url.clone());
        self.launch("second.sqlite");
        let mut second = std::mem::replace(&mut self.child, first).unwrap();
        self.caller.url = url;
        tokio::task::spawn_blocking(move || second.wait()).await.unwrap().unwrap();
        self.log()
    }

    /// Starts the process on this store, and does not wait.
    fn launch(&mut self, store: &str) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.caller.url = format!("http://127.0.0.1:{port}");
        let file = |name: &str| self.dir.path().join(name);
        let log = File::options().create(true).append(true).open(file("server.log")).unwrap();
        let store = format!("sqlite:{}", file(store).display());
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-server"));
        command
            .arg(format!("--bind=127.0.0.1:{port}"))
            .args([
                "--public-url",
                &self.caller.url,
                "--oidc-issuer",
                &self.caller.issuer.url,
                "--mcp-client=agents",
            ])
            .arg("--kraken-keys")
            .arg(file("kraken.jwks"))
            .arg("--signing-key-file")
            .arg(file("signing.pem"))
            .arg("--trail-heads-dir")
            .arg(file("heads"))
            .args(["--store", &store, "--backend=machine"])
            .arg("--machine-dir")
            .arg(self.machine_dir())
            .arg("--deno")
            .arg(program("TENTACULAR_DENO"))
            .arg("--runsc")
            .arg(program("TENTACULAR_RUNSC"))
            .arg("--bwrap")
            .arg(program("TENTACULAR_BWRAP"))
            .args(&self.flags)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until the server serves.
    async fn until_ready(&mut self) {
        let ready = format!("{}/readyz", self.caller.url);
        let began = Instant::now();
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The number of the process.
    pub(crate) fn process(&self) -> u32 {
        self.child.as_ref().unwrap().id()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Ends the process as an operator does.
    pub(crate) fn stop(&mut self) {
        let mut child = self.child.take().unwrap();
        kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    /// Ends the egress gateway that the server has started, as `kill -9` does.
    pub(crate) fn end_gateway(&self) {
        let listens = format!("--listen=unix:{}", self.machine_dir().canonicalize().unwrap().display());
        let processes = fs::read_dir("/proc").unwrap().flatten();
        let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok());
        let is_ours = |number: &i32| {
            let command = fs::read(format!("/proc/{number}/cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&command).contains(&listens)
        };
        let gateway = numbers.into_iter().find(is_ours).unwrap();
        kill(Pid::from_raw(gateway), Signal::SIGKILL).unwrap();
    }

    /// Changes the store from behind.
    pub(crate) async fn execute(&self, statement: &'static str) {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("store.sqlite"));
        let mut connection = options.connect().await.unwrap();
        sqlx::query(statement).execute(&mut connection).await.unwrap();
    }

    /// Waits until nothing of a process that has ended is left, as the kernel tells it.
    pub(crate) async fn until_nothing_is_left(&self) {
        until(&format!("nothing is left: {:?}", self.left()), async || self.left().is_nothing()).await;
    }

    /// Whatever there is of its sandboxes.
    pub(crate) fn left(&self) -> Left {
        Left::of(&self.machine_dir())
    }

    /// Where its enclaves are.
    pub(crate) fn machine_dir(&self) -> PathBuf {
        self.dir.path().join("machine")
    }

    /// What the server said.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.dir.path().join("server.log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
        // The folder must not go from under the guard.
        let began = Instant::now();
        while !self.left().is_nothing() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Deref for Server {
    type Target = Caller;

    fn deref(&self) -> &Caller {
        &self.caller
    }
}

/// The engine that tentacles run on.
pub(crate) fn engine() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine")
}

/// One of the programs that the walls are made with and around.
pub(crate) fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    PathBuf::from(
        path.unwrap_or_else(|| panic!("{variable} is not set: run the tests with `cargo xtask test`")),
    )
}

/// Waits until `holds`.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
