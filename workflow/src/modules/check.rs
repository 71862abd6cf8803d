//! Whether everything that code imports is in the contract and in the lock, with one version.

use super::imports::{self, Found};
use super::lock::Lock;
use super::specifier::{Specifier, lines};
use super::{ModuleRule, Modules, Registry};
use crate::bundle::Bundle;
use crate::contract::{Protocol, Target};
use crate::name::shown;
use crate::problem::{Position, Report};
use crate::workflow::Workflow;
use std::collections::BTreeSet;

/// What code may import without a registry: what is the engine's own.
const ENGINES: &str = "tentacular";

/// Reads the modules of a tentacle, and reports every import that cannot be held to anything.
pub(crate) fn read(workflow: &Workflow, bundle: &Bundle, report: &Report) -> Modules {
    let found = imports::of(bundle, workflow.nodes.values().map(|node| &node.path));
    let theirs = |found: &Found| found.specifier != ENGINES && !found.specifier.starts_with("node:");
    let found: Vec<Found> = found.into_iter().filter(theirs).collect();
    if found.is_empty() {
        return Modules::default();
    }
    let bytes = bundle.iter().find(|(path, _)| path.as_str() == Modules::LOCK).map(|(_, bytes)| bytes);
    let lock = bytes.map(Lock::read).transpose().unwrap_or_else(|why| {
        report.add_in(Modules::LOCK, Position::START, ModuleRule::Lock(why).into());
        None
    });
    let look = Look { workflow, lock: lock.as_ref(), unreadable: bytes.is_some() && lock.is_none() };
    let mut imports = BTreeSet::new();
    for Found { file, at, specifier } in found {
        match look.at(&specifier) {
            Ok(()) => {
                imports.insert(specifier);
            }
            Err(rule) => report.add_in(&file, at, rule.into()),
        }
    }
    let Lock { packages, text, .. } = lock.unwrap_or_default();
    Modules { imports, packages, lock: text }
}

struct Look<'a> {
    workflow: &'a Workflow,
    lock: Option<&'a Lock>,
    /// There is a lock of which something else was said already.
    unreadable: bool,
}

impl Look<'_> {
    fn at(&self, text: &str) -> Result<(), ModuleRule> {
        let Some(specifier) = Specifier::read(text) else { return Err(self.no_module(text)) };
        let Some(version) = specifier.exact() else { return Err(self.unpinned(text, &specifier)) };
        let Specifier { registry, package, .. } = specifier;
        let declared: Vec<&str> = self.declared(registry, package).collect();
        if !declared.contains(&version) {
            return Err(match declared.first() {
                Some(other) => ModuleRule::Other {
                    import: shown(text),
                    other: specifier.with(other),
                    version: shown(version),
                },
                None => {
                    ModuleRule::Undeclared { import: shown(text), lines: lines(registry, package, version) }
                }
            });
        }
        let pinned = self.lock.and_then(|lock| lock.specifiers.get(&specifier.key(version)));
        // behind the version stands what it was resolved against
        let same = |pin: &str| {
            pin.strip_prefix(version).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        match pinned {
            Some(pin) if same(pin) => Ok(()),
            None if self.unreadable => Ok(()),
            _ => Err(ModuleRule::NotLocked { import: shown(text) }),
        }
    }

    /// The versions of a package in the contract.
    fn declared(&self, registry: Registry, package: &str) -> impl Iterator<Item = &str> {
        self.workflow.contract.dependencies.values().filter_map(move |dependency| {
            let its = match dependency.protocol {
                Protocol::Jsr => registry == Registry::Jsr,
                Protocol::Npm => registry == Registry::Npm,
                _ => false,
            };
            match &dependency.target {
                Target::Module { package: named, version } if its && named == package => version.as_deref(),
                _ => None,
            }
        })
    }

    /// A name without a version, or with several: told with the one that the lock has, or the contract.
    fn unpinned(&self, text: &str, specifier: &Specifier<'_>) -> ModuleRule {
        let Specifier { registry, package, version, .. } = *specifier;
        let asked = specifier.key(version.unwrap_or("*"));
        let pinned = self.lock.and_then(|lock| {
            let pin = lock.specifiers.get(&asked).and_then(|pin| pin.split('_').next());
            pin.or_else(|| lock.only(registry, package))
        });
        let pin = pinned.or_else(|| self.declared(registry, package).next());
        ModuleRule::Unpinned { import: shown(text), pin: pin.map(|version| specifier.with(version)) }
    }

    /// What is neither a file nor a module of a registry.
    fn no_module(&self, text: &str) -> ModuleRule {
        if text.starts_with("https:") || text.starts_with("http:") {
            return ModuleRule::Address(shown(text));
        }
        let named = self.workflow.contract.dependencies.iter().find_map(|(name, dependency)| {
            let Target::Module { package, version } = &dependency.target else { return None };
            let meant = package == text || name.as_str() == text;
            let word = dependency.protocol.word();
            meant.then(|| format!("{word}:{package}@{}", version.as_deref().unwrap_or("<version>")))
        });
        ModuleRule::NoModule { import: shown(text), full: named }
    }
}
