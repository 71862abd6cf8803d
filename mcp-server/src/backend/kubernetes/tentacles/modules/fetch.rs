//! Fetching modules: in a pod like that of a tentacle, in which nothing of the tentacle is, and from which only the registries
//! are reached.

use super::super::Tentacles;
use super::super::named;
use crate::backend::BackendError;
use crate::backend::kubernetes::seen::{address, has_same_engine, ran_out_of_memory};
use crate::backend::kubernetes::workloads::Workload;
use crate::gate::target::OnTentacle;
use crate::modules::{ModuleFiles, ModulesError, ask, read, token};
use k8s_openapi::api::core::v1::Pod;
use kube::core::ResourceExt;
use manifest::{FetchSpec, Purpose};
use secrecy::{ExposeSecret, SecretString};
use std::time::Duration;
use workflow::{RunTokenHash, Sandbox};

/// How much longer than fetching may take the cluster lets the pod be, whatever becomes of the server.
const GRACE: Duration = Duration::from_secs(60);

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Tentacles {
    /// Fetches the modules of a version, and leaves nothing of the pod that did, however that ends.
    pub(super) async fn fetch(
        &self,
        target: &OnTentacle,
        sandbox: &Sandbox,
    ) -> Result<ModuleFiles, BackendError> {
        let (modules, tentacle) = (&sandbox.modules, named(target));
        if let Some(missing) = self.registries.missing(modules) {
            return Err(missing.into());
        }
        let _alone = self.fetching.lock(&tentacle.to_string()).await;
        self.clear_left(target).await?;
        let cluster = self.site.spec(true).await?;
        let gateway =
            cluster.gateway.ok_or_else(|| BackendError::Fault("a way out leads nowhere".to_owned()))?;
        let pass = self.supply.modules_pass(sandbox, self.registries.egress(modules))?;
        let (token, registries) = (token(), self.registries.json(modules));
        let hash = RunTokenHash::of(token.expose_secret());
        let spec = FetchSpec {
            tentacle: &tentacle,
            version: &sandbox.version,
            modules,
            registries: &registries,
            cluster: &cluster,
            gateway,
            pass: pass.expose_secret(),
            token: hash,
            standing: &hash.to_string(),
        };
        let name = spec.name();
        // For the same version, and thus of the same name: a server that ended just now has left it.
        self.clear(target, &name).await?;
        let within = self.registries.within;
        let answer = tokio::time::timeout(within, self.answer(target, &spec, &token)).await;
        let cleared = self.clear(target, &name).await;
        let answer = answer.unwrap_or(Err(ModulesError::TooSlow(within).into()))?;
        cleared?;
        Ok(read(&answer, modules, &registries)?)
    }

    /// Starts the pod, and asks it.
    async fn answer(
        &self,
        target: &OnTentacle,
        spec: &FetchSpec<'_>,
        token: &SecretString,
    ) -> Result<Vec<u8>, BackendError> {
        let enclave = target.record.name.as_str();
        let pod = manifest::fetch_pod(spec, self.registries.within + GRACE)
            .map_err(|error| BackendError::Fault(error.to_string()))?;
        let workload = self.workloads.read(&target.record.name).await?;
        self.cluster.apply(enclave, &manifest::fetch_policy(spec)).await?;
        self.cluster.apply(enclave, &manifest::fetch_supply(spec)).await?;
        self.cluster.apply(enclave, &pod).await?;
        let revision = Purpose::Fetch.revision(spec.version);
        let pod = self.ready(&workload, &target.name, &revision, spec.standing).await;
        let pod = pod.map_err(|error| match error {
            BackendError::DoesNotStart(why) => {
                ModulesError::Refused(format!("the sandbox that fetches them does not start: {why}")).into()
            }
            other => other,
        })?;
        let url = format!("http://{}:{}/modules", address(&pod).unwrap_or_default(), manifest::PORT);
        tokio::select! {
            answer = ask(&self.http, &url, token) => Ok(answer?),
            why = ended(&workload, &pod) => Err(why.into()),
        }
    }
}

/// Waits until the pod has ended; answers what is known of that.
async fn ended(workload: &Workload, pod: &Pod) -> ModulesError {
    let name = pod.name_any();
    loop {
        match workload.pod(&name) {
            Some(now) if ran_out_of_memory(&now) => {
                return ModulesError::TooLarge(
                    "the sandbox that fetched them had too little memory".to_owned(),
                );
            }
            Some(now) if has_same_engine(pod, &now) => workload.changes(LOOK_AGAIN).await,
            _ => return ModulesError::Refused("the sandbox that fetched them ended".to_owned()),
        }
    }
}
