//! Enclaves as namespaces of a Kubernetes cluster, tentacles as pods in them.
//!
//! Objects are applied with server-side apply under one field manager; what they are is `manifest`'s. The server's own
//! rights in a namespace come from a role binding that it makes there, as the second object.

mod audit;
mod fields;
mod index;
mod objects;
mod preflight;
mod putting_back;
mod seen;
mod site;
mod survey;
mod tentacles;
mod walls;
mod watching;
mod workloads;

use self::index::Index;
use self::objects::{Cluster, Uid};
use self::site::Site;
use self::tentacles::Tentacles;
use crate::backend::beside::Allowed;
use crate::backend::{
    Apart, Audit, Audited, Backend, BackendError, Cleared, Deployed, EnclaveView, LeftBehind, LogOrder,
    LogStream, Logs, RunOrder, RunReport, Serves, Survey, TentacleState, Usage, preset, survey::Check,
};
use crate::config::Args;
use crate::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, Revoke, SetSecret, TentacleAudit,
    TentacleLogs,
};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changed, MayRun, SurveyGrant};
use crate::modules::Registries;
use crate::rollout::{LastTurn, Rollouts, Turn};
use crate::store::EnclaveRecord;
use crate::supply::Supply;
use async_trait::async_trait;
use jiff::Timestamp;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use manifest::{EnclaveSpec, Mirror, Status};
use policy::State;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use uuid::Uuid;
use wire::enforcement::Enforcement;
use workflow::{Sandbox, SecretName, TentacleName};

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
    tentacles: Tentacles,
    /// The namespaces of enclaves that are being made, by the enclave's id: the last step is for the namespace of the
    /// first one, and for no other.
    begun: Mutex<HashMap<Uuid, Uid>>,
}

impl Kubernetes {
    /// Connects as the kubeconfig says, or as the pod's own account.
    pub(super) async fn connect(
        args: &Args,
        supply: Arc<Supply>,
        rollouts: Arc<Rollouts>,
    ) -> Result<Self, BackendError> {
        let unreachable = |error: &dyn std::fmt::Display| BackendError::Unreachable(error.to_string());
        let config = match &args.kubernetes.kubeconfig {
            Some(path) => {
                let file = Kubeconfig::read_from(path).map_err(|error| unreachable(&error))?;
                let options = KubeConfigOptions::default();
                Config::from_custom_kubeconfig(file, &options).await.map_err(|error| unreachable(&error))?
            }
            None => Config::incluster().map_err(|error| unreachable(&error))?,
        };
        let client = Client::try_from(config).map_err(|error| unreachable(&error))?;
        let cluster = Cluster::new(client.clone());
        Ok(Self {
            index: Index::start(client),
            tentacles: Tentacles::new(
                cluster.clone(),
                Site::new(&args.kubernetes, Allowed::of(args)),
                (supply, rollouts),
                Registries::of(&args.modules),
            )?,
            cluster,
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

    /// What an enclave is, without what is only shown.
    fn bare_spec(&self, record: &EnclaveRecord) -> EnclaveSpec {
        EnclaveSpec {
            name: record.name.clone(),
            id: record.id.to_string(),
            quota: preset(record.quota),
            mirror: Mirror::default(),
            server: self.tentacles.site().account().clone(),
        }
    }

    fn spec(&self, enclave: &EnclaveView) -> EnclaveSpec {
        let record = &enclave.record;
        let channel = record.channel.as_ref();
        EnclaveSpec {
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
            ..self.bare_spec(record)
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

impl Kubernetes {
    /// Whether the enclave's place is still its own.
    fn still_there(&self, record: &EnclaveRecord) -> Result<(), BackendError> {
        let Some(why) = self.index.amiss(record.name.as_str(), &record.id.to_string()) else { return Ok(()) };
        tracing::error!(enclave.name = %record.name, why, "nothing is deployed where the enclave is not");
        Err(BackendError::Lost(record.name.to_string()))
    }
}

#[async_trait]
impl Backend for Kubernetes {
    fn name(&self) -> &'static str {
        "kubernetes"
    }

    fn enforces(&self) -> Enforcement {
        self.tentacles.site().enforces()
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

    async fn deprovision(&self, _: &LastTurn, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let record = &grant.target().record;
        self.begun().remove(&record.id);
        self.tentacles.forget(&record.name);
        self.cluster.remove_namespace(record.name.as_str(), &record.id.to_string()).await
    }

    async fn mirror(&self, _: &dyn Changed, enclave: &EnclaveView) -> Result<(), BackendError> {
        let spec = self.spec(enclave);
        let there = self.cluster.find_namespace(&spec).await?;
        self.cluster.apply(spec.name.as_str(), &manifest::quota(&spec)).await?;
        self.cluster.show(&spec, status(&enclave.record), there).await?;
        self.tentacles.show(enclave).await
    }

    fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        self.tentacles.takes(sandbox)
    }

    async fn deploy(
        &self,
        _: &Turn,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
    ) -> Result<Deployed, BackendError> {
        let version = cleared.version();
        self.takes(&version.sandbox)?;
        self.still_there(&grant.target().record)?;
        self.tentacles.deploy(grant, version).await
    }

    async fn settled(&self, grant: &Authorized<Apply>) {
        self.tentacles.settled(grant);
    }

    async fn left_behind(&self, record: &EnclaveRecord) -> Result<Vec<LeftBehind>, BackendError> {
        self.tentacles.left_behind(record).await
    }

    async fn clear_away(&self, grant: &Authorized<Revoke>, left: Vec<LeftBehind>) {
        self.tentacles.clear_away(grant, left);
    }

    async fn remove(&self, _: &Turn, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        self.tentacles.remove(grant).await
    }

    async fn run(&self, grant: &dyn MayRun, order: RunOrder) -> Result<RunReport, BackendError> {
        self.tentacles.run(grant, &order).await
    }

    async fn observe(
        &self,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
        order: RunOrder,
    ) -> Result<RunReport, BackendError> {
        let version = cleared.version();
        self.takes(&version.sandbox)?;
        self.still_there(&grant.target().record)?;
        self.tentacles.observe(grant, version, &order).await
    }

    async fn logs(&self, grant: &Authorized<TentacleLogs>, what: &LogOrder) -> Result<Logs, BackendError> {
        self.tentacles.logs(grant, what).await
    }

    async fn follow(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<LogStream, BackendError> {
        self.tentacles.follow(grant, what).await
    }

    async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError> {
        self.tentacles.restart(grant).await
    }

    async fn secret_changed(&self, grant: &Authorized<SetSecret>, name: &SecretName) {
        self.tentacles.secret_changed(grant, name).await;
    }

    fn state(&self, of: &OnTentacle) -> TentacleState {
        self.tentacles.state(of)
    }

    /// It is only told: what was removed behind the server's back is not made anew behind everybody's.
    fn drift(&self, record: &EnclaveRecord) -> Option<String> {
        // What is made this very moment may not have come through the watch.
        let settled = Timestamp::now().duration_since(record.updated_at).unsigned_abs() >= SETTLED_AFTER;
        let usable = matches!(record.state, State::Active | State::Frozen);
        let amiss = self.index.amiss(record.name.as_str(), &record.id.to_string());
        let amiss = amiss.map(str::to_owned).or_else(|| self.tentacles.amiss(record));
        amiss.filter(|_| settled && usable)
    }

    async fn apart(
        &self,
        record: &EnclaveRecord,
    ) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        self.tentacles.apart(record).await
    }

    async fn put_back(&self, serves: &Serves<'_>) -> Result<Vec<String>, BackendError> {
        let (of, version) = (serves.target(), serves.version());
        self.takes(&version.sandbox)?;
        self.still_there(&of.record)?;
        self.tentacles.put_back(of, version).await
    }

    async fn audit(&self, grant: &Authorized<List>, what: Audit) -> Result<Audited, BackendError> {
        let spec = self.bare_spec(&grant.target().record);
        audit::audit(&self.cluster, (&spec, self.tentacles.site().class()), what).await
    }

    async fn audit_tentacle(&self, grant: &Authorized<TentacleAudit>) -> Result<Audited, BackendError> {
        let (record, name) = (&grant.target().record, &grant.target().name);
        let (spec, class) = (self.bare_spec(record), self.tentacles.site().class());
        let mut all = Audited::default();
        for what in [Audit::Network, Audit::PodSecurity, Audit::Limits] {
            all = all.and(audit::audit(&self.cluster, (&spec, class), what).await?);
        }
        // What is amiss with the enclave is amiss with all that is in it.
        let is_of_others = |tentacle: &String| tentacle != name.as_str();
        all.findings.retain(|finding| !finding.tentacle.as_ref().is_some_and(is_of_others));
        let apart = self.tentacles.apart(record).await?.remove(name).unwrap_or_default();
        all.findings.extend(apart.iter().map(|apart| audit::by_hand(grant.target(), apart)));
        Ok(all)
    }

    async fn survey(&self, _: &SurveyGrant) -> Result<Survey, BackendError> {
        survey::survey(&self.cluster).await
    }

    async fn preflight(&self, _: &SurveyGrant, of: Option<&Authorized<Info>>) -> Vec<Check> {
        let mut checks = self.missing().await;
        if let Some(of) = of {
            checks.extend(self.missing_of(&of.target().record).await);
        }
        checks
    }

    async fn usage(&self, grant: &Authorized<Info>) -> Result<Usage, BackendError> {
        self.used(&grant.target().record).await
    }

    fn index_age(&self) -> Option<Duration> {
        self.index.age()
    }
}
