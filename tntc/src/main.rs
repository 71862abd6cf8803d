#![doc = include_str!("../README.md")]

mod caller;
mod cli;
mod commands;
mod confirm;
mod failed;
mod folder;
mod metadata;
mod output;
mod pages;
mod private_file;
mod secret_value;
mod server;
mod session;
mod sign_in;
#[cfg(feature = "up")]
mod up;
mod web;

use std::process::ExitCode;

fn main() -> ExitCode {
    #[cfg(feature = "up")]
    if let Some(ended) = mcp_server::attend().or_else(egress::attend) {
        return ended;
    }
    commands::run(cli::read())
}
