//! A version comes: its objects, then its pod, and where that does not come about nothing of it stays.

use super::running::Wanted;
use super::supplied::Supplied;
use super::{Tentacles, recorded};
use crate::backend::kubernetes::seen::not_ready;
use crate::backend::kubernetes::workloads::Workload;
use crate::backend::{BackendError, Deployed, Version};
use crate::gate::Authorized;
use crate::gate::act::{Apply, Restart, SetSecret};
use crate::gate::target::OnTentacle;
use crate::supply::Holder;
use k8s_openapi::ByteString;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{Pod, Secret};
use kube::core::ResourceExt;
use manifest::annotation::{SECRETS, STANDING, TENTACLE, VERSION};
use manifest::{Purpose, key_of_secret, name_of};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use workflow::{EnclaveName, SecretName, TentacleName};

/// How long a version may take until it is ready.
pub(super) const READY_WITHIN: Duration = Duration::from_secs(120);

/// How long something must stand in a version's way until it is believed: images are pulled again, quota becomes free.
const BELIEVED_AFTER: Duration = Duration::from_secs(3);

/// How often it is tried to hand a changed secret over.
const HANDED_OVER: usize = 5;

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

impl Tentacles {
    /// Deploys a version: makes it beside the one that serves, waits until it is ready, and sees that it passes its fixtures.
    pub(in super::super) async fn deploy(
        &self,
        grant: &Authorized<Apply>,
        version: &Version,
    ) -> Result<Deployed, BackendError> {
        let (target, sandbox) = (grant.target(), &version.sandbox);
        let workload = self.workloads.read(&target.record.name).await?;
        let name = name_of(&target.name, &sandbox.version);
        if self.leaving.is_over(&target.record.name, &name) {
            self.seen_gone(&workload, &target.name, &sandbox.version.short()).await;
        }
        let before = workload.version(&target.name, &sandbox.version.short()).standing().map(str::to_owned);
        let serves = recorded(target).is_some_and(|before| before == sandbox.version);
        let brought = self.bring(target, version, &workload, serves).await;
        if serves
            && brought.is_err()
            && let Err(error) = self.give_back(target, version, before).await
        {
            tracing::warn!(tentacle.name = %target.name, %error, "what serves is not given its secrets back: put it back");
        }
        brought
    }

    async fn bring(
        &self,
        target: &OnTentacle,
        version: &Version,
        workload: &Workload,
        serves: bool,
    ) -> Result<Deployed, BackendError> {
        let sandbox = &version.sandbox;
        let made = match self.apply(target, version, workload).await {
            Err(error @ BackendError::NoRoom(_)) if !serves => {
                // What is there of it takes room.
                self.clear(target, &name_of(&target.name, &sandbox.version)).await?;
                return Err(error);
            }
            made => made?,
        };
        let wanted = Wanted { workload, target, version: sandbox.version, purpose: Purpose::Serve };
        let proven = async {
            if let Some((standing, _)) = &made {
                self.ready(workload, &target.name, &sandbox.version.short(), standing).await?;
            }
            // Also of one that was made by a server that ended before it could ask.
            self.proven(&wanted).await?;
            match serves {
                // It has passed them, when it came to serve.
                true => Ok(None),
                false => self.rehearse(&wanted, &version.bundle).await,
            }
        };
        let rehearsed = match proven.await {
            Ok(rehearsed) => rehearsed,
            Err(error) => {
                if !serves {
                    self.clear(target, &name_of(&target.name, &sandbox.version)).await?;
                }
                return Err(error);
            }
        };
        let Some((_, created)) = made else {
            return Ok(Deployed { applied: vec![served(version)], rehearsed, ..Deployed::default() });
        };
        let applied =
            vec![served(version), format!("pod in {}", self.site.sandbox()), "network policy".to_owned()];
        let created = u64::from(created);
        Ok(Deployed { applied, created, updated: 1 - created, deleted: 0, rehearsed })
    }

    /// The version that serves was to be given other secrets from git, and that failed: it is as before, so that also a pod which
    /// comes in place of the one that runs has those that serve, and a later deploy finds what it has to change.
    async fn give_back(
        &self,
        target: &OnTentacle,
        failed: &Version,
        before: Option<String>,
    ) -> Result<(), BackendError> {
        let enclave = &target.record.name;
        let holder = Holder { enclave, tentacle: &target.name, version: &failed.hash };
        let secrets = self.supply.kept(holder).await?;
        if secrets == failed.secrets {
            return Ok(());
        }
        let refused = self.supplied(target, failed, Purpose::Serve).await?.standing;
        let version = &Version { secrets, ..failed.clone() };
        let mut supplied = self.supplied(target, version, Purpose::Serve).await?;
        // A server that ended in the middle may have left that of what failed.
        supplied.standing = before.filter(|before| *before != refused).unwrap_or(supplied.standing);
        let modules = self.modules(target, version, &supplied.spec(version).name()).await?;
        let supplied = supplied.with(modules);
        let deployment = manifest::deployment(&supplied.spec(version)).map_err(|error| fault(&error))?;
        self.apply_walls(&supplied, version).await?;
        self.cluster.apply(enclave.as_str(), &deployment).await?;
        Ok(())
    }

    /// Applies a version's objects; answers its standing and whether it is new, or nothing where it serves already.
    async fn apply(
        &self,
        target: &OnTentacle,
        version: &Version,
        workload: &Workload,
    ) -> Result<Option<(String, bool)>, BackendError> {
        let (sandbox, enclave) = (&version.sandbox, target.record.name.as_str());
        let supplied = self.supplied(target, version, Purpose::Serve).await?;
        let seen = workload.version(&target.name, &sandbox.version.short());
        let made = |there: &Deployment| self.made(&target.record.name, there);
        if seen.serves(&supplied.standing) && seen.deployment.as_deref().is_some_and(made) {
            return Ok(None);
        }
        let modules = self.modules(target, version, &supplied.spec(version).name()).await?;
        let supplied = supplied.with(modules);
        let deployment = manifest::deployment(&supplied.spec(version)).map_err(|error| fault(&error))?;
        self.apply_walls(&supplied, version).await?;
        self.cluster.apply(enclave, &deployment).await?;
        let created = seen.deployment.is_none();
        Ok(Some((supplied.standing, created)))
    }

    /// Applies what a pod of this version needs and is held by: the walls first.
    pub(super) async fn apply_walls(
        &self,
        supplied: &Supplied,
        version: &Version,
    ) -> Result<(), BackendError> {
        let spec = &supplied.spec(version);
        let enclave = spec.sandbox.tentacle.enclave.as_str();
        let (policy, code) = (manifest::policy(spec), manifest::code(spec));
        let supply = manifest::supply(spec).map_err(|error| fault(&error))?;
        self.cluster.apply(enclave, &policy).await?;
        tokio::try_join!(self.cluster.apply(enclave, &code), self.cluster.apply(enclave, &supply))?;
        match supplied.modules() {
            Some(modules) => self.keep(spec, modules).await.map(drop),
            None => Ok(()),
        }
    }

    /// Waits until a pod of this standing serves; answers which.
    pub(super) async fn ready(
        &self,
        workload: &Workload,
        tentacle: &TentacleName,
        revision: &str,
        standing: &str,
    ) -> Result<Arc<Pod>, BackendError> {
        let (began, mut hopeless) = (Instant::now(), None);
        while began.elapsed() < READY_WITHIN {
            let seen = workload.version(tentacle, revision);
            if let Some(pod) = seen.ready(standing) {
                return Ok(Arc::clone(pod));
            }
            match seen.hopeless(standing) {
                None => hopeless = None,
                Some(why) => {
                    let since = hopeless.get_or_insert_with(Instant::now);
                    if since.elapsed() >= BELIEVED_AFTER {
                        return Err(why.into_error());
                    }
                }
            }
            workload.changes(LOOK_AGAIN).await;
        }
        let late = format!("it was not ready within {} s", READY_WITHIN.as_secs());
        let beside = not_ready(&workload.version(tentacle, revision), standing);
        Err(BackendError::DoesNotStart(beside.map_or_else(|| late.clone(), |what| format!("{late}: {what}"))))
    }

    /// Replaces its pod, which is given its secrets as they are now: the one before serves until the new one is ready, and
    /// ends its runs.
    pub(in super::super) async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError> {
        let target = grant.target();
        let not_here = || BackendError::DoesNotStart("no version of it is here to be run".to_owned());
        let version = recorded(target).ok_or_else(not_here)?;
        let workload = self.workloads.read(&target.record.name).await?;
        let seen = workload.version(&target.name, &version.short());
        let deployment = seen.deployment.ok_or_else(not_here)?;
        let standing = self.hand(&target.record.name, &deployment).await?;
        self.ready(&workload, &target.name, &version.short(), &standing).await.map(drop)
    }

    /// Gives every version that holds a secret its new value, by replacing its pod; takes the pods away where one of its
    /// secrets has none any more.
    pub(in super::super) async fn secret_changed(&self, grant: &Authorized<SetSecret>, name: &SecretName) {
        let enclave = &grant.target().record.name;
        for again in 1..=HANDED_OVER {
            let Err(error) = self.hand_all(enclave, name).await else { return };
            tracing::warn!(enclave.name = %enclave, %error, again, "a changed secret is not everywhere yet");
            tokio::time::sleep(LOOK_AGAIN).await;
        }
        tracing::error!(enclave.name = %enclave, secret = %name, "a changed secret is not everywhere: restart what holds it");
    }

    async fn hand_all(&self, enclave: &EnclaveName, name: &SecretName) -> Result<(), BackendError> {
        let workload = self.workloads.read(enclave).await?;
        for deployment in workload.holders(name.as_str()) {
            self.hand(enclave, &deployment).await?;
        }
        Ok(())
    }

    /// Gives a version its secrets as they are now, and has its pod replaced; answers the new one's standing. Where one of them
    /// is not set there is to be no pod.
    async fn hand(&self, enclave: &EnclaveName, deployment: &Deployment) -> Result<String, BackendError> {
        let said = |name: &str| deployment.annotations().get(name).map_or("", String::as_str);
        let (names, version) = (said(SECRETS), said(VERSION));
        let tentacle = deployment.labels().get(TENTACLE).and_then(|name| name.parse().ok());
        let tentacle: TentacleName = tentacle.ok_or_else(|| fault(&"a deployment says not whose it is"))?;
        let (mut data, mut words, mut replicas) = (BTreeMap::new(), vec![standing(deployment).to_owned()], 1);
        for name in names.split(',').filter_map(|name| name.parse::<SecretName>().ok()) {
            let value = self.supply.secret(Holder { enclave, tentacle: &tentacle, version }, &name).await?;
            let value = value.as_ref().map(ExposeSecret::expose_secret);
            words.extend([name.to_string(), value.unwrap_or_default().to_owned()]);
            replicas = value.map_or(0, |_| replicas);
            data.insert(key_of_secret(&name), value.map(|value| ByteString(value.as_bytes().to_vec())));
        }
        let (enclave, object) = (enclave.as_str(), deployment.name_any());
        if !data.is_empty() {
            self.cluster.merge::<Secret>(enclave, &object, &json!({"data": data})).await?;
        }
        let standing = self.supply.word(&words);
        self.cluster.merge::<Deployment>(enclave, &object, &restanding(&standing, replicas)).await?;
        Ok(standing)
    }
}

/// A change after which there are so many pods, made with this standing.
fn restanding(standing: &str, replicas: u8) -> Value {
    let annotations = json!({"annotations": {STANDING: standing}});
    json!({"metadata": annotations, "spec": {"replicas": replicas, "template": {"metadata": annotations}}})
}

fn standing(deployment: &Deployment) -> &str {
    deployment.annotations().get(STANDING).map_or("", String::as_str)
}

fn served(version: &Version) -> String {
    format!("version {}", version.sandbox.version.short())
}

fn fault(error: &dyn std::fmt::Display) -> BackendError {
    BackendError::Fault(error.to_string())
}
