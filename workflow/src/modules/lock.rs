//! Reading `deno.lock`, of which only what pins modules is kept.

use super::{Module, Modules, Registry};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The format that is read: that of Deno 2.3 and later.
const FORMAT: &str = "5";

/// A lock that can be held to.
#[derive(Debug, Default)]
pub(super) struct Lock {
    /// Which version stands for what is imported: `npm:left@^1.2.0` and its version.
    pub(super) specifiers: BTreeMap<String, String>,
    pub(super) packages: BTreeSet<Module>,
    /// The text that Deno is given.
    pub(super) text: String,
}

#[derive(Debug, Default, Deserialize)]
struct File {
    #[serde(default)]
    version: String,
    #[serde(default)]
    specifiers: BTreeMap<String, String>,
    #[serde(default)]
    jsr: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    npm: BTreeMap<String, Map<String, Value>>,
    #[serde(default)]
    remote: Map<String, Value>,
    #[serde(default)]
    redirects: Map<String, Value>,
}

impl Lock {
    /// Reads a lock.
    ///
    /// # Errors
    /// Says why nothing can be held to it.
    pub(super) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut file: File =
            serde_json::from_slice(bytes).map_err(|error| format!("it cannot be read: {error}"))?;
        if file.version != FORMAT {
            return Err(format!(
                "its version is \"{}\": version {FORMAT} is read, which Deno 2.3 and later make",
                file.version
            ));
        }
        if !file.remote.is_empty() || !file.redirects.is_empty() {
            let first = file.remote.keys().chain(file.redirects.keys()).next().cloned().unwrap_or_default();
            return Err(format!(
                "it pins \"{first}\": modules come from npm and jsr, and not from addresses"
            ));
        }
        let count = file.jsr.len() + file.npm.len();
        if count > Modules::MOST {
            return Err(format!("it pins {count} packages: a tentacle has at most {}", Modules::MOST));
        }
        let mut packages = BTreeSet::new();
        for (registry, entries) in [(Registry::Jsr, &file.jsr), (Registry::Npm, &file.npm)] {
            for (name, entry) in entries {
                packages.insert(module(registry, name, entry)?);
            }
        }
        // Whose copy of the registry the author has used is of no meaning for whoever fetches.
        for entry in file.npm.values_mut() {
            entry.remove("tarball");
        }
        let File { specifiers, jsr, npm, .. } = file;
        let text = json!({"version": FORMAT, "specifiers": specifiers, "jsr": jsr, "npm": npm}).to_string();
        Ok(Self { specifiers, packages, text })
    }

    /// The one version of a package that the lock has; nothing where it has none, or several.
    pub(super) fn only(&self, registry: Registry, package: &str) -> Option<&str> {
        let its = |module: &&Module| module.registry == registry && module.package == package;
        let versions: BTreeSet<&str> =
            self.packages.iter().filter(its).map(|module| module.version.as_str()).collect();
        versions.first().filter(|_| versions.len() == 1).copied()
    }
}

/// A package by its name in the lock: `left@1.2.3`, and with what it was resolved against, `left@1.2.3_react@19.0.0`.
fn module(registry: Registry, name: &str, entry: &Map<String, Value>) -> Result<Module, String> {
    let shown: String = name.chars().take(100).collect();
    let at = name.get(1..).and_then(|rest| rest.find('@')).map(|at| at + 1);
    let parts = at.and_then(|at| Some((name.get(..at)?, name.get(at + 1..)?)));
    let (package, version) = parts.ok_or_else(|| format!("\"{shown}\" names no package and version"))?;
    let version = version.split('_').next().unwrap_or_default();
    if !super::is_package(registry, package) || !super::is_exact(version) {
        return Err(format!("\"{shown}\" names no package and version"));
    }
    let integrity = entry.get("integrity").and_then(Value::as_str).unwrap_or_default();
    let fits = match registry {
        Registry::Npm => {
            integrity.strip_prefix("sha512-").is_some_and(|rest| rest.len() == 88 && rest.is_ascii())
        }
        Registry::Jsr => integrity.len() == 64 && integrity.bytes().all(|byte| byte.is_ascii_hexdigit()),
    };
    if !fits {
        return Err(format!("\"{shown}\" has no digest that its content could be held to (integrity)"));
    }
    Ok(Module {
        registry,
        package: package.to_owned(),
        version: version.to_owned(),
        integrity: integrity.to_owned(),
    })
}
