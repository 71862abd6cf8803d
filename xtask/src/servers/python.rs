//! Environments of Python, each with what its list of requirements says and nothing else.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::cache::{self, Entry};
use crate::place::Place;
use crate::process;

/// The Python of the environment `name`, which has what `tests/<folder>/requirements.txt` lists, by digest.
pub(super) fn environment(name: &str, folder: &str, announcement: &str, place: &Place) -> Result<PathBuf> {
    let requirements = place.root.join("tests").join(folder).join("requirements.txt");
    let key = format!("{name}-{}", cache::digest(std::slice::from_ref(&requirements))?);
    let entry = Entry { key: &key, announcement };
    let folder = place.cache.get(&entry, |folder| make(folder, &requirements, &place.log(name)))?;
    Ok(folder.join("bin/python"))
}

fn make(folder: &Path, requirements: &Path, log: &Path) -> Result<()> {
    let mut environment = Command::new("python3");
    environment.args(["-m", "venv"]).arg(folder);
    process::run_quietly(&environment, log).context("on Debian: `apt-get install python3-venv`")?;
    let mut pip = Command::new(folder.join("bin/python"));
    pip.args(["-m", "pip", "install", "--quiet", "--require-hashes", "--requirement"]).arg(requirements);
    process::run_quietly(&pip, log)
}
