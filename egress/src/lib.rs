#![doc = include_str!("../README.md")]

mod address;
mod asked;
mod call;
mod config;
mod connect;
mod counted;
mod gateway;
mod hello;
mod listen;
mod permit;
mod preface;
mod proxy;
mod record;
mod refusal;
mod resolve;
mod shares;
mod tunnel;

pub use config::{Args, Bounds, Listen};
pub use gateway::{Gateway, GatewayError};
pub use listen::Serving;
pub use record::{Record, Records, Verdict};
pub use resolve::{Hosts, Resolver, System};

use clap::Parser;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::task::AbortOnDropHandle;
use tracing_subscriber::EnvFilter;
use wire::signing::PublicKeys;

/// The name under which a program that has the gateway in it becomes the gateway.
pub const NAME: &str = "egress";

/// How often it is looked whether the keys have changed.
const LOOK_AT_KEYS: Duration = Duration::from_secs(2);

/// How many threads may wait for answers about names: enough that many slow ones do not hold up the others.
const THREADS: usize = 2048;

/// Becomes the gateway when this process was started under its name; `None` when it was not.
#[must_use]
pub fn attend() -> Option<ExitCode> {
    let name = std::env::args_os().next()?;
    (Path::new(&name).file_name()? == NAME).then(main)
}

/// The whole program.
#[must_use]
pub fn main() -> ExitCode {
    start_logging();
    let args = Args::parse();
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = match builder.enable_all().max_blocking_threads(THREADS).build() {
        Ok(runtime) => runtime,
        Err(error) => {
            tracing::error!(%error, "the gateway does not run");
            return ExitCode::FAILURE;
        }
    };
    match runtime.block_on(run(args)) {
        Ok(()) => {
            // Reading standard input cannot be called off.
            runtime.shutdown_background();
            ExitCode::SUCCESS
        }
        Err(error) => {
            tracing::error!(%error, "the gateway does not run");
            runtime.shutdown_background();
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error as JSON lines; standard output is for the records of calls.
pub fn start_logging() {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info"));
    let _ = tracing_subscriber::fmt().json().with_env_filter(filter).with_writer(std::io::stderr).try_init();
}

/// Carries until SIGTERM, SIGINT, or the end of whoever started it.
///
/// # Errors
/// When the keys, the hosts or a place to listen at cannot be used.
pub async fn run(args: Args) -> Result<(), GatewayError> {
    let keys = PublicKeys::read(&args.pass_keys)?;
    let hosts = args.hosts.as_deref().map(Hosts::read).transpose()?.unwrap_or_default();
    let records = Records::to(tokio::io::stdout());
    let gateway = Arc::new(Gateway::new(keys, Arc::new(System::new(hosts)), records, args.bounds()));
    let serving = gateway.serve(&args.listen).await?;
    let _following = AbortOnDropHandle::new(tokio::spawn(follow(args.pass_keys.clone(), gateway)));
    let failed = |error: std::io::Error| GatewayError::Listen("signals".to_owned(), error);
    let mut terminated = signal(SignalKind::terminate()).map_err(failed)?;
    let drain = tokio::select! {
        _ = terminated.recv() => args.bounds().drain,
        _ = tokio::signal::ctrl_c() => args.bounds().drain,
        // Whoever would wait for it is gone.
        () = orphaned(args.guard_stdin) => Duration::ZERO,
    };
    serving.end(drain).await;
    Ok(())
}

/// Reads the keys again whenever their file has changed. One that cannot be used changes nothing.
async fn follow(path: PathBuf, gateway: Arc<Gateway>) {
    let stamp = || std::fs::metadata(&path).and_then(|file| Ok((file.modified()?, file.len()))).ok();
    let mut seen = stamp();
    loop {
        tokio::time::sleep(LOOK_AT_KEYS).await;
        let now = stamp();
        if now.is_none() || now == seen {
            continue;
        }
        seen = now;
        match PublicKeys::read(&path) {
            Ok(keys) => {
                tracing::info!(?keys, "passes are known by other keys from now on");
                gateway.know(keys);
            }
            Err(error) => tracing::error!(%error, "passes are known by the keys of before"),
        }
    }
}

/// Comes back when standard input ends, where that is what it is there for.
async fn orphaned(guard: bool) {
    if !guard {
        return std::future::pending().await;
    }
    let (mut input, mut part) = (tokio::io::stdin(), [0; 64]);
    while input.read(&mut part).await.is_ok_and(|count| count > 0) {}
}
