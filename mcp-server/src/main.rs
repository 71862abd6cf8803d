//! The server's program: reads the configuration, then serves until it is told to stop.

use clap::Parser;
use mcp_server::{Args, run, start_logging};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_logging();
    Ok(run(Args::parse()).await?)
}
