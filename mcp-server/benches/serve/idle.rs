//! A backend that does nothing.

use async_trait::async_trait;
use mcp_server::backend::{
    Backend, BackendError, Deployed, EnclaveView, Logs, RunOrder, RunReport, TentacleState, Version,
};
use mcp_server::gate::act::{Apply, Deprovision, Provision, Remove, Run, TentacleLogs};
use mcp_server::gate::target::OnTentacle;
use mcp_server::gate::{Authorized, Changed};
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Idle;

const NOTHING: BackendError = BackendError::NotYet("this backend does nothing");

#[async_trait]
impl Backend for Idle {
    fn name(&self) -> &'static str {
        "idle"
    }

    fn gaps(&self) -> Vec<String> {
        Vec::new()
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

    async fn deprovision(&self, _: &Authorized<Deprovision>) -> Result<(), BackendError> {
        Ok(())
    }

    async fn mirror(&self, _: &dyn Changed, _: &EnclaveView) -> Result<(), BackendError> {
        Ok(())
    }

    async fn deploy(&self, _: &Authorized<Apply>, _: &Version) -> Result<Deployed, BackendError> {
        Err(NOTHING)
    }

    async fn remove(&self, _: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        Err(NOTHING)
    }

    async fn run(&self, _: &Authorized<Run>, _: RunOrder) -> Result<RunReport, BackendError> {
        Err(NOTHING)
    }

    async fn logs(&self, _: &Authorized<TentacleLogs>, _: usize) -> Result<Logs, BackendError> {
        Err(NOTHING)
    }

    fn state(&self, _: &OnTentacle) -> TentacleState {
        TentacleState { state: "idle", ready: true, ..TentacleState::default() }
    }

    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}
