//! The commands, as they are typed.

mod bench;
mod doctor;
mod lint;
mod test;
mod up;

use std::process::ExitCode;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::guard;

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
    /// Say what this machine has and lacks
    Doctor(doctor::Arguments),
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
        Command::Doctor(arguments) => doctor::run(&arguments),
        Command::Guard(order) => return guard::guard(&order),
    }
    .map(|()| ExitCode::SUCCESS)
}
