//! The commands, as they are typed.

mod bench;
mod doctor;
mod lint;
mod node;
mod test;
mod up;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::guard;
use crate::servers::node as node_server;

/// The developer's commands for Tentacular.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Start everything on this machine: builds, sets up what is missing, serves until Ctrl-C
    Up(up::Arguments),
    /// Run all checks and all tests, on real servers
    Test(test::Arguments),
    /// Measure, and print JSON lines
    Bench(bench::Arguments),
    /// Check what needs no server: format, clippy, layers, house rules, dependencies
    Lint,
    /// Start a whole Kubernetes node, as tests have it, and keep it until Ctrl-C
    Node,
    /// Say what this machine has and lacks
    Doctor(doctor::Arguments),
    /// Be the first process in a node's namespaces: used by the other commands
    #[command(hide = true)]
    NodeInside {
        /// What it is to start
        order: PathBuf,
    },
    /// Keep a program on a leash: used by the other commands
    #[command(hide = true)]
    Guard(guard::Order),
}

/// Does what the command line says.
pub(crate) fn run() -> Result<ExitCode> {
    match Arguments::parse().command {
        Command::Up(arguments) => up::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Lint => lint::run(),
        Command::Node => node::run(),
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::NodeInside { order } => return node_server::run_inside(&order),
        Command::Guard(order) => return guard::guard(&order),
    }
    .map(|()| ExitCode::SUCCESS)
}
