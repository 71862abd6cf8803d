//! What the engine is told: `plan.json`.

use super::{RunTokenHash, Sandbox};
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::time::Duration;

/// The plan of a sandbox. `engine/plan.ts` reads it; a key that one side does not know is an error there.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan<'a> {
    plan: u32,
    enclave: &'a str,
    tentacle: &'a str,
    version: String,
    run_token_sha256: String,
    nodes: Vec<PlannedNode<'a>>,
    config: &'a Map<String, Json>,
    limits: PlannedLimits,
}

/// The version of the format.
const FORMAT: u32 = 1;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedNode<'a> {
    name: &'a str,
    file: &'a str,
    timeout_ms: u64,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedLimits {
    run_ms: u64,
    runs_at_once: u32,
    nodes_at_once: u32,
    input_bytes: u32,
    output_bytes: u32,
    log_lines: u32,
    log_bytes: u32,
    heap_mb: u32,
    drain_ms: u64,
}

impl Sandbox {
    /// The plan for an engine that takes runs with this token.
    #[must_use]
    pub fn plan(&self, token: &RunTokenHash) -> Plan<'_> {
        let limits = &self.limits;
        Plan {
            plan: FORMAT,
            enclave: self.tentacle.enclave.as_str(),
            tentacle: self.tentacle.tentacle.as_str(),
            version: self.version.to_string(),
            run_token_sha256: token.to_string(),
            nodes: self
                .nodes
                .iter()
                .map(|node| PlannedNode {
                    name: node.name.as_str(),
                    file: node.file.as_str(),
                    timeout_ms: millis(node.timeout),
                })
                .collect(),
            config: &self.config,
            limits: PlannedLimits {
                run_ms: millis(limits.run),
                runs_at_once: limits.runs_at_once,
                nodes_at_once: limits.nodes_at_once,
                input_bytes: limits.input_bytes,
                output_bytes: limits.output_bytes,
                log_lines: limits.log_lines,
                log_bytes: limits.log_bytes,
                heap_mb: limits.heap_mb,
                drain_ms: millis(limits.drain),
            },
        }
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
