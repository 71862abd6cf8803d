//! The server as a process of its own, and what the machine says about it.

use crate::idle::Idle;
use crate::issuer::{Issuer, TestKey};
use clap::Parser;
use mcp_server::{Args, Ready};
use serde_json::json;
use std::path::Path;
use std::process::{Child, Command};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// Set in the environment of the process that is the server.
pub(crate) const AS_SERVER: &str = "TENTACULAR_BENCH_AS_SERVER";

/// The machine's clock ticks a second (`getconf CLK_TCK`), which Linux fixes for programs.
const TICKS: f64 = 100.0;

pub(crate) struct Served {
    child: Child,
    pub(crate) endpoint: String,
}

impl Served {
    /// Starts this program again as a server on what is in `dir`.
    pub(crate) async fn start(dir: &Path, issuer: &Issuer) -> Self {
        if !dir.join("signing.pem").exists() {
            std::fs::write(dir.join("signing.pem"), TestKey::new("unused").pem).unwrap();
            let keys = json!({"keys": [TestKey::new("kraken").jwk]}).to_string();
            std::fs::write(dir.join("kraken.jwks"), keys).unwrap();
        }
        let free = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bind = free.local_addr().unwrap();
        drop(free);
        let file = |name: &str| dir.join(name).display().to_string();
        let child = Command::new(std::env::current_exe().unwrap())
            .env(AS_SERVER, "1")
            .env("RUST_LOG", "warn")
            .env("TENTACULAR_BIND", bind.to_string())
            .env("TENTACULAR_PUBLIC_URL", format!("http://{bind}"))
            .env("TENTACULAR_OIDC_ISSUER", &issuer.url)
            .env("TENTACULAR_MCP_CLIENTS", "agents")
            .env("TENTACULAR_KRAKEN_KEYS", file("kraken.jwks"))
            .env("TENTACULAR_SIGNING_KEY_FILE", file("signing.pem"))
            .env("TENTACULAR_TRAIL_HEADS_DIR", file("heads"))
            .env("TENTACULAR_STORE", format!("sqlite:{}", file("store.db")))
            .env("TENTACULAR_BACKEND", "kubernetes")
            .spawn()
            .unwrap();
        let server = Self { child, endpoint: format!("http://{bind}") };
        while !reqwest::get(format!("{}/readyz", server.endpoint))
            .await
            .is_ok_and(|it| it.status().is_success())
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        server
    }

    /// Ends it and waits until it is gone.
    pub(crate) fn stop(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Resident memory.
    pub(crate) fn memory_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// Processor time so far, in seconds.
    pub(crate) fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // After the name in parentheses: fields 14 and 15 are user and system time (proc(5)).
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        let ticks = |place: usize| fields.get(place).unwrap().parse::<f64>().unwrap();
        (ticks(11) + ticks(12)) / TICKS
    }
}

/// What the process does that is the server.
pub(crate) async fn serve() {
    let args = Args::parse_from(["mcp-server"]);
    let listener = TcpListener::bind(args.bind).await.unwrap();
    let ready = Ready::new(&args, Arc::new(Idle)).await.unwrap();
    ready.serve(listener, CancellationToken::new()).await.unwrap();
}
