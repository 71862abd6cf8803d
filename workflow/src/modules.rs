//! Modules from registries: what a tentacle's code imports, each pinned to one version and held to a digest by the tentacle's
//! `deno.lock`.

use crate::bundle::Bundle;
use crate::digest::{hex, sha256};
use crate::reach::{Contact, Reach};
use crate::workflow::Workflow;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fmt;

pub use asked::{Unmet, unmet};
pub(crate) use check::read;
pub use rule::ModuleRule;
pub(crate) use specifier::{is_exact, is_package};

mod asked;
mod check;
mod imports;
mod lexer;
mod lock;
mod rule;
mod specifier;

/// Where modules come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registry {
    /// JSR.
    Jsr,
    /// npm.
    Npm,
}

impl Registry {
    /// Both of them.
    pub const ALL: [Self; 2] = [Self::Jsr, Self::Npm];

    /// Its name, with which imports begin.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Jsr => "jsr",
            Self::Npm => "npm",
        }
    }
}

/// One package, as the lock pins it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Module {
    /// Where it comes from.
    pub registry: Registry,
    /// The package.
    pub package: String,
    /// The version.
    pub version: String,
    /// The digest to which its content is held: `sha512-` and base 64 for npm, SHA-256 in hexadecimal for JSR.
    pub integrity: String,
}

/// `npm:left@1.2.3 (sha512-WO5SWzNAWh1FcVWF…)`.
impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 23;
        let Self { registry, package, version, integrity } = self;
        let cut: String = integrity.chars().take(SHOWN).collect();
        write!(f, "{}:{package}@{version} ({cut}…)", registry.word())
    }
}

/// The modules of a version: what its code imports, and all that the lock brings with that. Without an import there are
/// none, whatever lock lies there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Modules {
    /// What code imports, word for word: each names one version.
    imports: BTreeSet<String>,
    /// Every package of the lock.
    packages: BTreeSet<Module>,
    /// The lock, with nothing in it but what pins modules.
    lock: String,
}

impl Modules {
    /// The lock's name within a tentacle's folder.
    pub const LOCK: &str = "deno.lock";
    /// The most packages of one tentacle.
    pub const MOST: usize = 300;

    /// Whether nothing is imported.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.imports.is_empty()
    }

    /// Every package that the lock pins, in a fixed order.
    pub fn packages(&self) -> impl Iterator<Item = &Module> {
        self.packages.iter()
    }

    /// The lock that whoever fetches and whoever loads is held to.
    #[must_use]
    pub fn lock(&self) -> &str {
        &self.lock
    }

    /// The registries that something comes from.
    #[must_use]
    pub fn registries(&self) -> BTreeSet<Registry> {
        self.packages.iter().map(|module| module.registry).collect()
    }

    /// The same where every package of it is approved; else none.
    pub(crate) fn within(&self, approved: &Reach) -> Self {
        let all = self.packages.iter().all(|module| approved.has(&Contact::Module(module.clone())));
        if all { self.clone() } else { Self::default() }
    }

    /// A program that imports all of it and does nothing: what is fetched for it is what the tentacle needs, and no code of
    /// the tentacle is there when it is fetched.
    #[must_use]
    pub fn entry(&self) -> String {
        entry(&self.imports)
    }

    /// Such a program for whatever the code of these files imports from registries, pinned or not: what a lock is made of.
    #[must_use]
    pub fn asked(workflow: &Workflow, bundle: &Bundle) -> String {
        let found = imports::of(bundle, workflow.nodes.values().map(|node| &node.path));
        let modules = found.into_iter().map(|found| found.specifier);
        entry(&modules.filter(|text| specifier::Specifier::read(text).is_some()).collect())
    }

    /// One name for all of it: two versions with the same digest need the same modules.
    #[must_use]
    pub fn digest(&self) -> String {
        format!("sha256:{}", hex(&sha256(format!("{}\0{}", self.entry(), self.lock).as_bytes())))
    }
}

fn entry(imports: &BTreeSet<String>) -> String {
    // INVARIANT: a specifier has no quotes and no line breaks: `specifier` takes none
    let line = |specifier: &String| match specifier.ends_with(".json") {
        true => format!("import \"{specifier}\" with {{ type: \"json\" }};\n"),
        false => format!("import \"{specifier}\";\n"),
    };
    imports.iter().map(line).collect()
}
