//! A simulator: everything is decided, approved, recorded and told as it would be anywhere else, and no code is run.
//!
//! For trying out who may do what, and for people who write clients. What is deployed is in the store, which outlives the
//! server; what is only here is what a tentacle would have printed, and that it was simulated.

mod answers;

use crate::backend::beside::Allowed;
use crate::backend::{
    Audit, Audited, Backend, BackendError, Cleared, Deployed, EnclaveView, LogOrder, LogStream, Logs,
    RunOrder, RunReport, Survey, TentacleState, Usage, survey::Check,
};
use crate::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, SetSecret, TentacleAudit, TentacleLogs,
};
use crate::gate::target::OnTentacle;
use crate::gate::{Authorized, Changed, MayRun, SurveyGrant};
use crate::rollout::{LastTurn, Turn};
use crate::supply::Supply;
use async_trait::async_trait;
use futures::StreamExt;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use wire::enforcement::{Enforcement, NOTHING_OBSERVED, Walls};
use workflow::{EnclaveName, Sandbox, SecretName, TentacleName};

/// What every answer says that would come of code.
const NOT_RUN: &str = "simulated: no code was run";
/// The same of modules.
const NOT_FETCHED: &str = "simulated: no module was fetched";

/// The stages in which an enclave is made: the same as elsewhere, with nothing to make.
const STEPS: [&[&str]; 2] = [&["place"], &["active"]];

/// How many lines are kept of each tentacle.
const MOST_LINES: usize = 1000;

/// A tentacle, by enclave and name.
type Place = (EnclaveName, TentacleName);

/// The simulator.
#[derive(Debug)]
pub(super) struct Simulator {
    supply: Arc<Supply>,
    images: Allowed,
    /// What was simulated of each tentacle in this server's life, as lines of its log.
    logs: Mutex<BTreeMap<Place, VecDeque<String>>>,
}

impl Simulator {
    pub(super) fn new(supply: Arc<Supply>, images: Allowed) -> Self {
        tracing::warn!("this server simulates: no code is run, and nothing is enforced");
        Self { supply, images, logs: Mutex::default() }
    }

    fn logs(&self) -> MutexGuard<'_, BTreeMap<Place, VecDeque<String>>> {
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a line to the log of a tentacle.
    fn say(&self, of: &OnTentacle, what: &str) {
        let mut logs = self.logs();
        let lines = logs.entry(place(of)).or_default();
        lines.push_back(format!("{what}: {NOT_RUN}"));
        if lines.len() > MOST_LINES {
            lines.pop_front();
        }
    }
}

fn place(of: &OnTentacle) -> Place {
    (of.record.name.clone(), of.name.clone())
}

/// Whether the store knows a version of it.
fn is_deployed(of: &OnTentacle) -> bool {
    of.tentacle.as_ref().is_some_and(|tentacle| !tentacle.version.is_empty())
}

#[async_trait]
impl Backend for Simulator {
    fn name(&self) -> &'static str {
        "simulator"
    }

    fn enforces(&self) -> Enforcement {
        Enforcement::of(Walls::Simulator)
    }

    fn simulated(&self) -> Option<&'static str> {
        Some(NOT_RUN)
    }

    fn steps(&self) -> &'static [&'static [&'static str]] {
        &STEPS
    }

    async fn provision(
        &self,
        _: &Authorized<Provision>,
        _: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError> {
        let known = STEPS.iter().any(|stage| stage.contains(&step));
        known.then_some(()).ok_or_else(|| BackendError::Fault(format!("there is no step `{step}`")))
    }

    async fn deprovision(&self, _: &LastTurn, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let name = &grant.target().record.name;
        self.logs().retain(|(enclave, _), _| enclave != name);
        Ok(())
    }

    /// There is nothing that could show another state than the record does.
    async fn mirror(&self, _: &dyn Changed, _: &EnclaveView) -> Result<(), BackendError> {
        Ok(())
    }

    fn takes(&self, sandbox: &Sandbox) -> Result<(), BackendError> {
        self.images.check(sandbox)
    }

    /// Whatever a sandbox would be given is looked for, so that what is missing is told as elsewhere.
    async fn deploy(
        &self,
        _: &Turn,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
    ) -> Result<Deployed, BackendError> {
        let version = cleared.version();
        self.takes(&version.sandbox)?;
        self.supply.secrets(&version.sandbox, &version.secrets).await?;
        self.supply.pass(&version.sandbox, false)?;
        let target = grant.target();
        let short = version.sandbox.version.short();
        self.say(target, &format!("deployed version {short}"));
        let created = u64::from(!is_deployed(target));
        let mut applied = vec![format!("version {short}"), NOT_RUN.to_owned()];
        if !version.sandbox.modules.is_empty() {
            applied.push(NOT_FETCHED.to_owned());
        }
        Ok(Deployed { applied, created, updated: 1 - created, deleted: 0, rehearsed: None })
    }

    async fn remove(&self, _: &Turn, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        let kept = self.logs().remove(&place(grant.target())).is_some();
        Ok(kept.then(|| "log of what was simulated".to_owned()).into_iter().collect())
    }

    async fn run(&self, grant: &dyn MayRun, _: RunOrder) -> Result<RunReport, BackendError> {
        self.say(grant.target(), "asked to run");
        // Among the outputs, where everybody who shows a run's answer shows it.
        let output = json!({"success": true, "outputs": {"simulator": NOT_RUN}, "errors": {}});
        Ok(RunReport { success: true, output, copy: NOT_RUN.to_owned() })
    }

    async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError> {
        self.say(grant.target(), "asked to begin anew");
        Ok(())
    }

    /// Nothing asks for anything: no code runs.
    async fn observe(
        &self,
        _: &Authorized<Apply>,
        _: &Cleared<'_>,
        _: RunOrder,
    ) -> Result<RunReport, BackendError> {
        Err(BackendError::NotYet(NOTHING_OBSERVED))
    }

    async fn logs(&self, grant: &Authorized<TentacleLogs>, what: &LogOrder) -> Result<Logs, BackendError> {
        what.without_sidecars()?;
        let lines = what.lines;
        let kept = self.logs().get(&place(grant.target())).cloned().unwrap_or_default();
        let truncated = kept.len() > lines;
        let shown = kept.into_iter().rev().take(lines).collect::<Vec<_>>();
        let mut lines: Vec<String> = shown.into_iter().rev().collect();
        if lines.is_empty() {
            lines.push(NOT_RUN.to_owned());
        }
        Ok(Logs { copy: NOT_RUN.to_owned(), lines, truncated })
    }

    /// Nothing more will be printed: no code runs.
    async fn follow(
        &self,
        grant: &Authorized<TentacleLogs>,
        what: &LogOrder,
    ) -> Result<LogStream, BackendError> {
        let logs = Backend::logs(self, grant, what).await?;
        Ok(futures::stream::iter(logs.lines).boxed())
    }

    /// Nothing runs with the old value.
    async fn secret_changed(&self, _: &Authorized<SetSecret>, _: &SecretName) {}

    fn state(&self, of: &OnTentacle) -> TentacleState {
        let ready = is_deployed(of);
        TentacleState {
            state: if ready { "idle" } else { "failing" },
            ready,
            sandbox: NOT_RUN.to_owned(),
            current: true,
            ..TentacleState::default()
        }
    }

    async fn audit(&self, _: &Authorized<List>, _: Audit) -> Result<Audited, BackendError> {
        Ok(answers::audited())
    }

    async fn audit_tentacle(&self, _: &Authorized<TentacleAudit>) -> Result<Audited, BackendError> {
        Ok(answers::audited())
    }

    async fn survey(&self, _: &SurveyGrant) -> Result<Survey, BackendError> {
        Ok(answers::surveyed())
    }

    async fn preflight(&self, _: &SurveyGrant, _: Option<&Authorized<Info>>) -> Vec<Check> {
        answers::missing()
    }

    async fn usage(&self, _: &Authorized<Info>) -> Result<Usage, BackendError> {
        Ok(Usage { measured: "nothing: it is simulated, and uses nothing", ..Usage::default() })
    }

    /// What it knows is the store's.
    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}
