//! The server's program: reads the configuration, then serves until it is told to stop.

use clap::Parser;
use mcp_server::{Args, attend, run, start_logging};
use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    if let Some(ended) = attend() {
        return Ok(ended);
    }
    start_logging();
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(run(Args::parse()))?;
    Ok(ExitCode::SUCCESS)
}
