//! Counts for the operator, in the OpenMetrics text format. No label names an enclave, a person or a tentacle.

use policy::Action;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Ended {
    /// With an answer.
    Answered,
    /// With a refusal, or a failure that was told.
    Refused,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct CallLabels {
    tool: &'static str,
    ended: Ended,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ToolLabel {
    tool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DecisionLabels {
    action: &'static str,
    decided: Decided,
}

/// What the server compares with its records by itself, again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
pub(crate) enum Reconciled {
    /// What a stop interrupted, and what the backend does not show yet.
    Unfinished,
    /// What runs.
    Cluster,
    /// What is in git.
    Git,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReconciledLabel {
    what: Reconciled,
}

/// What the gate decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, EncodeLabelValue)]
enum Decided {
    Allowed,
    Denied,
}

/// The server's counts.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    seconds: Family<ToolLabel, Histogram>,
    decisions: Family<DecisionLabels, Counter>,
    reconciled: Family<ReconciledLabel, Histogram>,
    unauthenticated: Counter,
    index_age: Gauge<f64, AtomicU64>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tentacular");
        let calls = Family::<CallLabels, Counter>::default();
        let seconds = Family::<ToolLabel, Histogram>::new_with_constructor(durations);
        let reconciled = Family::<ReconciledLabel, Histogram>::new_with_constructor(durations);
        let unauthenticated = Counter::default();
        let (decisions, index_age) = (Family::default(), Gauge::default());
        registry.register("decisions", "Decisions by action and outcome", Family::clone(&decisions));
        let help = "How long ago at most the backend's index was confirmed; NaN while it is read";
        registry.register("index_age_seconds", help, Gauge::clone(&index_age));
        registry.register("calls", "Tool calls by how they ended", calls.clone());
        registry.register("call_seconds", "How long tool calls took", seconds.clone());
        let help = "How long it took to compare all of it with the records once";
        registry.register("reconcile_seconds", help, reconciled.clone());
        registry.register("unauthenticated", "Requests whose token named nobody", unauthenticated.clone());
        Self { registry, calls, seconds, decisions, reconciled, unauthenticated, index_age }
    }

    pub(crate) fn called(&self, tool: &'static str, ended: Ended, seconds: f64) {
        self.calls.get_or_create(&CallLabels { tool, ended }).inc();
        self.seconds.get_or_create(&ToolLabel { tool }).observe(seconds);
    }

    pub(crate) fn decided(&self, action: Action, allowed: bool) {
        let decided = if allowed { Decided::Allowed } else { Decided::Denied };
        self.decisions.get_or_create(&DecisionLabels { action: action.name(), decided }).inc();
    }

    pub(crate) fn reconciled(&self, what: Reconciled, took: Duration) {
        self.reconciled.get_or_create(&ReconciledLabel { what }).observe(took.as_secs_f64());
    }

    pub(crate) fn nobody(&self) {
        self.unauthenticated.inc();
    }

    /// All of it as text, with the age of the backend's index.
    pub(crate) fn render(&self, index_age: Option<Duration>) -> Result<String, fmt::Error> {
        self.index_age.set(index_age.map_or(f64::NAN, |age| age.as_secs_f64()));
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

/// From half a millisecond to half a minute.
fn durations() -> Histogram {
    Histogram::new(exponential_buckets(0.0005, 2.0, 17))
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
