//! The modules of a tentacle that is tested: as the author's own Deno has them, held to the lock. Nothing is fetched.

use super::TestError;
use serde_json::{Map, Value};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use workflow::{Modules, Registry};

/// Lays them into a folder, as the engine looks for them (`engine/modules.ts`).
pub(super) fn lay(folder: &Path, modules: &Modules, deno: &Path) -> Result<(), TestError> {
    fs::create_dir_all(folder)?;
    fs::write(folder.join(Modules::LOCK), modules.lock())?;
    let registries: Map<String, Value> = modules
        .registries()
        .into_iter()
        .map(|registry| (registry.word().to_owned(), address(registry)))
        .collect();
    fs::write(folder.join("registries.json"), Value::Object(registries).to_string())?;
    symlink(cache(deno)?, folder.join("cache"))?;
    Ok(())
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
