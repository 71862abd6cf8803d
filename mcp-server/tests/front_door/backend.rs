//! A backend that remembers what it was asked to do, and can be made to fail or to stop for ever after a step.

use async_trait::async_trait;
use mcp_server::backend::{
    Backend, BackendError, Deployed, EnclaveView, Logs, RunOrder, RunReport, TentacleState, Version,
};
use mcp_server::gate::act::{Apply, Deprovision, Provision, Remove, Run, TentacleLogs};
use mcp_server::gate::target::OnTentacle;
use mcp_server::gate::{Authorized, Changed};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What the backend holds: it outlives the server, as a cluster does.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// The steps that were taken of each enclave, and whether it is usable.
    pub(crate) enclaves: BTreeMap<String, Vec<String>>,
    /// The modes that the mirrors show.
    pub(crate) mirrors: BTreeMap<String, String>,
    pub(crate) tentacles: BTreeMap<(String, String), String>,
    /// Names that are somebody else's.
    pub(crate) foreign: Vec<String>,
    /// Fail the effect of this name, once.
    pub(crate) fail: Option<String>,
    /// Never come back from the effect of this name: what follows is what a killed process leaves.
    pub(crate) hang_after: Option<String>,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Remembering {
    pub(crate) world: Arc<Mutex<World>>,
}

impl Remembering {
    async fn after(&self, effect: &str) -> Result<(), BackendError> {
        let (fail, hang) = {
            let mut world = self.world.lock().unwrap();
            let fail = world.fail.take_if(|fail| fail == effect).is_some();
            (fail, world.hang_after.as_deref() == Some(effect))
        };
        if hang {
            std::future::pending::<()>().await;
        }
        if fail { Err(BackendError::Unreachable(format!("{effect} was made to fail"))) } else { Ok(()) }
    }
}

#[async_trait]
impl Backend for Remembering {
    fn name(&self) -> &'static str {
        "remembering"
    }

    fn gaps(&self) -> Vec<String> {
        vec!["everything: it runs nothing".to_owned()]
    }

    fn steps(&self) -> &'static [&'static str] {
        &["namespace", "policies", "quota", "active"]
    }

    async fn provision(
        &self,
        grant: &Authorized<Provision>,
        _: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError> {
        let name = grant.target().name.to_string();
        {
            let mut world = self.world.lock().unwrap();
            if world.foreign.contains(&name) {
                return Err(BackendError::Taken);
            }
            let taken = world.enclaves.entry(name).or_default();
            if !taken.iter().any(|taken| taken == step) {
                taken.push(step.to_owned());
            }
        }
        self.after(step).await
    }

    async fn deprovision(&self, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let name = grant.target().record.name.to_string();
        {
            let mut world = self.world.lock().unwrap();
            world.enclaves.remove(&name);
            world.mirrors.remove(&name);
            world.tentacles.retain(|(enclave, _), _| *enclave != name);
        }
        self.after("deprovision").await
    }

    async fn mirror(&self, _: &dyn Changed, enclave: &EnclaveView) -> Result<(), BackendError> {
        self.after("mirror").await?;
        let record = &enclave.record;
        let shown = format!("{} {}", record.mode.unwrap(), record.state.name());
        self.world.lock().unwrap().mirrors.insert(record.name.to_string(), shown);
        Ok(())
    }

    async fn deploy(&self, grant: &Authorized<Apply>, version: &Version) -> Result<Deployed, BackendError> {
        let key = (grant.target().record.name.to_string(), grant.target().name.to_string());
        self.world.lock().unwrap().tentacles.insert(key, version.hash.clone());
        self.after("deploy").await?;
        Ok(Deployed { applied: vec!["code".to_owned()], created: 1, updated: 0, deleted: 0 })
    }

    async fn remove(&self, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        let key = (grant.target().record.name.to_string(), grant.target().name.to_string());
        self.world.lock().unwrap().tentacles.remove(&key);
        self.after("remove").await?;
        Ok(vec!["code".to_owned()])
    }

    async fn run(&self, _: &Authorized<Run>, order: RunOrder) -> Result<RunReport, BackendError> {
        self.after("run").await?;
        let output = json!({"success": true, "outputs": {"echo": order.input}, "errors": {}});
        Ok(RunReport { success: true, output, copy: "one".to_owned() })
    }

    async fn logs(&self, _: &Authorized<TentacleLogs>, _: usize) -> Result<Logs, BackendError> {
        Ok(Logs { copy: "one".to_owned(), lines: vec!["hello".to_owned()], truncated: false })
    }

    fn state(&self, _: &OnTentacle) -> TentacleState {
        TentacleState { state: "idle", ready: true, ..TentacleState::default() }
    }

    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}
