#![doc = include_str!("../README.md")]

mod approval;
mod assertions;
pub mod backend;
mod call;
mod carrier;
mod config;
mod differences;
pub mod gate;
mod git_secrets;
mod github;
mod hooks;
mod http;
pub mod identity;
mod kept_source;
mod keyed_lock;
mod lifecycle;
mod mcp;
mod metrics;
mod mirror;
mod modules;
mod observation;
mod pace;
mod page;
mod progress;
mod putting_back;
mod reconcile;
mod records;
mod restoring;
mod review;
mod rollout;
mod runs;
mod serve;
mod server;
mod state;
pub mod store;
mod streams;
mod supply;
mod telemetry;
mod tools;
pub mod trail;
mod triggers;

pub use backend::attend;
pub use config::{
    Args, BackendKind, ConfigError, GithubArgs, KubernetesArgs, ModuleArgs, SandboxKind, StateArgs,
};
pub use modules::ModulesError;
pub use pace::{KeyPace, Pace, TriggerPace};
pub use rollout::{LastTurn, Rollouts, Turn};
pub use serve::{Base, Ready, ServeError};
pub use supply::{Supply, SupplyError};
pub use tools::{ToolActions, tool_actions};

use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;

/// Logs to standard error as JSON lines; `RUST_LOG` says how much. The MCP library is kept quiet: it says several lines a
/// call, and below info it would write down whole requests; of its service's errors there are none but that a client has gone.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let quiet = ["rmcp=warn", "rmcp::service=off", "hyper=info", "sqlx=warn"]
        .into_iter()
        .filter_map(|rule| rule.parse().ok());
    let filter = quiet.fold(filter, EnvFilter::add_directive);
    // A second call, from a program that logs already, changes nothing.
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Serves as `args` say until SIGINT or SIGTERM.
///
/// # Errors
/// Says which part cannot be used.
pub async fn run(args: Args) -> Result<(), ServeError> {
    args.check()?;
    // Several crates bring TLS; one of them provides the cryptography for all. A second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let base = Base::open(&args).await?;
    let backend = Arc::from(backend::from_args(&args, base.supply(), base.rollouts()).await?);
    let listener =
        TcpListener::bind(args.bind).await.map_err(|error| ServeError::Network(error.to_string()))?;
    let ready = Ready::over(base, &args, backend, Pace::default()).await?;
    tracing::info!(bind = %args.bind, url = %args.public_url, "serving");
    let shutdown = CancellationToken::new();
    let stop = shutdown.clone();
    let mut ask_to_stop =
        signal(SignalKind::terminate()).map_err(|error| ServeError::Network(error.to_string()))?;
    tokio::spawn(async move {
        tokio::select! {
            _ = ask_to_stop.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        stop.cancel();
    });
    ready.serve(listener, shutdown).await
}
