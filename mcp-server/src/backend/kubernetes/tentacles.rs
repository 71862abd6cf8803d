//! Tentacles on a cluster: a version is a few objects of one name, made beside the one that serves and removed after it.

mod always;
mod apart;
mod going;
mod modules;
mod printed;
mod replaced;
mod rollout;
mod running;
mod shown;
mod supplied;
mod trial;

use super::objects::Cluster;
use super::seen;
use super::site::Site;
use super::workloads::Workloads;
use crate::backend::{BackendError, CopyState, TentacleState};
use crate::gate::target::OnTentacle;
use crate::keyed_lock::KeyedLocks;
use crate::modules::Registries;
use crate::rollout::Rollouts;
use crate::supply::Supply;
use k8s_openapi::api::apps::v1::Deployment;
use kube::core::ResourceExt;
use manifest::annotation::PASSING;
use replaced::Leaving;
use running::Going;
use std::sync::Arc;
use workflow::{ContentHash, EnclaveName, Sandbox, TentacleRef};

/// What tentacles need on a cluster.
#[derive(Debug)]
pub(super) struct Tentacles {
    cluster: Cluster,
    workloads: Workloads,
    site: Site,
    supply: Arc<Supply>,
    registries: Registries,
    http: reqwest::Client,
    going: Going,
    /// The tentacles for which modules are just being fetched.
    fetching: KeyedLocks,
    leaving: Arc<Leaving>,
    rollouts: Arc<Rollouts>,
}

impl Tentacles {
    pub(super) fn new(
        cluster: Cluster,
        site: Site,
        (supply, rollouts): (Arc<Supply>, Arc<Rollouts>),
        registries: Registries,
    ) -> Result<Self, BackendError> {
        let http = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none()).build();
        Ok(Self {
            workloads: Workloads::new(cluster.client()),
            cluster,
            site,
            supply,
            registries,
            http: http.map_err(|error| BackendError::Fault(error.to_string()))?,
            going: Going::default(),
            fetching: KeyedLocks::default(),
            leaving: Arc::default(),
            rollouts,
        })
    }

    /// What stands between code and the nodes, and what does not.
    pub(super) const fn site(&self) -> &Site {
        &self.site
    }

    /// Whether a version of this sandbox can be had here.
    pub(super) fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        if let Some(missing) = self.registries.missing(&sandbox.modules) {
            return Err(missing.into());
        }
        self.site.takes(sandbox)
    }

    /// Watches an enclave no more.
    pub(super) fn forget(&self, of: &EnclaveName) {
        self.workloads.forget(of);
    }

    /// Whether a deployment was made as it would be made now.
    fn made(&self, enclave: &EnclaveName, there: &Deployment) -> bool {
        self.site.made(there) && self.passes(enclave, there)
    }

    /// Whether it passes the gateway by what the operator has configured now.
    fn passes(&self, enclave: &EnclaveName, there: &Deployment) -> bool {
        let now = || self.supply.passing(enclave, self.site.gateway_named());
        there.annotations().get(PASSING).is_none_or(|then| *then == now())
    }

    /// How a tentacle is, from what is watched.
    pub(super) fn state(&self, of: &OnTentacle) -> TentacleState {
        let workload = self.workloads.of(&of.record.name);
        let Some(version) = recorded(of) else {
            return TentacleState { state: "failing", ..TentacleState::default() };
        };
        let version = workload.version(&of.name, &version.short());
        let copies: Vec<CopyState> = version.pods.iter().map(|pod| seen::copy(pod)).collect();
        let in_flight = copies.iter().map(|copy| self.going.on(of.record.name.as_str(), &copy.name)).sum();
        let ready = version.serving().is_some();
        TentacleState {
            state: match (ready, in_flight) {
                (true, 0) => "idle",
                (true, _) => "running",
                (false, _) if !workload.is_read() || version.is_starting() => "starting",
                (false, _) => "failing",
            },
            ready,
            in_flight,
            sandbox: self.site.sandbox().to_owned(),
            current: version.deployment.as_deref().is_some_and(|it| self.made(&of.record.name, it)),
            copies,
        }
    }
}

/// The version that the record names.
fn recorded(of: &OnTentacle) -> Option<ContentHash> {
    of.tentacle.as_ref()?.version.parse().ok()
}

/// Which tentacle it is.
fn named(of: &OnTentacle) -> TentacleRef {
    TentacleRef { enclave: of.record.name.clone(), tentacle: of.name.clone() }
}
