//! A version's own fixtures, run in its own sandbox before it serves: what fails them does not come to serve.

use super::{BackendError, RunOrder, RunReport, Watch};
use serde_json::{Value, json};
use std::time::Duration;
use workflow::Bundle;

/// How long all fixtures of a version may take together.
const WITHIN: Duration = Duration::from_secs(120);

/// What an engine is asked for.
pub(super) const PATH: &str = "/rehearse";

/// What came of fixtures that passed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rehearsed {
    /// How many: each fixture, and the whole graph where there are several nodes.
    pub passed: u64,
    /// Where code and contract were seen to have parted, for people.
    pub drift: Vec<String>,
}

/// The order to run a version's fixtures; `None` where it has none.
pub(super) fn order(bundle: &Bundle) -> Option<RunOrder> {
    let is_fixture = |path: &str| path.starts_with(workflow::FIXTURES) && path.ends_with(".json");
    let has_some = bundle.iter().any(|(path, _)| is_fixture(path.as_str()));
    has_some.then(|| RunOrder { input: json!({}), limit: WITHIN, watch: Watch::default() })
}

impl Rehearsed {
    /// Reads what an engine, or what ended its sandbox, says of it.
    pub(super) fn of(report: &RunReport) -> Result<Self, BackendError> {
        let told = &report.output;
        if !report.success {
            let errors = told.get("errors").and_then(Value::as_object).into_iter().flatten();
            let lines = errors.map(|(what, why)| format!("{what}: {}", why.as_str().unwrap_or_default()));
            return Err(BackendError::FailsItsFixtures(lines.collect::<Vec<_>>().join("\n")));
        }
        let drift = told.get("drift").and_then(Value::as_array).into_iter().flatten();
        Ok(Self {
            passed: told.get("passed").and_then(Value::as_u64).unwrap_or_default(),
            drift: drift.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }
}
