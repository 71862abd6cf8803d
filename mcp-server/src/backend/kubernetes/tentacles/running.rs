//! Runs, and what they print.

use super::{Tentacles, named, recorded};
use crate::backend::asking::{Asked, BROKE, GRACE, NoReport, broken, no_memory};
use crate::backend::kubernetes::seen::{
    address, ended_since, has_same_engine, has_sidecars, memory, ran_out_of_memory,
};
use crate::backend::kubernetes::workloads::{Seen, Workload};
use crate::backend::{BackendError, Rehearsed, RunOrder, RunReport, rehearsal};
use crate::gate::MayRun;
use crate::gate::target::OnTentacle;
use k8s_openapi::api::core::v1::Pod;
use kube::core::ResourceExt;
use manifest::Purpose;
use manifest::annotation::NODES;
use secrecy::SecretString;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use workflow::{Bundle, ContentHash};

/// How long a run waits for a pod that is just being started.
const STARTS_WITHIN: Duration = Duration::from_secs(30);

/// How long what became of a pod may take to be known.
const KNOWN_WITHIN: Duration = Duration::from_secs(3);

/// The same of a sidecar, while the run's answer waits.
const SIDECAR_KNOWN_WITHIN: Duration = Duration::from_secs(2);

/// How often it is looked, also where nothing is told.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// How often another pod is looked for after one that takes no more runs.
const TRIES: usize = 5;

/// Runs that go on, by enclave and pod.
#[derive(Debug, Default)]
pub(super) struct Going(Mutex<HashMap<(String, String), u64>>);

/// One of them.
struct OneMore<'a>(&'a Going, (String, String));

impl Going {
    /// How many go on on this pod.
    pub(super) fn on(&self, enclave: &str, pod: &str) -> u64 {
        self.counts().get(&(enclave.to_owned(), pod.to_owned())).copied().unwrap_or(0)
    }

    fn begin(&self, enclave: &str, pod: &str) -> OneMore<'_> {
        let key = (enclave.to_owned(), pod.to_owned());
        *self.counts().entry(key.clone()).or_default() += 1;
        OneMore(self, key)
    }

    fn counts(&self) -> MutexGuard<'_, HashMap<(String, String), u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for OneMore<'_> {
    fn drop(&mut self) {
        let mut counts = self.0.counts();
        if let Some(count) = counts.get_mut(&self.1) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.remove(&self.1);
            }
        }
    }
}

impl Tentacles {
    /// Runs a tentacle on the pod that serves. A pod that is just going takes none, and another is asked.
    pub(in super::super) async fn run(
        &self,
        grant: &dyn MayRun,
        order: &RunOrder,
    ) -> Result<RunReport, BackendError> {
        let target = grant.target();
        let version = recorded(target).ok_or_else(not_here)?;
        let workload = self.workloads.read(&target.record.name).await?;
        let wanted = Wanted { workload: &workload, target, version, purpose: Purpose::Serve };
        for _ in 0..TRIES {
            let pod = wanted.serving().await?;
            if let Some(report) = self.report(&wanted, &pod, ("/run", order)).await? {
                return Ok(report);
            }
            workload.changes(LOOK_AGAIN).await;
        }
        Err(BackendError::Unreachable(format!("no sandbox of `{}` takes the run", target.name)))
    }

    /// Runs the fixtures of a version on its pod, where it has any.
    pub(super) async fn rehearse(
        &self,
        wanted: &Wanted<'_>,
        bundle: &Bundle,
    ) -> Result<Option<Rehearsed>, BackendError> {
        let Some(order) = rehearsal::order(bundle) else { return Ok(None) };
        let pod = wanted.seen().serving().cloned().ok_or_else(gone)?;
        let report = self.report(wanted, &pod, (rehearsal::PATH, &order)).await?.ok_or_else(gone)?;
        Rehearsed::of(&report).map(Some)
    }

    /// What this pod says of an order, or what its end says; `None` when it was ending and has not begun, so that another one
    /// can take it.
    pub(super) async fn report(
        &self,
        wanted: &Wanted<'_>,
        pod: &Pod,
        order: (&str, &RunOrder),
    ) -> Result<Option<RunReport>, BackendError> {
        // A pod that dies does not always say so to whoever is connected to it.
        let asked = tokio::select! {
            asked = self.ask(wanted.target, &wanted.version, pod, order) => asked,
            () = wanted.ended(pod) => Err(NoReport::Broke("its engine ended".to_owned())),
        };
        match asked {
            Ok(report) => Ok(Some(wanted.with_the_dead(pod, report).await)),
            Err(NoReport::Refused(error)) => Err(error),
            Err(NoReport::Broke(how)) => {
                tracing::warn!(pod = pod.name_any(), how, "a pod broke during a run");
                Ok(Some(wanted.broke(pod).await))
            }
            Err(NoReport::Ending(how)) => {
                tracing::info!(pod = pod.name_any(), how, "a pod that was ending took no run");
                Ok(None)
            }
        }
    }

    /// Whether the engine of a version that is ready answers for it, and nothing in its place.
    pub(super) async fn proven(&self, wanted: &Wanted<'_>) -> Result<(), BackendError> {
        let seen = wanted.seen();
        let Some(pod) = seen.serving().filter(|pod| has_sidecars(pod)) else { return Ok(()) };
        let (token, base) = self.engine(wanted.target, &wanted.version, pod);
        let asked = Asked { client: &self.http, base: &base, token: &token, copy: &pod.name_any() };
        asked.is_engine().await.map_err(|why| match why {
            NoReport::Refused(error) => error,
            NoReport::Ending(how) | NoReport::Broke(how) => {
                BackendError::DoesNotStart(format!("its engine does not answer: {how}"))
            }
        })
    }

    /// What a pod's engine takes runs with, and where it is.
    fn engine(&self, target: &OnTentacle, version: &ContentHash, pod: &Pod) -> (SecretString, String) {
        let token = self.supply.run_token(target.record.id, &named(target), &made_from(pod, version));
        (token, format!("http://{}:{}", address(pod).unwrap_or_default(), manifest::PORT))
    }

    async fn ask(
        &self,
        target: &OnTentacle,
        version: &ContentHash,
        pod: &Pod,
        (path, order): (&str, &RunOrder),
    ) -> Result<RunReport, NoReport> {
        let (enclave, copy) = (target.record.name.as_str(), pod.name_any());
        let (token, base) = self.engine(target, version, pod);
        let asked = Asked { client: &self.http, base: &base, token: &token, copy: &copy };
        if has_sidecars(pod) {
            asked.is_engine().await?;
        }
        let _one_more = self.going.begin(enclave, &copy);
        match tokio::time::timeout(order.limit + GRACE, asked.send(path, order)).await {
            Ok(report) => report,
            Err(_) => {
                tracing::warn!(copy, "an engine did not stop a run at its limit: its pod is ended");
                let ended = self.cluster.end_pod(enclave, &copy).await;
                Err(NoReport::Refused(ended.err().unwrap_or(BackendError::TimedOut(order.limit))))
            }
        }
    }
}

/// What is to be run, and where it is looked for.
pub(super) struct Wanted<'a> {
    pub(super) workload: &'a Workload,
    pub(super) target: &'a OnTentacle,
    pub(super) version: ContentHash,
    pub(super) purpose: Purpose,
}

impl Wanted<'_> {
    fn seen(&self) -> Seen {
        self.workload.version(&self.target.name, &self.purpose.revision(&self.version))
    }

    /// The pod that serves: of the version that the record names, or else of whichever takes runs while that is being
    /// replaced.
    async fn serving(&self) -> Result<Arc<Pod>, BackendError> {
        let began = Instant::now();
        loop {
            let seen = self.seen();
            if let Some(pod) = seen.serving().cloned() {
                return Ok(pod);
            }
            if let Some(other) = self.workload.other(&self.target.name)
                && let Some(pod) = other.serving().cloned()
            {
                return Ok(pod);
            }
            let why = seen.standing().and_then(|standing| seen.hopeless(standing));
            let late = began.elapsed() > STARTS_WITHIN;
            // What a run has used up is made anew: whoever asks next waits for it.
            let comes_back = seen.pods.iter().any(|pod| ran_out_of_memory(pod));
            if let Some(why) = why.filter(|_| late || !comes_back) {
                return Err(why.into_error());
            }
            if !seen.is_wanted() {
                return Err(not_here());
            }
            if late {
                let why = format!("its sandbox was not ready within {} s", STARTS_WITHIN.as_secs());
                return Err(BackendError::DoesNotStart(why));
            }
            self.workload.changes(LOOK_AGAIN).await;
        }
    }

    /// The report, and where it tells of a failure, which sidecars ended meanwhile: that may be why.
    async fn with_the_dead(&self, before: &Pod, mut report: RunReport) -> RunReport {
        if report.success || !has_sidecars(before) {
            return report;
        }
        let (began, name) = (Instant::now(), before.name_any());
        let dead = || self.workload.pod(&name).map(|now| ended_since(before, &now)).unwrap_or_default();
        while dead().is_empty() && began.elapsed() < SIDECAR_KNOWN_WITHIN {
            self.workload.changes(LOOK_AGAIN).await;
        }
        let told = dead().join("; ");
        let errors = report.output.get_mut("errors").and_then(Value::as_object_mut);
        for error in errors.into_iter().flat_map(|errors| errors.values_mut()).filter(|_| !told.is_empty()) {
            *error = format!("{}; meanwhile {told}", error.as_str().unwrap_or_default()).into();
        }
        report
    }

    /// Waits until the engine of a pod has ended.
    async fn ended(&self, pod: &Pod) {
        let name = pod.name_any();
        while self.workload.pod(&name).is_some_and(|now| has_same_engine(pod, &now)) {
            self.workload.changes(LOOK_AGAIN).await;
        }
    }

    /// The report of a run whose pod did not live to give one, once it is known why.
    async fn broke(&self, pod: &Pod) -> RunReport {
        let (began, name) = (Instant::now(), pod.name_any());
        let out_of_memory = || self.workload.pod(&name).is_some_and(|pod| ran_out_of_memory(&pod));
        while !out_of_memory() && began.elapsed() < KNOWN_WITHIN {
            self.workload.changes(LOOK_AGAIN).await;
        }
        let memory = memory(pod).unwrap_or_else(|| "little".to_owned());
        let why = if out_of_memory() { no_memory(&memory) } else { BROKE.to_owned() };
        let nodes = pod.annotations().get(NODES).into_iter().flat_map(|nodes| nodes.split(','));
        let nodes: Vec<String> = nodes.map(str::to_owned).collect();
        broken(&nodes, &why, &name)
    }
}

/// The version that a pod was made from.
fn made_from(pod: &Pod, recorded: &ContentHash) -> ContentHash {
    let named = pod.annotations().get(manifest::annotation::VERSION);
    named.and_then(|version| version.parse().ok()).unwrap_or(*recorded)
}

pub(super) fn gone() -> BackendError {
    BackendError::DoesNotStart("its sandbox went away".to_owned())
}

pub(super) fn not_here() -> BackendError {
    BackendError::DoesNotStart("no version of it is here to be run".to_owned())
}
