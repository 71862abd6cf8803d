//! What runs in enclaves, fed by two watches in each: its rights are of one namespace each, and so are its watches.

use super::seen::is_ready;
use super::walls::Walls;
use super::watching::Watch;
use crate::backend::BackendError;
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::Pod;
use kube::core::ResourceExt;
use kube::runtime::reflector::ObjectRef;
use kube::{Api, Client};
use manifest::Purpose;
use manifest::annotation::{MANAGED_BY, MANAGED_BY_LABEL, REVISION, TENTACLE};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;
use workflow::{EnclaveName, TentacleName};

/// How long the first reading of an enclave may take.
const READ_WITHIN: Duration = Duration::from_secs(10);

/// The enclaves that are watched: all that were ever asked about.
pub(super) struct Workloads {
    client: Client,
    enclaves: Mutex<HashMap<EnclaveName, Arc<Workload>>>,
}

/// What runs in an enclave.
pub(super) struct Workload {
    deployments: Watch<Deployment>,
    pods: Watch<Pod>,
    /// What else there is, since somebody asked for it.
    walls: OnceLock<Arc<Walls>>,
}

/// A version of a tentacle on the cluster, as it is known without asking.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// The deployment; none where only pods are left of it.
    pub(super) deployment: Option<Arc<Deployment>>,
    /// Its pods, the newest first.
    pub(super) pods: Vec<Arc<Pod>>,
}

impl Workloads {
    pub(super) fn new(client: Client) -> Self {
        Self { client, enclaves: Mutex::default() }
    }

    /// What runs in `enclave`. The first who asks begins the watch.
    pub(super) fn of(&self, enclave: &EnclaveName) -> Arc<Workload> {
        let start = || Arc::new(Workload::start(&self.client, enclave));
        Arc::clone(self.enclaves().entry(enclave.clone()).or_insert_with(start))
    }

    /// The same, once it has been read.
    pub(super) async fn read(&self, enclave: &EnclaveName) -> Result<Arc<Workload>, BackendError> {
        let workload = self.of(enclave);
        let read = async {
            let (mut deployments, mut pods) = (workload.deployments.changed(), workload.pods.changed());
            while !workload.is_read() {
                tokio::select! {
                    _ = deployments.changed() => {}
                    _ = pods.changed() => {}
                }
            }
        };
        match tokio::time::timeout(READ_WITHIN, read).await {
            Ok(()) => Ok(workload),
            Err(_) => Err(BackendError::Unreachable(format!("what runs in `{enclave}` cannot be watched"))),
        }
    }

    /// What else the tentacles of `enclave` are made of, once it has been read. The first who asks begins the watch.
    pub(super) async fn walls(&self, enclave: &EnclaveName) -> Result<Arc<Walls>, BackendError> {
        let start = || Arc::new(Walls::start(&self.client, enclave, (&of_enclave(), &ours())));
        let walls = Arc::clone(self.of(enclave).walls.get_or_init(start));
        walls.read(enclave).await?;
        Ok(walls)
    }

    /// What is wrong with an enclave's own walls, as far as anybody has asked for them.
    pub(super) fn amiss(&self, enclave: &EnclaveName) -> Option<String> {
        let workload = self.enclaves().get(enclave).cloned()?;
        workload.walls.get()?.amiss(enclave)
    }

    /// Watches an enclave no more.
    pub(super) fn forget(&self, enclave: &EnclaveName) {
        self.enclaves().remove(enclave);
    }

    fn enclaves(&self) -> MutexGuard<'_, HashMap<EnclaveName, Arc<Workload>>> {
        self.enclaves.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Workload {
    fn start(client: &Client, enclave: &EnclaveName) -> Self {
        Self {
            deployments: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), &ours()),
            pods: Watch::start(Api::namespaced(client.clone(), enclave.as_str()), &ours()),
            walls: OnceLock::new(),
        }
    }

    /// Whether everything is known.
    pub(super) fn is_read(&self) -> bool {
        self.deployments.age().is_some() && self.pods.age().is_some()
    }

    /// Waits until something changes, or for so long.
    pub(super) async fn changes(&self, at_most: Duration) {
        let (mut deployments, mut pods) = (self.deployments.changed(), self.pods.changed());
        // What came before is known: whoever waits for it again would not wait at all.
        deployments.mark_unchanged();
        pods.mark_unchanged();
        tokio::select! {
            _ = deployments.changed() => {}
            _ = pods.changed() => {}
            () = tokio::time::sleep(at_most) => {}
        }
    }

    /// A deployment.
    pub(super) fn deployment(&self, enclave: &EnclaveName, name: &str) -> Option<Arc<Deployment>> {
        self.deployments.store().get(&ObjectRef::new(name).within(enclave.as_str()))
    }

    /// A version of a tentacle.
    pub(super) fn version(&self, tentacle: &TentacleName, revision: &str) -> Seen {
        let deployments = self.deployments.store().state();
        let mut pods: Vec<_> =
            self.pods.store().state().into_iter().filter(|pod| is_of(&**pod, tentacle, revision)).collect();
        pods.sort_by_key(|pod| std::cmp::Reverse(pod.creation_timestamp()));
        Seen { deployment: deployments.into_iter().find(|it| is_of(&**it, tentacle, revision)), pods }
    }

    /// A version of a tentacle that serves, whichever: the one with the newest pod.
    pub(super) fn other(&self, tentacle: &TentacleName) -> Option<Seen> {
        let pods = self.pods.store().state();
        let of = |pod: &&Arc<Pod>| pod.labels().get(TENTACLE).is_some_and(|own| own == tentacle.as_str());
        let serves = |pod: &&Arc<Pod>| {
            let revision = pod.labels().get(REVISION);
            revision.is_some_and(|revision| Purpose::of(revision) == Purpose::Serve)
        };
        let serving = pods.iter().filter(of).filter(serves).filter(|pod| is_ready(pod));
        let newest = serving.max_by_key(|pod| pod.creation_timestamp())?;
        Some(self.version(tentacle, newest.labels().get(REVISION)?))
    }

    /// A pod of a tentacle's, whichever.
    pub(super) fn pod(&self, name: &str) -> Option<Arc<Pod>> {
        self.pods.store().state().into_iter().find(|pod| pod.name_any() == name)
    }

    /// The deployments that hold a secret.
    pub(super) fn holders(&self, secret: &str) -> Vec<Arc<Deployment>> {
        let holds = |deployment: &Arc<Deployment>| {
            let names = deployment.annotations().get(manifest::annotation::SECRETS);
            names.is_some_and(|names| names.split(',').any(|name| name == secret))
        };
        self.deployments.store().state().into_iter().filter(holds).collect()
    }
}

/// The labels of what an enclave is made of, with its tentacles.
fn of_enclave() -> String {
    format!("{MANAGED_BY_LABEL}={MANAGED_BY}")
}

/// The labels of what a tentacle is made of.
fn ours() -> String {
    format!("{MANAGED_BY_LABEL}={MANAGED_BY},{TENTACLE}")
}

fn is_of(object: &impl ResourceExt, tentacle: &TentacleName, revision: &str) -> bool {
    let labels = object.labels();
    let has = |label: &str, value: &str| labels.get(label).is_some_and(|own| own == value);
    has(TENTACLE, tentacle.as_str()) && has(REVISION, revision)
}

impl fmt::Debug for Workloads {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workloads").field("enclaves", &self.enclaves().len()).finish_non_exhaustive()
    }
}
