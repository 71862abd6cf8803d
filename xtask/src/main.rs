#![doc = include_str!("../README.md")]

mod cache;
mod cgroups;
mod commands;
mod console;
mod debian;
mod environment;
mod guard;
mod house_rules;
mod layering;
mod place;
mod ports;
mod process;
mod report;
mod secret;
mod servers;
mod tools;
mod workspace;

use std::process::ExitCode;

fn main() -> ExitCode {
    commands::run().unwrap_or_else(|error| {
        console::complain(&format!("error: {error:#}"));
        ExitCode::FAILURE
    })
}
