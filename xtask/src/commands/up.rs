//! `cargo xtask up`: sees to a runtime and a sandbox, builds `tntc`, and becomes `tntc up`.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::place::Place;
use crate::servers::{self, Running, Server};
use crate::{console, process, workspace};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Arguments for `tntc up`
    #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
    rest: Vec<String>,
}

pub(super) fn run(arguments: &Arguments) -> Result<()> {
    let root = workspace::root()?;
    let metadata = workspace::metadata(&root)?;
    let Some(tntc) = workspace::member(&metadata, "tntc") else {
        bail!("this tree has no `tntc` yet, so there is nothing to start");
    };
    let place = Place::new(&root, metadata.target_directory.as_std_path())?;
    let found = find(&place)?;

    let mut build = workspace::cargo(&root, &["build", "--package", "tntc"]);
    if tntc.features.contains_key("up") {
        build.args(["--features", "up"]);
    }
    process::run(&build)?;

    let mut up = Command::new(metadata.target_directory.join("debug/tntc"));
    up.arg("up").args(&arguments.rest);
    found.tell(&mut up);
    // From here on `tntc` is this process: it gets Ctrl-C and it ends what it started.
    Err(up.exec()).context("`tntc` cannot be started")
}

/// Deno and every sandbox that is there; when there is none, the quickest that can be had.
fn find(place: &Place) -> Result<Running> {
    let mut needed: Vec<_> = servers::sandboxes(place)?.into_iter().map(|(sandbox, _)| sandbox).collect();
    if needed.is_empty() {
        console::complain("no sandbox is installed, and without one no code is run");
        let bwrap = Server::Bwrap.install(place);
        needed.push(if bwrap.is_ok() { Server::Bwrap } else { Server::Runsc });
    }
    needed.push(Server::Deno);
    servers::all(&needed, place)
}
