//! The modules of a tentacle that is tested: as the author's own Deno has them, held to the lock. Nothing is fetched.

use super::TestError;
use serde_json::{Map, Value};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use workflow::{Modules, Registry};

/// Where the engine looks for what was fetched.
const CACHE: &str = "cache";

/// Lays them into a folder, as the engine looks for them (`engine/modules.ts`); answers that folder, and the cache that is to be
/// found in it.
pub(super) fn lay(folder: &Path, modules: &Modules, deno: &Path) -> Result<(PathBuf, PathBuf), TestError> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(Modules::LOCK), modules.lock())?;
    let registries: Map<String, Value> = modules
        .registries()
        .into_iter()
        .map(|registry| (registry.word().to_owned(), address(registry)))
        .collect();
    fs::write(folder.join("registries.json"), Value::Object(registries).to_string())?;
    fs::create_dir(folder.join(CACHE))?;
    Ok((folder.to_path_buf(), cache(deno)?))
}

/// Has the cache found in the folder by a link, where no walls put it there.
pub(super) fn link((folder, cache): &(PathBuf, PathBuf)) -> Result<(), TestError> {
    let at = folder.join(CACHE);
    fs::remove_dir(&at)?;
    Ok(symlink(cache, at)?)
}

/// Where the author's Deno gets them; nothing where it is the registry that it knows by itself.
fn address(registry: Registry) -> Value {
    let variable = match registry {
        Registry::Npm => "NPM_CONFIG_REGISTRY",
        Registry::Jsr => "JSR_URL",
    };
    std::env::var(variable).map_or(Value::Null, Value::String)
}

/// Where the author's Deno keeps them.
fn cache(deno: &Path) -> Result<PathBuf, TestError> {
    let told = Command::new(deno).args(["info", "--json", "--no-config"]).output()?;
    let told: Value = serde_json::from_slice(&told.stdout).unwrap_or_default();
    let folder = told.get("denoDir").and_then(Value::as_str).map(PathBuf::from);
    folder.ok_or_else(|| TestError::Broke("Deno does not say where it keeps modules".to_owned()))
}
