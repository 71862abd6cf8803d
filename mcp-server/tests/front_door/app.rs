//! One server with everything around it, on loopback and in a temporary folder.

use crate::backend::Remembering;
use crate::database::Database;
use crate::door::Door;
use crate::issuer::{Issuer, TestKey};
use crate::sign_in::IssuersPage;
use clap::Parser;
use mcp_server::backend::{Backend, from_args};
use mcp_server::{Args, Base, Pace, Ready};
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::Duration;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use wire::canonical;

/// An operator's token, with every scope.
pub(crate) const OPERATOR: &str = "break-glass-token-of-olga-with-every-scope";

/// How many threads a server has.
const WORKERS: usize = 2;

/// How long a test waits for something that must happen.
const PATIENCE: Duration = Duration::from_secs(90);

/// What outlives a server: its folder, the issuer, the store, the world that the backend changed.
pub(crate) struct App {
    pub(crate) backend: Remembering,
    pub(crate) dir: TempDir,
    pub(crate) database: Database,
    pub(crate) pace: Pace,
    /// The folder of the trail's heads: with another one a server is not the one that was there before.
    pub(crate) heads: &'static str,
    /// More flags of the servers that are started from now on.
    pub(crate) flags: Vec<&'static str>,
    /// The backend, where it is one of the server's own and not the one that remembers.
    own: Option<&'static str>,
    door: Door,
    running: Option<Running>,
}

/// Another server on the same store.
pub(crate) struct Replica {
    door: Door,
    running: Running,
}

/// A server in a runtime of its own, so that killing it takes everything of it and nothing else.
struct Running {
    runtime: Option<Runtime>,
    task: JoinHandle<()>,
    shutdown: CancellationToken,
}

impl App {
    pub(crate) async fn start() -> Self {
        Self::paced(Pace::default()).await
    }

    pub(crate) async fn paced(pace: Pace) -> Self {
        let mut app = Self::on(Database::sqlite, pace).await;
        app.run().await;
        app
    }

    /// A server with the simulator.
    pub(crate) async fn simulating() -> Self {
        let mut app = Self::on(Database::sqlite, Pace::default()).await;
        app.own = Some("simulator");
        app.run().await;
        app
    }

    pub(crate) async fn on_postgres() -> Self {
        Self::paced_on_postgres(Pace::default()).await
    }

    pub(crate) async fn paced_on_postgres(pace: Pace) -> Self {
        let database = Database::postgres().await;
        let mut app = Self::on(|_| database, pace).await;
        app.run().await;
        app
    }

    /// Everything but a server.
    async fn on(database: impl FnOnce(&TempDir) -> Database, pace: Pace) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let dir = folder();
        let kraken = TestKey::new("kraken-1");
        let write = |name: &str, text: String| std::fs::write(dir.path().join(name), text).unwrap();
        write("kraken.jwks", json!({"keys": [kraken.jwk]}).to_string());
        write("signing.pem", TestKey::new("unused").pem);
        write("secrets.key", wire::seal::new_age_key().expose_secret().to_owned());
        let database = database(&dir);
        let issuer = Issuer::start().await;
        issuer.publish_every_kind();
        let issuers_page = IssuersPage::open(&issuer).await;
        let door = Door::new(issuer, issuers_page, kraken);
        let app = Self {
            backend: Remembering::default(),
            dir,
            database,
            pace,
            heads: "heads",
            flags: Vec::new(),
            own: None,
            door,
            running: None,
        };
        app.break_glass(&[(OPERATOR, &policy::Scope::ALL)]);
        app
    }

    /// Lets these tokens in, each as `olga` with its scopes.
    pub(crate) fn break_glass(&self, entries: &[(&str, &[policy::Scope])]) {
        let entries: Vec<_> = entries
            .iter()
            .map(|(token, scopes)| {
                let scopes: Vec<&str> = scopes.iter().map(|scope| scope.name()).collect();
                let digest = canonical::hex(&Sha256::digest(token));
                json!({"operator": "olga", "token_sha256": digest, "scopes": scopes, "not_after": "2100-01-01T00:00:00Z"})
            })
            .collect();
        std::fs::write(self.file("glass.json"), json!({"entries": entries}).to_string()).unwrap();
    }

    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts a server on what the last one left.
    pub(crate) async fn run(&mut self) {
        let (running, url) = self.launch(&self.database.url()).await;
        (self.running, self.door.url) = (Some(running), url);
        self.door.until_ready().await;
    }

    /// Starts one more server on the same store.
    pub(crate) async fn replica(&self) -> Replica {
        self.replica_on(&self.database.url()).await
    }

    /// Starts one more server, on this store.
    pub(crate) async fn replica_on(&self, store: &str) -> Replica {
        let (running, url) = self.launch(store).await;
        let door = Door { url, ..self.door.clone() };
        door.until_ready().await;
        Replica { door, running }
    }

    async fn launch(&self, store: &str) -> (Running, String) {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (args, own, remembering) = (self.args(&url, store), self.own, self.backend.clone());
        let (pace, shutdown) = (self.pace.clone(), CancellationToken::new());
        let runtime = Builder::new_multi_thread().worker_threads(WORKERS).enable_all().build().unwrap();
        let stop = shutdown.clone();
        let task = runtime.spawn(async move {
            let base = Base::open(&args).await.unwrap();
            let backend: Arc<dyn Backend> = match own {
                Some(_) => Arc::from(from_args(&args, base.supply(), base.rollouts()).await.unwrap()),
                None => Arc::new(remembering),
            };
            let ready = Ready::over(base, &args, backend, pace).await.unwrap();
            ready.serve(TcpListener::from_std(listener).unwrap(), stop).await.unwrap();
        });
        (Running { runtime: Some(runtime), task, shutdown }, url)
    }

    fn args(&self, url: &str, store: &str) -> Args {
        let file = |name: &str| self.file(name).display().to_string();
        let own = [
            "mcp-server".to_owned(),
            format!("--public-url={url}"),
            format!("--oidc-issuer={}", self.issuer.url),
            "--mcp-client=agents".to_owned(),
            format!("--kraken-keys={}", file("kraken.jwks")),
            format!("--signing-key-file={}", file("signing.pem")),
            format!("--trail-heads-dir={}", file(self.heads)),
            format!("--break-glass-file={}", file("glass.json")),
            format!("--secrets-key-file={}", file("secrets.key")),
            format!("--store-file={}", self.store_file(store).display()),
            format!("--backend={}", self.own.unwrap_or("kubernetes")),
        ];
        Args::parse_from(own.into_iter().chain(self.flags.iter().map(ToString::to_string)))
    }

    /// A file that holds a store's address.
    fn store_file(&self, store: &str) -> PathBuf {
        let file = self.file(&format!("store-address-{}", uuid::Uuid::now_v7().simple()));
        std::fs::write(&file, format!("{store}\n")).unwrap();
        file
    }

    /// A door of its own for a task of its own.
    pub(crate) fn door(&self) -> Door {
        self.door.clone()
    }

    /// Stops the server where it is, as a machine that swaps or a debugger would, until the answer is dropped.
    pub(crate) fn pause(&self) -> Paused {
        Paused::of(self.running.as_ref().unwrap())
    }

    /// Ends the server as a kill would: nothing of it is asked, and nothing of it goes on.
    pub(crate) async fn kill(&mut self) {
        let runtime = self.running.take().unwrap().runtime.take().unwrap();
        tokio::task::spawn_blocking(move || runtime.shutdown_timeout(PATIENCE)).await.unwrap();
    }

    /// Kills it while the backend holds what was asked; whoever asked hears nothing.
    pub(crate) async fn die_in<T>(&mut self, asking: JoinHandle<T>) {
        self.backend.until_waiting(1).await;
        asking.abort();
        self.kill().await;
        self.backend.go_on();
    }

    /// Ends the server as an operator would.
    pub(crate) async fn stop(&mut self) {
        self.running.take().unwrap().stop().await;
    }
}

impl Running {
    async fn stop(mut self) {
        self.shutdown.cancel();
        (&mut self.task).await.unwrap();
    }
}

/// Threads of a server that stand still for as long as this lives.
pub(crate) struct Paused(#[expect(dead_code, reason = "dropping it lets the threads go on")] Vec<Sender<()>>);

impl Paused {
    fn of(running: &Running) -> Self {
        let runtime = running.runtime.as_ref().unwrap();
        let stop = |_| {
            let (let_go, wait) = channel::<()>();
            runtime.spawn(async move { wait.recv() });
            let_go
        };
        Self((0..WORKERS).map(stop).collect())
    }
}

impl Replica {
    /// Stops the server where it is, until the answer is dropped.
    pub(crate) fn pause(&self) -> Paused {
        Paused::of(&self.running)
    }

    /// Ends the server as an operator would.
    pub(crate) async fn stop(self) {
        self.running.stop().await;
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // A runtime must not wait for its end inside another one.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl Deref for App {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

impl Deref for Replica {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

/// A temporary folder, in memory where the machine has one: every commit waits for its disk.
fn folder() -> TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

/// Waits until `holds`.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut holds: impl FnMut() -> F) {
    let began = std::time::Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
