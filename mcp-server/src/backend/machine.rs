//! Enclaves as folders of this machine, tentacles behind walls of this machine.
//!
//! A tentacle's engine is started in a sandbox to prove that a version starts, is kept while it is used, and is asked
//! over its socket. Nothing ever runs outside of a sandbox: where none holds, deploys and runs say so.

mod alone;
mod apart;
mod attendant;
mod audit;
mod confine;
mod disk;
mod enclave;
mod engine;
mod gateway;
mod groups;
mod guarded;
mod images;
mod index;
mod log_book;
mod modules;
mod open;
mod places;
mod probe;
mod spawner;
mod survey;
mod sweep;
mod tentacle;
mod trial;
mod version;

pub use alone::{Alone, Laid, Tools};
pub use attendant::attend;

use self::audit::Proof;
use self::enclave::There;
use self::groups::Hierarchies;
use self::guarded::Guarded;
use self::index::Index;
use self::log_book::LogBook;
use self::places::Places;
use self::tentacle::{Workshop, blocking};
use crate::backend::{
    Apart, Audit, Audited, Backend, BackendError, Cleared, Deployed, EnclaveView, LogOrder, LogStream, Logs,
    RunOrder, RunReport, Serves, Survey, TentacleState, Usage, survey::Check,
};
use crate::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, SetSecret, TentacleAudit, TentacleLogs,
};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changed, MayRun, SurveyGrant};
use crate::rollout::{LastTurn, Turn};
use crate::store::EnclaveRecord;
use async_trait::async_trait;
use futures::StreamExt;
use policy::State;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::task::AbortOnDropHandle;
use wire::enforcement::{Enforcement, NO_SIDECARS_WITHOUT_ROOT};
use workflow::{Sandbox, SecretName, TentacleName, TentacleRef};

/// The steps in which an enclave is made. Its folder says that it is provisioning, until the last one.
const STEPS: [&[&str]; 3] = [&["directory"], &["limits"], &["active"]];

/// This machine.
#[derive(Debug)]
pub(super) struct Machine {
    places: Places,
    groups: Arc<Hierarchies>,
    index: Arc<Index>,
    enforces: Enforcement,
    workshop: Arc<Workshop>,
    proof: Proof,
    _rest: AbortOnDropHandle<()>,
    _guarded: Guarded,
}

impl Machine {
    /// Holds all of an enclave to its share.
    fn limit(&self, record: &EnclaveRecord) -> Result<(), BackendError> {
        let made = self.groups.make(Path::new(record.name.as_str()), &enclave::caps(record.quota));
        made.map(drop).map_err(fault)
    }

    /// Writes down what an enclave's record says.
    async fn put(&self, view: &EnclaveView, state: State) -> Result<(), BackendError> {
        let (places, view) = (self.places.clone(), view.clone());
        blocking(move || enclave::put(&places, &view, state)).await
    }

    /// Fails where an enclave's folder is not its own.
    async fn look_for(&self, record: &EnclaveRecord) -> Result<(), BackendError> {
        if self.look(record).await? == There::Ours {
            return Ok(());
        }
        let what = format!("the folder of `{}` is not there, or not its own", record.name);
        Err(BackendError::Unreachable(what))
    }

    /// What is under an enclave's name.
    async fn look(&self, record: &EnclaveRecord) -> Result<There, BackendError> {
        let (places, name, id) = (self.places.clone(), record.name.clone(), record.id);
        blocking(move || enclave::look(&places, &name, id).map_err(fault)).await
    }
}

#[async_trait]
impl Backend for Machine {
    fn name(&self) -> &'static str {
        "machine"
    }

    fn enforces(&self) -> Enforcement {
        self.enforces.clone()
    }

    fn steps(&self) -> &'static [&'static [&'static str]] {
        &STEPS
    }

    async fn provision(
        &self,
        _: &Authorized<Provision>,
        view: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError> {
        match step {
            "directory" => {
                let (places, view) = (self.places.clone(), view.clone());
                blocking(move || enclave::make(&places, &view, State::Provisioning)).await
            }
            "limits" => self.limit(&view.record),
            "active" => self.put(view, State::Active).await,
            other => Err(BackendError::Fault(format!("there is no step `{other}`"))),
        }
    }

    async fn deprovision(&self, _: &LastTurn, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let record = &grant.target().record;
        if self.look(record).await? == There::Foreign {
            return Ok(());
        }
        for tentacle in self.index.of(&record.name) {
            tentacle.remove().await?;
            self.index.forget(&tentacle);
        }
        self.groups.group(Path::new(record.name.as_str())).remove().await.map_err(fault)?;
        let (places, record) = (self.places.clone(), record.clone());
        blocking(move || enclave::remove(&places, &record)).await
    }

    async fn mirror(&self, _: &dyn Changed, view: &EnclaveView) -> Result<(), BackendError> {
        let record = &view.record;
        if record.state == State::Deprovisioning && self.look(record).await? != There::Ours {
            return Ok(());
        }
        self.put(view, record.state).await?;
        self.limit(record)
    }

    fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        // Where nothing runs at all that is told when it is tried.
        let Ok(parts) = &self.workshop.parts else { return Ok(()) };
        if !sandbox.sidecars.is_empty() {
            if !parts.mason.is_root {
                return Err(BackendError::NotYet(NO_SIDECARS_WITHOUT_ROOT));
            }
            parts.images.check(sandbox)?;
        }
        parts.registries.missing(&sandbox.modules).map_or(Ok(()), |why| Err(BackendError::Modules(why)))
    }

    async fn deploy(
        &self,
        _: &Turn,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
    ) -> Result<Deployed, BackendError> {
        let version = cleared.version();
        let target = grant.target();
        self.takes(&version.sandbox)?;
        self.look_for(&target.record).await?;
        let of = TentacleRef { enclave: target.record.name.clone(), tentacle: target.name.clone() };
        let index = Arc::clone(&self.index);
        let tentacle = blocking(move || index.find_or_open(&of).map_err(fault)).await?;
        let deployed = tentacle.deploy(version).await;
        if deployed.is_err() && !tentacle.is_deployed() {
            // Nothing of a tentacle whose first version does not start stays.
            tentacle.remove().await?;
            self.index.forget(&tentacle);
        }
        deployed
    }

    async fn remove(&self, _: &Turn, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        let target = grant.target();
        let Some(tentacle) = self.index.find(&target.record.name, &target.name) else {
            return Ok(Vec::new());
        };
        let removed = tentacle.remove().await?;
        self.index.forget(&tentacle);
        Ok(removed)
    }

    async fn run(&self, grant: &dyn MayRun, order: RunOrder) -> Result<RunReport, BackendError> {
        let target = grant.target();
        let not_here = || BackendError::DoesNotStart("no version of it is on this machine".to_owned());
        let tentacle = self.index.find(&target.record.name, &target.name).ok_or_else(not_here)?;
        tentacle.run(&order).await
    }

    async fn observe(
        &self,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
        order: RunOrder,
    ) -> Result<RunReport, BackendError> {
        let version = cleared.version();
        self.takes(&version.sandbox)?;
        self.look_for(&grant.target().record).await?;
        trial::observe(&self.workshop, version, &order).await
    }

    async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError> {
        let target = grant.target();
        let not_here = || BackendError::DoesNotStart("no version of it is on this machine".to_owned());
        let tentacle = self.index.find(&target.record.name, &target.name).ok_or_else(not_here)?;
        tentacle.restart().await;
        Ok(())
    }

    async fn logs(&self, grant: &Authorized<TentacleLogs>, what: &LogOrder) -> Result<Logs, BackendError> {
        let lines = what.lines;
        let target = grant.target();
        let Some(tentacle) = self.index.find(&target.record.name, &target.name) else {
            what.without_sidecars()?;
            return Ok(Logs::default());
        };
        let copy = tentacle.state().copies.into_iter().next().unwrap_or_default().name;
        let log = tentacle.log_of(what)?;
        let logs = blocking(move || log.last(lines).map_err(fault)).await?;
        Ok(Logs { copy, ..logs })
    }

    async fn follow(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<LogStream, BackendError> {
        let lines = what.lines;
        let target = grant.target();
        match self.index.find(&target.record.name, &target.name) {
            Some(tentacle) => {
                let log = tentacle.log_of(what)?;
                blocking(move || LogBook::follow(&log, lines).map_err(fault)).await
            }
            None => what.without_sidecars().map(|()| futures::stream::empty().boxed()),
        }
    }

    async fn secret_changed(&self, grant: &Authorized<SetSecret>, name: &SecretName) {
        for tentacle in self.index.of(&grant.target().record.name) {
            tentacle.renew(name).await;
        }
    }

    fn state(&self, of: &OnTentacle) -> TentacleState {
        match self.index.find(&of.record.name, &of.name) {
            Some(tentacle) => tentacle.state(),
            None => TentacleState { state: "failing", ..TentacleState::default() },
        }
    }

    async fn apart(
        &self,
        record: &EnclaveRecord,
    ) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        self.differences(record).await
    }

    async fn put_back(&self, serves: &Serves<'_>) -> Result<Vec<String>, BackendError> {
        let (of, version) = (serves.target(), serves.version());
        self.takes(&version.sandbox)?;
        self.look_for(&of.record).await?;
        self.put_back_files(of, version).await
    }

    async fn audit(&self, grant: &Authorized<List>, what: Audit) -> Result<Audited, BackendError> {
        self.audited(&grant.target().record, what).await
    }

    async fn audit_tentacle(&self, grant: &Authorized<TentacleAudit>) -> Result<Audited, BackendError> {
        let target = grant.target();
        match self.index.find(&target.record.name, &target.name) {
            Some(tentacle) => Ok(self.audited_tentacle(&tentacle).await),
            None => {
                let unseen = vec![format!("{}: no version of it is on this machine", target.name)];
                Ok(Audited { unseen, ..Audited::default() })
            }
        }
    }

    async fn survey(&self, _: &SurveyGrant) -> Result<Survey, BackendError> {
        Ok(self.surveyed())
    }

    async fn preflight(&self, _: &SurveyGrant, of: Option<&Authorized<Info>>) -> Vec<Check> {
        let mut checks = self.missing();
        if let Some(of) = of {
            checks.extend(self.missing_of(&of.target().record).await);
        }
        checks
    }

    async fn usage(&self, grant: &Authorized<Info>) -> Result<Usage, BackendError> {
        Ok(self.used(&grant.target().record))
    }

    /// It is made from what this server alone changes, and changed with it: it is never behind.
    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

fn fault(error: io::Error) -> BackendError {
    BackendError::Fault(error.to_string())
}
