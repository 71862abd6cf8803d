//! `tntc new` and `tntc scaffolds`.

use super::Context;
use crate::failed::Failed;
use crate::output::{View, tell};
use serde::Serialize;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use workflow::TentacleName;
use workflow::scaffold::{Scaffold, ScaffoldFile};

/// What to make.
#[derive(Debug, clap::Args)]
pub(crate) struct New {
    /// The tentacle's name; its folder is called the same
    name: TentacleName,
    /// What it begins as: see `tntc scaffolds`
    #[arg(short, long, value_name = "SCAFFOLD", default_value = "hello", value_parser = scaffold)]
    scaffold: Scaffold,
    /// The folder in which its own is made
    #[arg(long, value_name = "FOLDER", default_value = ".")]
    within: PathBuf,
}

/// The list of scaffolds.
#[derive(Debug, clap::Args)]
pub(crate) struct Scaffolds {}

/// Why a tentacle is not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NewError {
    /// Somebody's work is there.
    #[error("`{0}` is there already, and nothing in it is touched")]
    There(PathBuf),
    /// The disk says no.
    #[error("`{0}` cannot be written: {1}")]
    Io(PathBuf, io::Error),
}

fn scaffold(text: &str) -> Result<Scaffold, String> {
    let names = Scaffold::ALL.map(Scaffold::name).join(", ");
    Scaffold::named(text).ok_or_else(|| format!("there is no such scaffold; there are {names}"))
}

impl New {
    pub(crate) fn run(&self, _: &Context) -> Result<(), Failed> {
        let folder = self.within.join(self.name.as_str());
        let files = self.scaffold.files(&self.name);
        write(&folder, &files)?;
        let shown = folder.display();
        tell(&format!("made `{shown}` from {}:", self.scaffold.name()));
        for file in &files {
            tell(&format!("  {}", file.path));
        }
        tell(&format!(
            "next: read {shown}/README.md, then `tntc test {shown}`, then `tntc deploy {shown} -e <enclave>`"
        ));
        Ok(())
    }
}

fn write(folder: &Path, files: &[ScaffoldFile]) -> Result<(), NewError> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(NewError::There(folder.to_owned()));
        }
        made => made.map_err(|error| NewError::Io(folder.to_owned(), error))?,
    }
    for file in files {
        let path = folder.join(file.path);
        let failed = |error| NewError::Io(path.clone(), error);
        fs::create_dir_all(path.parent().unwrap_or(folder)).map_err(failed)?;
        let mut made = OpenOptions::new().write(true).create_new(true).open(&path).map_err(failed)?;
        made.write_all(file.text.as_bytes()).map_err(failed)?;
    }
    Ok(())
}

#[derive(Debug, Serialize)]
struct Listed {
    scaffolds: Vec<One>,
}

#[derive(Debug, Serialize)]
struct One {
    name: &'static str,
    description: &'static str,
}

impl Scaffolds {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let one = |scaffold: Scaffold| One { name: scaffold.name(), description: scaffold.description() };
        let listed = Listed { scaffolds: Scaffold::ALL.map(one).into() };
        let view = |listed: &Listed| {
            let rows = listed.scaffolds.iter().map(|it| [it.name.to_owned(), it.description.to_owned()]);
            View::new().table(["NAME", "WHAT IT IS"], rows, "there are none")
        };
        Ok(context.output.show(&listed, view)?)
    }
}
