//! Programs that are built from a Go module of this repository: its `go.sum` pins every source file.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::cache::{self, Entry};
use crate::place::Place;
use crate::process;

/// How to build one.
pub(super) struct Program<'a> {
    /// The program's name.
    pub(super) name: &'a str,
    /// The version of what is built, for the cache's key.
    pub(super) version: &'a str,
    /// The module's folder in this repository.
    pub(super) module: &'a str,
    /// The module's own sources, beside `go.mod` and `go.sum`.
    pub(super) sources: &'a [&'a str],
    /// The package to build.
    pub(super) package: &'a str,
    /// Strings to set in it: the variable's path and its value.
    pub(super) stamps: &'a [(&'a str, &'a str)],
    /// What is changed in the sources of somebody else's module.
    pub(super) patch: Option<Patch<'a>>,
    /// What is said before it is built.
    pub(super) announcement: &'a str,
}

/// One place that is changed in a file of a module. The module's own copy is left as it is.
#[derive(Clone, Copy)]
pub(super) struct Patch<'a> {
    pub(super) module: &'a str,
    pub(super) file: &'a str,
    pub(super) old: &'a str,
    pub(super) new: &'a str,
}

/// The program's path, when it was built before.
pub(super) fn find(program: &Program<'_>, place: &Place) -> Result<Option<PathBuf>> {
    let folder = place.cache.find(&key(program, place)?);
    Ok(folder.map(|folder| folder.join(program.name)))
}

/// The program's path, built first if it has to be.
pub(super) fn build(program: &Program<'_>, place: &Place) -> Result<PathBuf> {
    let entry = Entry { key: &key(program, place)?, announcement: program.announcement };
    let folder = place.cache.get(&entry, |folder| compile(program, &folder.join(program.name), place))?;
    Ok(folder.join(program.name))
}

fn key(program: &Program<'_>, place: &Place) -> Result<String> {
    let files = ["go.mod", "go.sum"].iter().chain(program.sources);
    let files: Vec<_> = files.map(|file| place.root.join(program.module).join(file)).collect();
    let patched = if program.patch.is_some() { "-patched" } else { "" };
    Ok(format!("{}-{}{patched}-{}", program.name, program.version, cache::digest(&files)?))
}

fn compile(program: &Program<'_>, into: &Path, place: &Place) -> Result<()> {
    let scratch = tempfile::Builder::new().prefix("tentacular-go-").tempdir()?;
    which::which("go").context("Go is missing: `cargo xtask doctor` says how to get it")?;
    let mut go = Command::new("go");
    go.current_dir(place.root.join(program.module))
        .env("CGO_ENABLED", "0")
        .env("GOFLAGS", "")
        .env("GOWORK", "off");
    let stamps = program.stamps.iter().map(|(variable, value)| format!(" -X {variable}={value}"));
    go.args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
        .arg(format!("-s -w{}", stamps.collect::<String>()));
    if let Some(patch) = &program.patch {
        go.arg("-modfile").arg(changed(patch, program, scratch.path(), place)?);
    }
    go.arg("-o").arg(into).arg(program.package);
    process::run_quietly(&go, &place.log(&format!("{}-build", program.name)))
}

/// Makes a changed copy of the module in `folder`; answers a `go.mod` that has it in the module's place.
fn changed(patch: &Patch<'_>, program: &Program<'_>, folder: &Path, place: &Place) -> Result<PathBuf> {
    let module = place.root.join(program.module);
    let mut list = Command::new("go");
    list.current_dir(&module).env("GOFLAGS", "-mod=mod").env("GOWORK", "off");
    let original = process::output(list.args(["list", "-m", "-f", "{{.Dir}}", patch.module]))?;
    let copy = folder.join("source");
    let log = place.log(&format!("{}-build", program.name));
    // What Go downloads nobody may write to.
    process::run_quietly(
        Command::new("cp").args(["--recursive", "--no-preserve=mode", original.trim()]).arg(&copy),
        &log,
    )?;
    let file = copy.join(patch.file);
    let text = fs::read_to_string(&file).with_context(|| file.display().to_string())?;
    if text.matches(patch.old).count() != 1 {
        bail!("{} is not as it was: `{}` is not in it once", patch.file, patch.old);
    }
    fs::write(&file, text.replace(patch.old, patch.new))?;
    let named = fs::read_to_string(module.join("go.mod"))?;
    let changed = folder.join("changed.mod");
    fs::write(&changed, format!("{named}\nreplace {} => {}\n", patch.module, copy.display()))?;
    fs::copy(module.join("go.sum"), folder.join("changed.sum"))?;
    Ok(changed)
}
