//! Enclaves as namespaces of a Kubernetes cluster. Tentacles come to it with a later release, and say so.
//!
//! Objects are applied with server-side apply under one field manager; what they are is `manifest`'s. The server's own
//! rights in a namespace come from a role binding that it makes there, as the second object.

mod index;
mod objects;

use self::index::Index;
use self::objects::{Cluster, Uid};
use crate::backend::{
    Backend, BackendError, Deployed, EnclaveView, Logs, RunOrder, RunReport, TentacleState, Version, preset,
};
use crate::config::Args;
use crate::gate::act::{Apply, Deprovision, Provision, Remove, Run, TentacleLogs};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changed};
use crate::store::EnclaveRecord;
use async_trait::async_trait;
use jiff::Timestamp;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use manifest::{EnclaveSpec, Mirror, ServerAccount, Status};
use policy::State;
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;

/// What tentacle tools answer here.
const LATER: &str =
    "tentacles on Kubernetes come with the next release; until then they run with `--backend machine`";

/// The stages in which an enclave is made. The namespace comes with its Pod Security labels and status provisioning; the
/// rights in it must be there before anything else can be; the status becomes active last.
const STEPS: [&[&str]; 4] = [
    &["namespace"],
    &["server-rights"],
    &["default-deny", "allow-dns", "quota", "limits", "service-account"],
    &["active"],
];

/// How long a change may take until the watch shows it.
const SETTLED_AFTER: Duration = Duration::from_secs(2);

/// The Kubernetes backend.
#[derive(Debug)]
pub(super) struct Kubernetes {
    cluster: Cluster,
    index: Index,
    account: ServerAccount,
    /// The namespaces of enclaves that are being made, by the enclave's id: the last step is for the namespace of the
    /// first one, and for no other.
    begun: Mutex<HashMap<Uuid, Uid>>,
}

impl Kubernetes {
    /// Connects as the kubeconfig says, or as the pod's own account.
    pub(super) async fn connect(args: &Args) -> Result<Self, BackendError> {
        let unreachable = |error: &dyn std::fmt::Display| BackendError::Unreachable(error.to_string());
        let config = match &args.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| unreachable(&error))?;
                let options = KubeConfigOptions::default();
                Config::from_custom_kubeconfig(file, &options).await.map_err(|error| unreachable(&error))?
            }
            None => Config::incluster().map_err(|error| unreachable(&error))?,
        };
        let client = Client::try_from(config).map_err(|error| unreachable(&error))?;
        let (namespace, name) = args.server_account.split_once('/').unwrap_or_default();
        Ok(Self {
            index: Index::start(client.clone()),
            cluster: Cluster::new(client),
            account: ServerAccount { namespace: namespace.to_owned(), name: name.to_owned() },
            begun: Mutex::default(),
        })
    }

    fn begun(&self) -> MutexGuard<'_, HashMap<Uuid, Uid>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn activate(&self, id: Uuid, spec: &EnclaveSpec) -> Result<(), BackendError> {
        let begun = self.begun().remove(&id);
        let begun = begun.ok_or_else(|| BackendError::Fault("the last step before the first".to_owned()))?;
        self.cluster.show(spec, Status::Active, begun).await
    }

    fn spec(&self, enclave: &EnclaveView) -> EnclaveSpec {
        let record = &enclave.record;
        let channel = record.channel.as_ref();
        EnclaveSpec {
            name: record.name.clone(),
            id: record.id.to_string(),
            quota: preset(record.quota),
            mirror: Mirror {
                owner: Some(enclave.owner.clone()),
                owner_sub: Some(record.owner.subject.clone()),
                platform: channel.map(|_| "slack".to_owned()),
                channel_id: channel.map(|channel| channel.id.clone()),
                channel_name: channel.map(|channel| channel.name.clone()),
                mode: record.mode.map(|mode| mode.to_string()),
                created_at: Some(record.created_at.to_string()),
                updated_at: Some(record.updated_at.to_string()),
            },
            server: self.account.clone(),
        }
    }
}

fn status(record: &EnclaveRecord) -> Status {
    match record.state {
        State::Provisioning => Status::Provisioning,
        State::Active => Status::Active,
        State::Frozen => Status::Frozen,
        State::Deprovisioning => Status::Deprovisioning,
    }
}

#[async_trait]
impl Backend for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn gaps(&self) -> Vec<String> {
        vec!["tentacles do not run here yet".to_owned()]
    }

    fn steps(&self) -> &'static [&'static [&'static str]] {
        &STEPS
    }

    async fn provision(
        &self,
        _: &Authorized<Provision>,
        enclave: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError> {
        let spec = self.spec(enclave);
        let (id, name) = (enclave.record.id, spec.name.as_str());
        match step {
            "namespace" => {
                let made = self.cluster.own_namespace(&spec).await?;
                self.begun().insert(id, made);
                Ok(())
            }
            "server-rights" => self.cluster.apply(name, &manifest::role_binding(&spec)).await,
            "default-deny" => self.cluster.apply(name, &manifest::default_deny(&spec)).await,
            "allow-dns" => self.cluster.apply(name, &manifest::allow_dns(&spec)).await,
            "quota" => self.cluster.apply(name, &manifest::quota(&spec)).await,
            "limits" => self.cluster.apply(name, &manifest::limits(&spec)).await,
            "service-account" => self.cluster.apply(name, &manifest::service_account(&spec)).await,
            "active" => self.activate(id, &spec).await,
            other => Err(BackendError::Fault(format!("there is no step `{other}`"))),
        }
    }

    async fn deprovision(&self, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let record = &grant.target().record;
        self.begun().remove(&record.id);
        self.cluster.remove_namespace(record.name.as_str(), &record.id.to_string()).await
    }

    async fn mirror(&self, _: &dyn Changed, enclave: &EnclaveView) -> Result<(), BackendError> {
        let spec = self.spec(enclave);
        let there = self.cluster.find_namespace(&spec).await?;
        self.cluster.apply(spec.name.as_str(), &manifest::quota(&spec)).await?;
        self.cluster.show(&spec, status(&enclave.record), there).await
    }

    async fn deploy(&self, _: &Authorized<Apply>, _: &Version) -> Result<Deployed, BackendError> {
        Err(BackendError::NotYet(LATER))
    }

    async fn remove(&self, _: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        Err(BackendError::NotYet(LATER))
    }

    async fn run(&self, _: &Authorized<Run>, _: RunOrder) -> Result<RunReport, BackendError> {
        Err(BackendError::NotYet(LATER))
    }

    async fn logs(&self, _: &Authorized<TentacleLogs>, _: usize) -> Result<Logs, BackendError> {
        Err(BackendError::NotYet(LATER))
    }

    fn state(&self, _: &OnTentacle) -> TentacleState {
        TentacleState { state: "idle", ..TentacleState::default() }
    }

    /// It is only told: what was removed behind the server's back is not made anew behind everybody's.
    fn drift(&self, record: &EnclaveRecord) -> Option<String> {
        // What is made this very moment may not have come through the watch.
        let settled = Timestamp::now().duration_since(record.updated_at).unsigned_abs() >= SETTLED_AFTER;
        let usable = matches!(record.state, State::Active | State::Frozen);
        let amiss = self.index.amiss(record.name.as_str(), &record.id.to_string());
        amiss.filter(|_| settled && usable).map(str::to_owned)
    }

    fn index_age(&self) -> Option<Duration> {
        self.index.age()
    }
}
