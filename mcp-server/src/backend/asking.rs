//! Asking an engine to run or to load, and what can come of it: the same words whatever is around the engine.

mod proof;
mod told;

use self::told::Lines;
use super::{BackendError, RunOrder, RunReport, Watch};
use reqwest::header::ACCEPT;
use reqwest::{Response, StatusCode};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Map, Value, json};
use std::time::Duration;
use uuid::Uuid;

/// How long an engine may take to answer once a run is over its limit.
pub(super) const GRACE: Duration = Duration::from_secs(5);

/// The most bytes of an answer: outputs and errors are bounded by the engine, which need not be believed.
const MOST: usize = 8 * 1024 * 1024;

/// What an engine is asked for: its report, or a line for everything that happens and the report as the last.
const JSON: &str = "application/json";
const NDJSON: &str = "application/x-ndjson";

/// An engine, as it is asked.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    /// What carries the request.
    pub(super) client: &'a reqwest::Client,
    /// Where it is, without a path.
    pub(super) base: &'a str,
    /// What it takes runs with.
    pub(super) token: &'a SecretString,
    /// The copy's name.
    pub(super) copy: &'a str,
}

/// Why there is no report.
#[derive(Debug)]
pub(super) enum NoReport {
    /// The engine did not take the run.
    Refused(BackendError),
    /// It takes no more runs, or is not there: this one has not begun.
    Ending(String),
    /// It did not answer, or what it answered makes no sense.
    Broke(String),
}

impl Asked<'_> {
    /// Sends an order to `/run` or `/load` and reads the report.
    pub(super) async fn send(&self, path: &str, order: &RunOrder) -> Result<RunReport, NoReport> {
        // The engine counts whole seconds.
        let seconds = order.limit.as_secs() + u64::from(order.limit.subsec_nanos() > 0);
        let request =
            self.client.post(format!("{}{path}", self.base)).bearer_auth(self.token.expose_secret());
        let accepted = if order.watch.is_wanted() { NDJSON } else { JSON };
        let request = request
            .header(ACCEPT, accepted)
            .header("tentacular-run", Uuid::now_v7().to_string())
            .header("tentacular-timeout", seconds.max(1).to_string())
            .json(&order.input);
        let mut answer = request.send().await.map_err(|error| match error.is_connect() {
            true => NoReport::Ending(error.to_string()),
            false => NoReport::Broke(error.to_string()),
        })?;
        let told = match answer.status() {
            StatusCode::OK if order.watch.is_wanted() => follow(&mut answer, &order.watch).await,
            _ => read(&mut answer).await,
        };
        let told = told.map_err(NoReport::Broke)?;
        let error = || told.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
        match answer.status().as_u16() {
            200 => match told.get("success").and_then(Value::as_bool) {
                Some(success) => Ok(RunReport { success, output: told, copy: self.copy.to_owned() }),
                None => Err(NoReport::Broke("it did not say whether it succeeded".to_owned())),
            },
            400 | 413 => Err(NoReport::Refused(BackendError::NotTaken(error()))),
            429 => Err(NoReport::Refused(BackendError::Busy)),
            503 => Err(NoReport::Ending(error())),
            code => Err(NoReport::Broke(format!("it answered {code}: {}", error()))),
        }
    }
}

/// Reads an answer as a whole.
async fn read(answer: &mut Response) -> Result<Value, String> {
    let mut body = Vec::new();
    while let Some(part) = answer.chunk().await.map_err(|error| error.to_string())? {
        body.extend_from_slice(&part);
        if body.len() > MOST {
            return Err(format!("it answered more than {MOST} bytes"));
        }
    }
    serde_json::from_slice(&body).map_err(|error| error.to_string())
}

/// Reads an answer line by line, and tells the watcher what becomes of the nodes.
async fn follow(answer: &mut Response, watch: &Watch) -> Result<Value, String> {
    let mut lines = Lines::default();
    while let Some(part) = answer.chunk().await.map_err(|error| error.to_string())? {
        lines.take(&part, MOST, watch)?;
    }
    lines.report()
}

/// The report of a run whose sandbox did not live to give one: in the engine's words, every node failed.
pub(super) fn broken(nodes: &[String], why: &str, copy: &str) -> RunReport {
    let errors: Map<String, Value> = nodes.iter().map(|node| (node.clone(), Value::from(why))).collect();
    let output = json!({"success": false, "outputs": {}, "errors": errors});
    RunReport { success: false, output, copy: copy.to_owned() }
}

/// What such a run says when its sandbox had no memory left.
pub(super) fn no_memory(amount: &str) -> String {
    format!("stopped: used more memory than the sandbox has, {amount}")
}

/// What it says when nobody knows why.
pub(super) const BROKE: &str = "stopped: its sandbox broke";
