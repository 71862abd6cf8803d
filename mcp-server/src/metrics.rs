//! Counts for the operator, in the OpenMetrics text format. No label names an enclave, a person or a tentacle.

use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;
use std::fmt;

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

/// The server's counts.
pub(crate) struct Metrics {
    registry: Registry,
    calls: Family<CallLabels, Counter>,
    seconds: Family<ToolLabel, Histogram>,
    unauthenticated: Counter,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("tentacular");
        let calls = Family::<CallLabels, Counter>::default();
        // from half a millisecond to half a minute
        let seconds = Family::<ToolLabel, Histogram>::new_with_constructor(|| {
            Histogram::new(exponential_buckets(0.0005, 2.0, 17))
        });
        let unauthenticated = Counter::default();
        registry.register("calls", "Tool calls by how they ended", calls.clone());
        registry.register("call_seconds", "How long tool calls took", seconds.clone());
        registry.register("unauthenticated", "Requests whose token named nobody", unauthenticated.clone());
        Self { registry, calls, seconds, unauthenticated }
    }

    pub(crate) fn called(&self, tool: &'static str, ended: Ended, seconds: f64) {
        self.calls.get_or_create(&CallLabels { tool, ended }).inc();
        self.seconds.get_or_create(&ToolLabel { tool }).observe(seconds);
    }

    pub(crate) fn nobody(&self) {
        self.unauthenticated.inc();
    }

    /// All of it as text.
    pub(crate) fn render(&self) -> Result<String, fmt::Error> {
        let mut text = String::new();
        encode(&mut text, &self.registry)?;
        Ok(text)
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Metrics").finish_non_exhaustive()
    }
}
