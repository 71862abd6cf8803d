//! Asking an engine to run, or to load, and what can come of it.

use super::super::confine::{End, Kind};
use super::{Engine, GRACE, READY_WITHIN};
use crate::backend::{BackendError, RunOrder, RunReport};
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How often it is looked whether a sandbox that hangs when it has no memory left has none.
const LOOK_FOR_KILLS: Duration = Duration::from_millis(500);

/// The most bytes of an answer: outputs and errors are bounded by the engine, which need not be believed.
const MOST: usize = 8 * 1024 * 1024;

/// Why there is no report.
enum NoReport {
    /// The engine did not take the run.
    Refused(BackendError),
    /// It did not answer, or what it answered makes no sense.
    Broke(String),
}

impl Engine {
    /// Sees whether every node can be loaded.
    pub(in super::super) async fn load(&self) -> Result<(), BackendError> {
        let report = self.send("/load", &RunOrder { input: json!({}), limit: READY_WITHIN }).await?;
        if report.success {
            return Ok(());
        }
        let errors = report.output.get("errors").and_then(Value::as_object).into_iter().flatten();
        let lines = errors.map(|(node, error)| format!("{node}: {}", error.as_str().unwrap_or_default()));
        Err(BackendError::DoesNotStart(lines.collect::<Vec<_>>().join("\n")))
    }

    /// Runs the tentacle.
    pub(in super::super) async fn run(&self, order: &RunOrder) -> Result<RunReport, BackendError> {
        self.send("/run", order).await
    }

    async fn send(&self, path: &str, order: &RunOrder) -> Result<RunReport, BackendError> {
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
            Ok(report) => Ok(report),
            Err(NoReport::Refused(error)) => Err(error),
            Err(NoReport::Broke(how)) => {
                tracing::warn!(copy = self.copy, how, "a sandbox broke during a run");
                self.sandbox.end();
                let end = self.sandbox.ended().await;
                Ok(self.broken(&end, kills))
            }
        }
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
        let broke = |error: reqwest::Error| NoReport::Broke(error.to_string());
        // The engine counts whole seconds.
        let seconds = order.limit.as_secs() + u64::from(order.limit.subsec_nanos() > 0);
        let request = self.client.post(format!("http://engine{path}")).bearer_auth(&self.token.0);
        let request = request
            .header("tentacular-run", Uuid::now_v7().to_string())
            .header("tentacular-timeout", seconds.max(1).to_string())
            .json(&order.input);
        let mut answer = request.send().await.map_err(broke)?;
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(broke)? {
            body.extend_from_slice(&part);
            if body.len() > MOST {
                return Err(NoReport::Broke(format!("it answered more than {MOST} bytes")));
            }
        }
        let told: Value =
            serde_json::from_slice(&body).map_err(|error| NoReport::Broke(error.to_string()))?;
        let error = || told.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
        match answer.status().as_u16() {
            200 => match told.get("success").and_then(Value::as_bool) {
                Some(success) => Ok(RunReport { success, output: told, copy: self.copy.clone() }),
                None => Err(NoReport::Broke("it did not say whether it succeeded".to_owned())),
            },
            400 | 413 => Err(NoReport::Refused(BackendError::NotTaken(error()))),
            429 => Err(NoReport::Refused(BackendError::Busy)),
            code => Err(NoReport::Broke(format!("it answered {code}: {}", error()))),
        }
    }

    /// The report of a run whose sandbox did not live to give one: in the engine's words, every node failed.
    fn broken(&self, end: &End, kills: u64) -> RunReport {
        let why = if end.memory_kills > kills {
            format!("stopped: used more memory than the sandbox has, {} MiB", self.memory_mib)
        } else {
            "stopped: its sandbox broke".to_owned()
        };
        let errors: Map<String, Value> =
            self.nodes.iter().map(|node| (node.clone(), Value::from(why.clone()))).collect();
        let output = json!({"success": false, "outputs": {}, "errors": errors});
        RunReport { success: false, output, copy: self.copy.clone() }
    }
}
