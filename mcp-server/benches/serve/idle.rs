//! A backend that does nothing.

use async_trait::async_trait;
use mcp_server::backend::{
    Audit, Audited, Backend, BackendError, Cleared, Deployed, EnclaveView, LogOrder, LogStream, Logs,
    RunOrder, RunReport, Survey, TentacleState, Usage, survey::Check,
};
use mcp_server::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, SetSecret, TentacleAudit, TentacleLogs,
};
use mcp_server::gate::target::OnTentacle;
use mcp_server::gate::{Authorized, Changed, MayRun, SurveyGrant};
use mcp_server::{LastTurn, Turn};
use std::time::Duration;
use wire::enforcement::Enforcement;
use workflow::{Sandbox, SecretName};

#[derive(Debug)]
pub(crate) struct Idle;

const NOTHING: BackendError = BackendError::NotYet("this backend does nothing");

#[async_trait]
impl Backend for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn enforces(&self) -> Enforcement {
        Enforcement::nothing("idle", "it does nothing")
    }

    fn steps(&self) -> &'static [&'static [&'static str]] {
        &[]
    }

    async fn provision(
        &self,
        _: &Authorized<Provision>,
        _: &EnclaveView,
        _: &'static str,
    ) -> Result<(), BackendError> {
        Ok(())
    }

    async fn deprovision(&self, _: &LastTurn, _: &Authorized<Deprovision>) -> Result<(), BackendError> {
        Ok(())
    }

    async fn mirror(&self, _: &dyn Changed, _: &EnclaveView) -> Result<(), BackendError> {
        Ok(())
    }

    fn takes(&self, _: &Sandbox) -> Result<(), BackendError> {
        Ok(())
    }

    async fn deploy(
        &self,
        _: &Turn,
        _: &Authorized<Apply>,
        _: &Cleared<'_>,
    ) -> Result<Deployed, BackendError> {
        Err(NOTHING)
    }

    async fn remove(&self, _: &Turn, _: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        Err(NOTHING)
    }

    async fn run(&self, _: &dyn MayRun, _: RunOrder) -> Result<RunReport, BackendError> {
        Err(NOTHING)
    }

    async fn restart(&self, _: &Authorized<Restart>) -> Result<(), BackendError> {
        Err(NOTHING)
    }

    async fn observe(
        &self,
        _: &Authorized<Apply>,
        _: &Cleared<'_>,
        _: RunOrder,
    ) -> Result<RunReport, BackendError> {
        Err(BackendError::NotYet("nothing runs here"))
    }

    async fn logs(&self, _: &Authorized<TentacleLogs>, _: &LogOrder) -> Result<Logs, BackendError> {
        Err(NOTHING)
    }

    async fn follow(&self, _: &Authorized<TentacleLogs>, _: &LogOrder) -> Result<LogStream, BackendError> {
        Ok(Box::pin(futures::stream::empty()))
    }

    async fn secret_changed(&self, _: &Authorized<SetSecret>, _: &SecretName) {}

    fn state(&self, _: &OnTentacle) -> TentacleState {
        TentacleState { state: "idle", ready: true, ..TentacleState::default() }
    }

    async fn audit(&self, _: &Authorized<List>, _: Audit) -> Result<Audited, BackendError> {
        Err(NOTHING)
    }

    async fn audit_tentacle(&self, _: &Authorized<TentacleAudit>) -> Result<Audited, BackendError> {
        Err(NOTHING)
    }

    async fn survey(&self, _: &SurveyGrant) -> Result<Survey, BackendError> {
        Err(NOTHING)
    }

    async fn preflight(&self, _: &SurveyGrant, _: Option<&Authorized<Info>>) -> Vec<Check> {
        Vec::new()
    }

    async fn usage(&self, _: &Authorized<Info>) -> Result<Usage, BackendError> {
        Err(NOTHING)
    }

    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}
