//! Deno: the exact version that tentacles run on, from its npm package for this platform.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use serde::Deserialize;

use crate::cache::Entry;
use crate::place::Place;
use crate::process;

/// The version of the engine's runtime.
const VERSION: &str = "2.9.6";

/// Its package for the one platform whose archive's digest is known here.
const PACKAGE: &str = "@deno/linux-x64-glibc";
const INTEGRITY: &str =
    "sha512-3md4TKLCuzsLDmfOoC5KN7NAZaxSVkMgm64vg6foD00JBADCpYS2/5QqXfzgnP5ZQz3iLP9vBQJtEgc116OAoQ==";

/// What `npm pack --json` says about the archive that it fetched.
#[derive(Deserialize)]
struct Packed {
    filename: String,
    integrity: String,
}

/// The program, if it is there already: an installed one of exactly this version, or the cached one.
pub(super) fn find(place: &Place) -> Option<PathBuf> {
    installed().or_else(|| place.cache.find(&key()).map(program))
}

/// The program.
pub(super) fn install(place: &Place) -> Result<PathBuf> {
    if let Some(there) = find(place) {
        return Ok(there);
    }
    if std::env::consts::ARCH != "x86_64" {
        bail!("on this architecture install Deno {VERSION} by hand, so that `deno` is found");
    }
    let entry = Entry { key: &key(), announcement: "the runtime of tentacles, from npm, seconds" };
    place.cache.get(&entry, |folder| fetch(folder, place)).map(program)
}

fn key() -> String {
    format!("deno-{VERSION}")
}

fn program(folder: PathBuf) -> PathBuf {
    folder.join("package/deno")
}

fn installed() -> Option<PathBuf> {
    let deno = which::which("deno").ok()?;
    let version = process::answer(Command::new(&deno).arg("--version"))?;
    version.starts_with(&format!("deno {VERSION} ")).then_some(deno)
}

fn fetch(folder: &Path, place: &Place) -> Result<()> {
    which::which("npm").context("npm is missing: `cargo xtask doctor` says how to get it")?;
    let mut pack = Command::new("npm");
    pack.current_dir(folder).args(["pack", "--json", "--loglevel=error", &format!("{PACKAGE}@{VERSION}")]);
    let packed: Vec<Packed> =
        serde_json::from_str(&process::output(&pack)?).context("npm's answer is unreadable")?;
    let packed = packed.first().context("npm fetched nothing")?;
    if packed.integrity != INTEGRITY {
        bail!("{PACKAGE}@{VERSION} is not what it was: {} instead of {INTEGRITY}", packed.integrity);
    }
    let mut unpack = Command::new("tar");
    unpack.current_dir(folder).args(["--extract", "--gzip", "--file", &packed.filename]);
    process::run_quietly(&unpack, &place.log("deno"))?;
    Ok(std::fs::remove_file(folder.join(&packed.filename))?)
}
