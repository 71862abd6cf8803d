//! The flags of modules.

use clap::Args;
use url::Url;

/// Where modules come from. What is not named here nothing comes from: there are no registries that everybody means.
#[derive(Debug, Clone, Args)]
pub struct ModuleArgs {
    /// The npm registry from which the modules of a tentacle are fetched when it is deployed, e.g.
    /// `https://npm.example/`; without it none come from npm.
    #[arg(long, env = "TENTACULAR_MODULE_REGISTRY_NPM")]
    pub module_registry_npm: Option<Url>,
    /// The same for JSR.
    #[arg(long, env = "TENTACULAR_MODULE_REGISTRY_JSR")]
    pub module_registry_jsr: Option<Url>,
    /// How many seconds fetching the modules of a version may take.
    #[arg(long, env = "TENTACULAR_MODULE_SECONDS", default_value_t = 120, value_parser = clap::value_parser!(u32).range(1..=600))]
    pub module_seconds: u32,
}

impl ModuleArgs {
    /// Adds what cannot be used.
    pub(super) fn check(&self, problems: &mut Vec<String>) {
        let given = [("npm", &self.module_registry_npm), ("jsr", &self.module_registry_jsr)];
        for (name, url) in given {
            let Some(url) = url else { continue };
            let plain = matches!(url.scheme(), "http" | "https") && url.host().is_some();
            let more = !url.username().is_empty()
                || url.password().is_some()
                || url.query().is_some()
                || url.fragment().is_some();
            if !plain || more {
                problems.push(format!(
                    "--module-registry-{name} must be an http(s) address, without a name, a password or a question"
                ));
            }
        }
    }
}
