//! A backend that remembers what it was asked to do, and can be made to fail, to panic, or to stop for ever before or
//! after any effect.

use crate::app::until;
use async_trait::async_trait;
use futures::{StreamExt, stream};
use mcp_server::backend::audit::{Finding, Severity};
use mcp_server::backend::{
    Apart, Audit, Audited, Backend, BackendError, Cleared, Deployed, EnclaveView, LogOrder, LogStream, Logs,
    RunOrder, RunReport, Serves, Survey, TentacleState, Usage,
    survey::{Check, Node},
};
use mcp_server::gate::act::{
    Apply, Deprovision, Info, List, Provision, Remove, Restart, SetSecret, TentacleAudit, TentacleLogs,
};
use mcp_server::gate::target::OnTentacle;
use mcp_server::gate::{Authorized, Changed, MayRun, SurveyGrant};
use mcp_server::store::EnclaveRecord;
use mcp_server::{LastTurn, Turn};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;
use tokio::sync::Notify;
use wire::enforcement::Enforcement;
use wire::step::{NodeState, NodeStep};
use workflow::{Sandbox, SecretName, TentacleName};

/// What the backend holds: it outlives the server, as a cluster does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct World {
    /// The steps that were taken of each enclave, in the order of [`STEPS`].
    pub(crate) enclaves: BTreeMap<String, Vec<String>>,
    /// The mode and state that each mirror shows.
    pub(crate) mirrors: BTreeMap<String, String>,
    /// The version of each tentacle, by enclave and name.
    pub(crate) tentacles: BTreeMap<(String, String), String>,
    /// The files of secrets from git that each was given last, by service.
    pub(crate) given: BTreeMap<(String, String), BTreeMap<String, String>>,
    /// How often each tentacle was run.
    pub(crate) runs: BTreeMap<(String, String), u32>,
    /// How often each tentacle was started anew.
    pub(crate) restarts: BTreeMap<(String, String), u32>,
    /// What each run was given, in order.
    pub(crate) inputs: Vec<((String, String), Value)>,
    /// What was within reach of each version that was observed, in order.
    pub(crate) observed: Vec<Vec<String>>,
    /// Secrets that were changed, by enclave and name.
    pub(crate) secrets_changed: Vec<(String, String)>,
    /// Names that are somebody else's.
    pub(crate) foreign: Vec<String>,
    /// What somebody changed of each tentacle, past the server.
    pub(crate) by_hand: BTreeMap<(String, String), Vec<Apart>>,
    /// What each tentacle has printed before it said hello.
    pub(crate) printed: Vec<String>,
    /// Whether somebody has followed what a tentacle prints.
    pub(crate) followed: bool,
}

/// What is to go wrong. A point is `before` or `after` and the name of an effect, e.g. `after deploy`.
#[derive(Debug, Default)]
struct Trouble {
    /// Say at this point that nothing can be reached, once.
    fail: Option<String>,
    /// Say so each time, until it is let go.
    keep_failing: bool,
    /// The next version that is deployed fails its fixtures.
    fixtures: bool,
    /// How often it was said.
    failed: usize,
    /// Panic at this point, once.
    panic: Option<String>,
    /// Wait at this point until it is let go: what is killed there leaves what a killed process leaves.
    stop: Option<String>,
    /// Only the first one waits.
    once: bool,
    /// How many wait there.
    waiting: usize,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Remembering {
    world: Arc<Mutex<World>>,
    trouble: Arc<Mutex<Trouble>>,
    let_go: Arc<Notify>,
}

/// The stages in which an enclave is made.
const STAGES: [&[&str]; 3] = [&["namespace"], &["policies", "quota"], &["active"]];

/// Their steps.
pub(crate) const STEPS: [&str; 4] = ["namespace", "policies", "quota", "active"];

impl Remembering {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    pub(crate) fn fail_at(&self, point: &str) {
        self.trouble.lock().unwrap().fail = Some(point.to_owned());
    }

    /// Whoever comes to this point fails, again and again.
    pub(crate) fn keep_failing_at(&self, point: &str) {
        let fail = Some(point.to_owned());
        *self.trouble.lock().unwrap() = Trouble { fail, keep_failing: true, ..Trouble::default() };
    }

    /// The next version that comes as far as its fixtures fails them.
    pub(crate) fn fail_fixtures(&self) {
        self.trouble.lock().unwrap().fixtures = true;
    }

    /// Waits until it has failed so often.
    pub(crate) async fn until_failed_often(&self, count: usize) {
        until("the backend fails", async || self.trouble.lock().unwrap().failed >= count).await;
    }

    pub(crate) fn panic_at(&self, point: &str) {
        self.trouble.lock().unwrap().panic = Some(point.to_owned());
    }

    /// Whoever comes to this point waits there.
    pub(crate) fn stop_at(&self, point: &str) {
        *self.trouble.lock().unwrap() = Trouble { stop: Some(point.to_owned()), ..Trouble::default() };
    }

    /// The first who comes to this point waits there; others pass.
    pub(crate) fn stop_first_at(&self, point: &str) {
        self.stop_at(point);
        self.trouble.lock().unwrap().once = true;
    }

    /// Waits until so many wait at the point.
    pub(crate) async fn until_waiting(&self, count: usize) {
        until("the backend is there", async || self.trouble.lock().unwrap().waiting >= count).await;
    }

    /// Waits until somebody follows what a tentacle prints.
    pub(crate) async fn until_followed(&self) {
        until("somebody follows it", async || self.world().followed).await;
    }

    /// Waits until what was made to fail has failed.
    pub(crate) async fn until_failed(&self) {
        until("the backend fails", async || self.trouble.lock().unwrap().fail.is_none()).await;
    }

    /// Lets everybody go on.
    pub(crate) fn go_on(&self) {
        *self.trouble.lock().unwrap() = Trouble::default();
        self.let_go.notify_waiters();
    }

    async fn reach(&self, point: String) -> Result<(), BackendError> {
        let let_go = self.let_go.notified();
        let (fail, panic, stop) = {
            let mut trouble = self.trouble.lock().unwrap();
            let here = |named: &mut String| *named == point;
            let (fail, panic) = (trouble.fail.take_if(here), trouble.panic.take_if(here));
            trouble.failed += usize::from(fail.is_some());
            if trouble.keep_failing {
                trouble.fail = trouble.fail.take().or_else(|| fail.clone());
            }
            let stop = trouble.stop.as_ref() == Some(&point) && !(trouble.once && trouble.waiting > 0);
            trouble.waiting += usize::from(stop);
            (fail, panic, stop)
        };
        assert!(panic.is_none(), "the backend was made to panic");
        if stop {
            let_go.await;
        }
        if fail.is_some() { Err(BackendError::Unreachable(format!("made to fail {point}"))) } else { Ok(()) }
    }

    /// Changes the world as the effect of this name.
    async fn effect(&self, name: &str, change: impl FnOnce(&mut World)) -> Result<(), BackendError> {
        self.reach(format!("before {name}")).await?;
        change(&mut self.world());
        self.reach(format!("after {name}")).await
    }
}

fn place(of: &OnTentacle) -> (String, String) {
    (of.record.name.to_string(), of.name.to_string())
}

#[async_trait]
impl Backend for Remembering {
    fn name(&self) -> &'static str {
        "remembering"
    }

    fn enforces(&self) -> Enforcement {
        Enforcement::nothing("remembering", "it runs nothing")
    }

    fn steps(&self) -> &'static [&'static [&'static str]] {
        &STAGES
    }

    async fn provision(
        &self,
        grant: &Authorized<Provision>,
        _: &EnclaveView,
        step: &'static str,
    ) -> Result<(), BackendError> {
        let name = grant.target().name.to_string();
        if self.world().foreign.contains(&name) {
            return Err(BackendError::Taken);
        }
        self.effect(step, |world| {
            let taken = world.enclaves.entry(name).or_default();
            let mut before = STAGES.iter().take_while(|stage| !stage.contains(&step)).copied().flatten();
            assert!(before.all(|before| taken.iter().any(|taken| taken == before)), "{step} after {taken:?}");
            taken.push(step.to_owned());
            // Steps of one stage come in any order, and one that is taken again changes nothing.
            taken.sort_by_key(|taken| STEPS.iter().position(|step| step == taken));
            taken.dedup();
        })
        .await
    }

    async fn deprovision(&self, _: &LastTurn, grant: &Authorized<Deprovision>) -> Result<(), BackendError> {
        let name = grant.target().record.name.to_string();
        self.effect("deprovision", |world| {
            world.enclaves.remove(&name);
            world.mirrors.remove(&name);
            world.tentacles.retain(|(enclave, _), _| *enclave != name);
            world.given.retain(|(enclave, _), _| *enclave != name);
            world.runs.retain(|(enclave, _), _| *enclave != name);
            world.restarts.retain(|(enclave, _), _| *enclave != name);
            world.inputs.retain(|((enclave, _), _)| *enclave != name);
        })
        .await
    }

    async fn mirror(&self, _: &dyn Changed, enclave: &EnclaveView) -> Result<(), BackendError> {
        let record = &enclave.record;
        let mode = record.mode.map_or_else(|| "unreadable".to_owned(), |mode| mode.to_string());
        let shown = format!("{mode} {}", record.state.name());
        self.effect("mirror", |world| {
            world.mirrors.insert(record.name.to_string(), shown);
        })
        .await
    }

    fn takes(&self, _: &Sandbox) -> Result<(), BackendError> {
        Ok(())
    }

    async fn deploy(
        &self,
        _: &Turn,
        grant: &Authorized<Apply>,
        cleared: &Cleared<'_>,
    ) -> Result<Deployed, BackendError> {
        let version = cleared.version();
        let place = place(grant.target());
        if std::mem::take(&mut self.trouble.lock().unwrap().fixtures) {
            return Err(BackendError::FailsItsFixtures("hello: it expected 3, and got 4".to_owned()));
        }
        self.effect("deploy", |world| {
            assert!(world.enclaves.contains_key(&place.0), "a tentacle of no enclave: {place:?}");
            world.given.insert(place.clone(), version.secrets.files().clone());
            world.tentacles.insert(place, version.hash.clone());
        })
        .await?;
        Ok(Deployed { applied: vec!["code".to_owned()], created: 1, updated: 0, deleted: 0, rehearsed: None })
    }

    async fn remove(&self, _: &Turn, grant: &Authorized<Remove>) -> Result<Vec<String>, BackendError> {
        let place = place(grant.target());
        self.effect("remove", |world| {
            world.tentacles.remove(&place);
            world.given.remove(&place);
            world.runs.remove(&place);
        })
        .await?;
        Ok(vec!["code".to_owned()])
    }

    async fn run(&self, grant: &dyn MayRun, order: RunOrder) -> Result<RunReport, BackendError> {
        let place = place(grant.target());
        self.effect("run", |world| {
            assert!(world.tentacles.contains_key(&place), "nothing to run: {place:?}");
            *world.runs.entry(place.clone()).or_default() += 1;
            world.inputs.push((place, order.input.clone()));
        })
        .await?;
        for state in [NodeState::Started { attempt: 1 }, NodeState::Finished { duration_ms: 12 }] {
            order.watch.tell(NodeStep { node: "echo".to_owned(), state });
        }
        let output = json!({"success": true, "outputs": {"echo": order.input}, "errors": {}});
        Ok(RunReport { success: true, output, copy: "one".to_owned() })
    }

    /// Its one node asks for a host that nobody declared.
    async fn observe(
        &self,
        _: &Authorized<Apply>,
        cleared: &Cleared<'_>,
        _: RunOrder,
    ) -> Result<RunReport, BackendError> {
        let version = cleared.version();
        let reach = version.sandbox.egress.iter().map(ToString::to_string).collect();
        self.effect("observe", |world| world.observed.push(reach)).await?;
        let node = version.sandbox.nodes[0].name.as_str();
        let attempt = json!({"node": node, "by": "fetch", "host": "canary.example", "port": 443, "protocol": "https",
            "allowed": false});
        let observed = json!({"attempts": [attempt], "carried": [], "refused": []});
        let output = json!({"success": true, "outputs": {node: null}, "errors": {}, "observed": observed});
        Ok(RunReport { success: true, output, copy: "one".to_owned() })
    }

    async fn restart(&self, grant: &Authorized<Restart>) -> Result<(), BackendError> {
        let place = place(grant.target());
        self.effect("restart", |world| *world.restarts.entry(place).or_default() += 1).await
    }

    async fn logs(&self, _: &Authorized<TentacleLogs>, what: &LogOrder) -> Result<Logs, BackendError> {
        let mut lines = self.world().printed.clone();
        lines.push("hello".to_owned());
        let more = lines.len().saturating_sub(what.lines);
        Ok(Logs { copy: "one".to_owned(), lines: lines.split_off(more), truncated: more > 0 })
    }

    /// It says hello, and then a word at a time for as long as somebody listens.
    async fn follow(&self, _: &Authorized<TentacleLogs>, _: &LogOrder) -> Result<LogStream, BackendError> {
        self.world().followed = true;
        let words = stream::iter(1..).then(async |number| {
            tokio::time::sleep(Duration::from_millis(20)).await;
            format!("word {number}")
        });
        Ok(stream::iter(["hello".to_owned()]).chain(words).boxed())
    }

    async fn secret_changed(&self, grant: &Authorized<SetSecret>, name: &SecretName) {
        let enclave = grant.target().record.name.to_string();
        self.world().secrets_changed.push((enclave, name.to_string()));
    }

    fn state(&self, of: &OnTentacle) -> TentacleState {
        let ready = self.world().tentacles.contains_key(&place(of));
        let state = if ready { "idle" } else { "starting" };
        TentacleState { state, ready, current: true, ..TentacleState::default() }
    }

    async fn apart(
        &self,
        record: &EnclaveRecord,
    ) -> Result<BTreeMap<TentacleName, Vec<Apart>>, BackendError> {
        self.reach("before apart".to_owned()).await?;
        let world = self.world();
        let of = world.by_hand.iter().filter(|((enclave, _), _)| *enclave == record.name.as_str());
        Ok(of.map(|((_, name), apart)| (name.parse().unwrap(), apart.clone())).collect())
    }

    async fn put_back(&self, serves: &Serves<'_>) -> Result<Vec<String>, BackendError> {
        let (place, version, mut apart) = (place(serves.target()), serves.version(), None);
        self.effect("put back", |world| {
            assert!(world.enclaves.contains_key(&place.0), "a tentacle of no enclave: {place:?}");
            let before = world.tentacles.insert(place.clone(), version.hash.clone());
            assert!(before.is_none_or(|before| before == version.hash), "not what runs: {place:?}");
            world.given.insert(place.clone(), version.secrets.files().clone());
            apart = world.by_hand.remove(&place);
        })
        .await?;
        Ok(apart.map(|_| "thing".to_owned()).into_iter().collect())
    }

    /// Something is amiss with the enclave, and with each tentacle in it.
    async fn audit(&self, grant: &Authorized<List>, what: Audit) -> Result<Audited, BackendError> {
        let record = &grant.target().record;
        let of = record.tentacles.keys().map(|name| finding(Some(name.as_str())));
        let findings = of.chain([finding(None)]).collect();
        Ok(Audited { findings, looked_at: vec![format!("{what:?}")], ..Audited::default() })
    }

    async fn audit_tentacle(&self, grant: &Authorized<TentacleAudit>) -> Result<Audited, BackendError> {
        let findings = vec![finding(Some(grant.target().name.as_str()))];
        Ok(Audited { findings, ..Audited::default() })
    }

    async fn survey(&self, _: &SurveyGrant) -> Result<Survey, BackendError> {
        let nodes = ["node-c", "node-a", "node-b"].map(node).into();
        Ok(Survey { nodes, ..Survey::default() })
    }

    async fn preflight(&self, _: &SurveyGrant, _: Option<&Authorized<Info>>) -> Vec<Check> {
        Vec::new()
    }

    async fn usage(&self, _: &Authorized<Info>) -> Result<Usage, BackendError> {
        Ok(Usage::default())
    }

    fn index_age(&self) -> Option<Duration> {
        Some(Duration::ZERO)
    }
}

/// A node, which takes work unless it is `node-b`.
fn node(name: &str) -> Node {
    let (ready, said) = (name != "node-b", String::new);
    Node {
        name: name.to_owned(),
        ready,
        problems: Vec::new(),
        kubelet_version: said(),
        container_runtime: said(),
        os: said(),
        arch: said(),
        cpu: said(),
        memory: said(),
    }
}

fn finding(tentacle: Option<&str>) -> Finding {
    Finding {
        rule: "seeded",
        severity: Severity::High,
        object: "Thing/one".to_owned(),
        tentacle: tentacle.map(str::to_owned),
        message: "it is amiss".to_owned(),
        remedy: "mend it".to_owned(),
    }
}
