//! The Kraken's program: reads the configuration, then listens until it is told to stop.

use clap::Parser;
use kraken_bot::{Args, run, start_logging};
use tokio::runtime::Builder;

/// How much stack a worker has, in bytes: without optimisation all that a command could do lies there side by side.
const STACK: usize = 8 << 20;

fn main() -> anyhow::Result<()> {
    start_logging();
    let args = Args::parse();
    let runtime = Builder::new_multi_thread().thread_stack_size(STACK).enable_all().build()?;
    Ok(runtime.block_on(run(args))?)
}
