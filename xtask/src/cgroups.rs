//! Control groups of one name in every hierarchy, below which somebody else makes more: a node's kubelet those of pods.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

const ROOT: &str = "/sys/fs/cgroup";

/// The groups of one name.
#[derive(Debug)]
pub(crate) struct Cgroups {
    name: String,
}

impl Cgroups {
    /// Makes them, with the name of a folder that nobody else has.
    pub(crate) fn make(folder: &Path) -> Result<Self> {
        let name = folder.file_name().and_then(|name| name.to_str()).context("a folder without a name")?;
        for hierarchy in hierarchies()? {
            let group = hierarchy.join(name);
            fs::create_dir_all(&group).with_context(|| group.display().to_string())?;
            // Version 1: a group without these takes no process.
            for file in ["cpuset.cpus", "cpuset.mems"] {
                if group.join(file).exists() {
                    fs::write(group.join(file), fs::read(hierarchy.join(file))?)?;
                }
            }
        }
        Ok(Self { name: name.to_owned() })
    }

    /// Their name.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }
}

/// The one hierarchy of version 2, where that is all there is; else those of version 1, and one of version 2 beside them,
/// in which container runtimes make groups, too.
fn hierarchies() -> io::Result<Vec<PathBuf>> {
    const PROCESSES: &str = "cgroup.procs";
    if Path::new(ROOT).join(PROCESSES).exists() {
        return Ok(vec![ROOT.into()]);
    }
    let mut found = Vec::new();
    for entry in fs::read_dir(ROOT)? {
        let path = entry?.path();
        let is_link = fs::symlink_metadata(&path)?.file_type().is_symlink();
        if !is_link && path.join(PROCESSES).exists() {
            found.push(path);
        }
    }
    Ok(found)
}

/// Removes the groups of this name with all below them, as far as nobody is in them any more.
pub(crate) fn remove(name: &str) -> io::Result<()> {
    for hierarchy in hierarchies()? {
        remove_group(&hierarchy.join(name))?;
    }
    Ok(())
}

fn remove_group(group: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(group) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove_group(&entry.path())?;
        }
    }
    fs::remove_dir(group)
}
