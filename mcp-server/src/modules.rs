//! Modules from registries: where they come from, and what was fetched.

mod answer;
mod files;
mod packed;

pub(crate) use answer::{ask, read, token};
pub(crate) use files::{FilesError, ModuleFiles};

use crate::config::ModuleArgs;
use serde_json::{Map, Value};
use std::collections::BTreeSet;
use std::time::Duration;
use url::{Host, Url};
use wire::{Failure, FailureCode};
use workflow::{Destination, Egress, Modules, Registry, Speaks};

/// Why a version cannot have its modules.
#[derive(Debug, thiserror::Error)]
pub enum ModulesError {
    /// The operator has named no such registry.
    #[error("it imports modules from {0}, and this server fetches none from there")]
    NoRegistry(&'static str),
    /// The registries, or what is between, say no.
    #[error("its modules could not be fetched: {0}")]
    Refused(String),
    /// More than may be.
    #[error("its modules are too large: {0}")]
    TooLarge(String),
    /// It took too long.
    #[error("its modules were not there after {} s", .0.as_secs())]
    TooSlow(Duration),
    /// What lies on disk is not what was fetched.
    #[error("its modules are not what was fetched: deploy it again")]
    Altered,
}

impl ModulesError {
    /// The failure as the caller hears it.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        let told = |code| Failure::new(code, self.to_string());
        match &self {
            Self::NoRegistry(name) => told(FailureCode::Unavailable)
                .with_remedy(format!("an operator names the registry with --module-registry-{name}")),
            Self::Refused(_) => told(FailureCode::Unavailable)
                .with_remedy("what ran before runs on; deploy again when the reason is gone"),
            Self::TooLarge(_) => told(FailureCode::Invalid).with_remedy("import less, or smaller packages"),
            Self::TooSlow(_) => told(FailureCode::TimedOut)
                .with_remedy("try again, or an operator gives it more time with --module-seconds"),
            Self::Altered => told(FailureCode::Conflict),
        }
    }
}

/// The registries that the operator has named.
#[derive(Debug, Clone, Default)]
pub(crate) struct Registries {
    npm: Option<Url>,
    jsr: Option<Url>,
    /// How long fetching may take.
    pub(crate) within: Duration,
}

impl Registries {
    /// Those of the configuration.
    pub(crate) fn of(args: &ModuleArgs) -> Self {
        Self {
            npm: args.module_registry_npm.clone().map(as_folder),
            jsr: args.module_registry_jsr.clone().map(as_folder),
            within: Duration::from_secs(args.module_seconds.into()),
        }
    }

    fn get(&self, registry: Registry) -> Option<&Url> {
        match registry {
            Registry::Npm => self.npm.as_ref(),
            Registry::Jsr => self.jsr.as_ref(),
        }
    }

    /// The first registry that these need and that has not been named.
    pub(crate) fn missing(&self, modules: &Modules) -> Option<ModulesError> {
        let missing = modules.registries().into_iter().find(|registry| self.get(*registry).is_none());
        missing.map(|registry| ModulesError::NoRegistry(registry.word()))
    }

    /// What whoever fetches these may reach.
    pub(crate) fn egress(&self, modules: &Modules) -> BTreeSet<Egress> {
        let needed = modules.registries();
        needed.iter().filter_map(|registry| self.get(*registry)).filter_map(egress).collect()
    }

    /// `{"npm": "https://npm.example/"}`, of those that these need.
    pub(crate) fn json(&self, modules: &Modules) -> String {
        let needed = modules.registries();
        let named =
            needed.iter().filter_map(|it| Some((it.word().to_owned(), self.get(*it)?.as_str().into())));
        Value::Object(named.collect::<Map<String, Value>>()).to_string()
    }
}

/// What is asked for stands behind the address.
fn as_folder(mut url: Url) -> Url {
    if !url.path().ends_with('/') {
        let path = format!("{}/", url.path());
        url.set_path(&path);
    }
    url
}

fn egress(url: &Url) -> Option<Egress> {
    let host = match url.host()? {
        Host::Domain(name) => name.to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    };
    let speaks = if url.scheme() == "https" { Speaks::Tls } else { Speaks::Http };
    Some(Egress { to: Destination::Host(host), port: url.port_or_known_default(), speaks })
}
