//! Asking an engine to run, or to load, and what can come of it.

use super::super::confine::{End, Kind};
use super::{Beside, Engine, READY_WITHIN};
use crate::backend::asking::{Asked, BROKE, GRACE, NoReport, broken, no_memory};
use crate::backend::{BackendError, Rehearsed, RunOrder, RunReport, Watch, rehearsal};
use serde_json::{Value, json};
use std::sync::atomic::Ordering;
use std::time::Duration;
use workflow::Bundle;

/// How often it is looked whether a sandbox that hangs when it has no memory left has none.
const LOOK_FOR_KILLS: Duration = Duration::from_millis(500);

/// How long the end of a sidecar may take to be known, while the answer of a run that failed waits.
const SIDECAR_KNOWN_WITHIN: Duration = Duration::from_secs(2);

impl Engine {
    /// Sees whether every node can be loaded.
    pub(in super::super) async fn load(&self) -> Result<(), BackendError> {
        let order = RunOrder { input: json!({}), limit: READY_WITHIN, watch: Watch::default() };
        let report = self.send("/load", &order).await?;
        let report = report.ok_or_else(|| BackendError::DoesNotStart(BROKE.to_owned()))?;
        if report.success {
            return Ok(());
        }
        let errors = report.output.get("errors").and_then(Value::as_object).into_iter().flatten();
        let lines = errors.map(|(node, error)| format!("{node}: {}", error.as_str().unwrap_or_default()));
        Err(BackendError::DoesNotStart(lines.collect::<Vec<_>>().join("\n")))
    }

    /// Runs the fixtures that came with it, where there are any.
    pub(in super::super) async fn rehearse(
        &self,
        bundle: &Bundle,
    ) -> Result<Option<Rehearsed>, BackendError> {
        let Some(order) = rehearsal::order(bundle) else { return Ok(None) };
        let report = self.send(rehearsal::PATH, &order).await?;
        let report = report.ok_or_else(|| BackendError::DoesNotStart(BROKE.to_owned()))?;
        Rehearsed::of(&report).map(Some)
    }

    /// Runs the tentacle; `None` when this engine was ending and the run has not begun, so that another one can take it.
    pub(in super::super) async fn run(&self, order: &RunOrder) -> Result<Option<RunReport>, BackendError> {
        self.send("/run", order).await
    }

    /// Runs the tentacle once, to see what its contract lacks.
    pub(in super::super) async fn observe(&self, order: &RunOrder) -> Result<RunReport, BackendError> {
        let report = self.send("/observe", order).await?;
        report.ok_or_else(|| BackendError::DoesNotStart(BROKE.to_owned()))
    }

    async fn send(&self, path: &str, order: &RunOrder) -> Result<Option<RunReport>, BackendError> {
        let kills = self.sandbox.group.memory_kills();
        let report = tokio::select! {
            report = self.ask(path, order) => report,
            end = self.sandbox.ended() => Err(NoReport::Broke(end.status)),
            () = self.stuck(kills) => Err(NoReport::Broke("it hangs, with no memory left".to_owned())),
            () = tokio::time::sleep(order.limit + GRACE) => {
                tracing::warn!(copy = self.copy, "an engine did not stop a run at its limit: its sandbox is ended");
                self.end().await;
                return Err(BackendError::TimedOut(order.limit));
            }
        };
        match report {
            Ok(report) => {
                // Its processes are none of this kernel's, which counts only what they take of it.
                let unseen = self.kind == Kind::Runsc && !report.success;
                self.worn.fetch_or(unseen, Ordering::Relaxed);
                Ok(Some(self.with_the_dead(report).await))
            }
            Err(NoReport::Refused(error)) => Err(error),
            Err(NoReport::Ending(how)) => {
                tracing::info!(copy = self.copy, how, "an engine that was ending took no run");
                self.end().await;
                Ok(None)
            }
            Err(NoReport::Broke(how)) => {
                tracing::warn!(copy = self.copy, how, "a sandbox broke during a run");
                self.sandbox.end();
                let end = self.sandbox.ended().await;
                self.end().await;
                Ok(Some(self.broken(&end, kills)))
            }
        }
    }

    /// The report of a run that failed, with the sidecars that ended meanwhile.
    async fn with_the_dead(&self, mut report: RunReport) -> RunReport {
        if report.success || self.sidecars.is_empty() {
            return report;
        }
        // Its end may be known a little later than what it broke.
        let _ = tokio::time::timeout(SIDECAR_KNOWN_WITHIN, self.sidecar_ends()).await;
        let told: Vec<String> = self.sidecars.iter().filter_map(Beside::ended).collect();
        let errors = report.output.get_mut("errors").and_then(Value::as_object_mut);
        for error in errors.into_iter().flat_map(|errors| errors.values_mut()).filter(|_| !told.is_empty()) {
            *error = format!("{}; meanwhile {}", error.as_str().unwrap_or_default(), told.join("; ")).into();
        }
        report
    }

    /// Waits until a sandbox that hangs when it has no memory left has none. In others the kernel ends the run.
    async fn stuck(&self, kills: u64) {
        loop {
            tokio::time::sleep(LOOK_FOR_KILLS).await;
            if self.kind == Kind::Runsc && self.sandbox.group.memory_kills() > kills {
                return;
            }
        }
    }

    async fn ask(&self, path: &str, order: &RunOrder) -> Result<RunReport, NoReport> {
        let Self { client, token, copy, .. } = self;
        Asked { client, base: "http://engine", token, copy }.send(path, order).await
    }

    fn no_memory(&self) -> String {
        let amount = format!("{} MiB", self.memory_mib);
        if self.kind == Kind::Runsc && !self.sidecars.is_empty() {
            return no_memory(&format!("{amount} together with its sidecars"));
        }
        no_memory(&amount)
    }

    /// The report of a run whose sandbox did not live to give one.
    fn broken(&self, end: &End, kills: u64) -> RunReport {
        let why = if end.memory_kills > kills { self.no_memory() } else { BROKE.to_owned() };
        broken(&self.nodes, &why, &self.copy)
    }
}
