//! The Kraken's program: reads the configuration, then listens until it is told to stop.

use clap::Parser;
use kraken_bot::{Args, run, start_logging};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    start_logging();
    Ok(run(Args::parse()).await?)
}
