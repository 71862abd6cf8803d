//! What the objects of a version are made from, besides its source.

use super::modules::Ready;
use super::{Tentacles, named};
use crate::backend::{BackendError, Version};
use crate::gate::target::OnTentacle;
use manifest::{ClusterSpec, Purpose, TentacleSpec};
use secrecy::{ExposeSecret, SecretString};
use std::collections::BTreeMap;
use workflow::{RunTokenHash, SecretName};

/// What a version is given.
pub(super) struct Supplied {
    cluster: ClusterSpec,
    token: RunTokenHash,
    pass: Option<SecretString>,
    secrets: BTreeMap<SecretName, String>,
    /// Its modules, which come later: they may have to be fetched.
    modules: Option<Ready>,
    /// A word that changes with it.
    pub(super) standing: String,
    passing: String,
    purpose: Purpose,
}

impl Tentacles {
    /// What a version is given that is made for this. The gateway tells a version on trial why it refuses.
    pub(super) async fn supplied(
        &self,
        target: &OnTentacle,
        version: &Version,
        purpose: Purpose,
    ) -> Result<Supplied, BackendError> {
        let sandbox = &version.sandbox;
        let cluster = self.site.spec(!sandbox.egress.is_empty()).await?;
        let token = self.supply.run_token(target.record.id, &named(target), &sandbox.version);
        let token = RunTokenHash::of(token.expose_secret());
        let secrets = self.supply.secrets(sandbox, &version.secrets).await?;
        let plan = serde_json::to_string(&sandbox.plan(&token))
            .map_err(|error| BackendError::Fault(error.to_string()))?;
        let standing = self.supply.standing(sandbox, plan, &secrets);
        let pass = self.supply.pass(sandbox, purpose == Purpose::Trial)?;
        let secrets = secrets.into_iter().map(|(name, value)| (name, value.expose_secret().to_owned()));
        let passing = self.supply.passing(&target.record.name, self.site.gateway_named());
        let secrets = secrets.collect();
        Ok(Supplied { cluster, token, pass, secrets, modules: None, standing, passing, purpose })
    }
}

impl Supplied {
    /// With the modules of the version.
    pub(super) fn with(mut self, modules: Option<Ready>) -> Self {
        self.modules = modules;
        self
    }

    /// Its modules, where there are any.
    pub(super) fn modules(&self) -> Option<&Ready> {
        self.modules.as_ref()
    }

    /// What is to be made of the version.
    pub(super) fn spec<'a>(&'a self, version: &'a Version) -> TentacleSpec<'a> {
        TentacleSpec {
            sandbox: &version.sandbox,
            bundle: &version.bundle,
            cluster: &self.cluster,
            token: self.token,
            pass: self.pass.as_ref().map(ExposeSecret::expose_secret),
            secrets: &self.secrets,
            modules: self.modules.as_ref().map(|ready| &ready.packed),
            standing: &self.standing,
            passing: &self.passing,
            purpose: self.purpose,
        }
    }
}
