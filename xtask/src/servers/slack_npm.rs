//! Slack's official clients for Node and their framework Bolt, unmodified: more witnesses that the workspace stand-in behaves as
//! Slack does.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::{self, Entry};
use crate::place::Place;
use crate::process;

/// What they are, with the digest of each package.
const LISTS: [&str; 2] = ["package.json", "package-lock.json"];

/// The `node_modules` that has them.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    let lists = LISTS.map(|name| place.root.join("tests/slack_npm").join(name));
    let key = format!("slack-npm-{}", cache::digest(&lists)?);
    let announcement = "Slack's clients for Node, by npm, seconds";
    let folder = place.cache.get(&Entry { key: &key, announcement }, |folder| make(folder, &lists, place))?;
    Ok(folder.join("node_modules"))
}

fn make(folder: &Path, lists: &[PathBuf], place: &Place) -> Result<()> {
    which::which("npm").context("npm is missing: `cargo xtask doctor` says how to get it")?;
    for list in lists {
        let name = list.file_name().context("a list without a name")?;
        std::fs::copy(list, folder.join(name))?;
    }
    let mut npm = Command::new("npm");
    npm.current_dir(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    process::run_quietly(&npm, &place.log("slack-npm"))
}
