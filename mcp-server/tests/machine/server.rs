//! A server with the `machine` backend, as a process of its own.

use crate::issuer::{Issuer, TestKey};
use crate::left::Left;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;
use wire::Failure;
use wire::client::{Client, ClientError, Extras};

/// How long a test waits for something that must happen, on a machine that is busy.
const PATIENCE: Duration = Duration::from_secs(90);

/// The enclave of most tests.
pub(crate) const ENCLAVE: &str = "price-watch";

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
    issuer: Issuer,
    flags: Vec<String>,
    url: String,
    child: Option<Child>,
    pub(crate) dir: TempDir,
}

impl Server {
    /// Starts a server with these walls.
    pub(crate) async fn start(walls: Walls) -> Self {
        Self::start_with(&[&format!("--sandbox={}", walls.name())]).await
    }

    /// Starts a server with these flags.
    pub(crate) async fn start_with(flags: &[&str]) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| fs::write(dir.path().join(name), text).unwrap();
        write("kraken.jwks", json!({"keys": [TestKey::new("kraken-1").jwk]}).to_string());
        write("signing.pem", TestKey::new("unused").pem);
        let flags = flags.iter().map(|flag| (*flag).to_owned()).collect();
        let issuer = Issuer::start().await;
        let mut server = Self { issuer, flags, url: String::new(), child: None, dir };
        server.run().await;
        server
    }

    /// A server with an enclave.
    pub(crate) async fn with_enclave(walls: Walls) -> Self {
        let server = Self::start(walls).await;
        server.call("enclave_provision", json!({"name": ENCLAVE})).await.unwrap();
        server
    }

    /// Starts a process on what is in the folder.
    pub(crate) async fn run(&mut self) {
        self.launch();
        self.until_ready().await;
    }

    /// Starts the process, and does not wait.
    pub(crate) fn launch(&mut self) {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        self.url = format!("http://127.0.0.1:{port}");
        let file = |name: &str| self.dir.path().join(name);
        let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("../engine");
        let log = File::options().create(true).append(true).open(file("server.log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_mcp-server"));
        command
            .arg(format!("--bind=127.0.0.1:{port}"))
            .args(["--public-url", &self.url, "--oidc-issuer", &self.issuer.url, "--mcp-client=agents"])
            .arg("--kraken-keys")
            .arg(file("kraken.jwks"))
            .arg("--signing-key-file")
            .arg(file("signing.pem"))
            .arg("--trail-heads-dir")
            .arg(file("heads"))
            .args(["--store", &format!("sqlite:{}", file("store.sqlite").display()), "--backend=machine"])
            .arg("--machine-dir")
            .arg(self.machine_dir())
            .arg("--engine-dir")
            .arg(engine)
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
    pub(crate) async fn until_ready(&mut self) {
        let ready = format!("{}/readyz", self.url);
        let began = Instant::now();
        while !reqwest::get(&ready).await.is_ok_and(|answer| answer.status().is_success()) {
            let ended = self.child.as_mut().unwrap().try_wait().unwrap();
            assert!(ended.is_none() && began.elapsed() < PATIENCE, "{ended:?}: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Ana calls a tool.
    pub(crate) async fn call(&self, tool: &'static str, args: Value) -> Result<Value, Failure> {
        let Value::Object(args) = args else { panic!("arguments are an object") };
        let token = SecretString::from(self.issuer.token("ana", "agents"));
        let client = Client::connect(&format!("{}/mcp", self.url), &token).await.unwrap();
        let answer = client.call_by_name(tool, args, Extras::default()).await;
        client.close().await;
        match answer {
            Ok(answer) => Ok(answer),
            Err(ClientError::Refused(failure)) => Err(failure),
            Err(error) => panic!("{tool}: {error}: {}", self.log()),
        }
    }

    /// Ana deploys these files to the enclave.
    pub(crate) async fn deploy(&self, name: &str, files: &Value) -> Result<Value, Failure> {
        self.call("wf_apply", json!({"enclave": ENCLAVE, "name": name, "files": files})).await
    }

    /// Ana runs a tentacle.
    pub(crate) async fn run_tentacle(&self, name: &str, input: Value) -> Result<Value, Failure> {
        self.call("wf_run", json!({"enclave": ENCLAVE, "name": name, "input": input})).await
    }

    /// What `wf_status` says.
    pub(crate) async fn status(&self, name: &str) -> Value {
        self.call("wf_status", json!({"enclave": ENCLAVE, "name": name})).await.unwrap()
    }

    /// Ends the process as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let mut child = self.child.take().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
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

/// One of the programs that the walls are made with and around.
pub(crate) fn program(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable);
    PathBuf::from(
        path.unwrap_or_else(|| panic!("{variable} is not set: run the tests with `cargo xtask test`")),
    )
}
