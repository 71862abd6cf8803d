//! `cargo xtask node`: a whole Kubernetes node, to look around in, or to run its tests again and again.

use std::fs;
use std::thread;

use anyhow::{Context as _, Result};

use crate::environment::Variable;
use crate::place::Place;
use crate::servers::{self, Server};
use crate::{console, process, workspace};

/// Starts it, says how to reach it, and waits.
pub(super) fn run() -> Result<()> {
    let root = workspace::root()?;
    let metadata = workspace::metadata(&root)?;
    let place = Place::new(&root, metadata.target_directory.as_std_path())?;
    process::run(&workspace::cargo(&root, &["build", "--package", "egress"]))?;
    let running = servers::all(&[Server::Kubernetes, Server::Runsc, Server::Node, Server::Deno], &place)?;
    let file = running.get(Variable::Node).context("the node says nothing of itself")?;
    console::complain(&fs::read_to_string(file)?);
    console::complain(&format!("{}={}", Variable::Node.name(), file.display()));
    console::complain("`nsenter --target PID --net --mount` goes there; Ctrl-C ends it");
    loop {
        thread::park();
    }
}
