//! Slack's official client for Python, unmodified: the witness that the workspace stand-in behaves as Slack does. In the
//! same environment: what the independent verifier of the trail needs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::{self, Entry};
use crate::place::Place;
use crate::process;

/// A Python that has them.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let requirements = place.root.join("tests/slack_sdk/requirements.txt");
    let key = format!("slack-sdk-{}", cache::digest(std::slice::from_ref(&requirements))?);
    let announcement = "a Python environment with `slack_sdk` and `cryptography`, by pip, seconds";
    let folder =
        place.cache.get(&Entry { key: &key, announcement }, |folder| make(folder, &requirements, place))?;
    Ok(folder.join("bin/python"))
}

fn make(folder: &Path, requirements: &Path, place: &Place) -> Result<()> {
    let log = place.log("slack-sdk");
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv"]).arg(folder);
    process::run_quietly(&environment, &log).context("on Debian: `apt-get install python3-venv`")?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--requirement"]).arg(requirements);
    process::run_quietly(&pip, &log)
}
