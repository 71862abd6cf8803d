//! What the engine is told: `plan.json`.

use super::{Forward, RunTokenHash, Sandbox, SandboxDependency, SandboxNode};
use crate::part_name::PartName;
use crate::secret_name::SecretName;
use crate::sidecar::Sidecar;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;
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
    retries: u8,
    nodes: Vec<PlannedNode<'a>>,
    dependencies: BTreeMap<&'a str, PlannedDependency<'a>>,
    forwards: Vec<Forward>,
    #[serde(skip_serializing_if = "Option::is_none")]
    shared: Option<&'static str>,
    config: &'a Map<String, Json>,
    limits: PlannedLimits,
}

/// The version of the format.
const FORMAT: u32 = 3;

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedNode<'a> {
    name: &'a str,
    file: &'a str,
    timeout_ms: u64,
    after: Vec<&'a str>,
    dependencies: Vec<&'a str>,
    net: Vec<String>,
    secrets: Vec<&'a str>,
    shares: bool,
}

#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlannedDependency<'a> {
    protocol: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    host: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    details: &'a BTreeMap<&'static str, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

impl<'a> PlannedNode<'a> {
    fn of(node: &'a SandboxNode, sidecars: &[Sidecar]) -> Self {
        let beside = sidecars.iter().filter(|sidecar| node.sidecars.contains(&sidecar.name));
        Self {
            name: node.name.as_str(),
            file: node.file.as_str(),
            timeout_ms: millis(node.timeout),
            after: node.after.iter().map(PartName::as_str).collect(),
            dependencies: node.dependencies.iter().map(PartName::as_str).collect(),
            net: node
                .egress
                .iter()
                .map(ToString::to_string)
                .chain(beside.map(|sidecar| sidecar.place().to_string()))
                .collect(),
            secrets: node.secrets.iter().map(SecretName::as_str).collect(),
            shares: !node.sidecars.is_empty(),
        }
    }
}

impl<'a> PlannedDependency<'a> {
    fn of(dependency: &'a SandboxDependency) -> Self {
        Self {
            protocol: &dependency.protocol,
            host: dependency.host.as_deref(),
            port: dependency.port,
            details: &dependency.details,
            auth: dependency.auth.as_deref(),
            secret: dependency.secret.as_ref().map(SecretName::as_str),
        }
    }
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
            retries: self.retries,
            nodes: self.nodes.iter().map(|node| PlannedNode::of(node, &self.sidecars)).collect(),
            dependencies: self
                .dependencies
                .iter()
                .map(|(name, dependency)| (name.as_str(), PlannedDependency::of(dependency)))
                .collect(),
            forwards: self.forwards(),
            shared: (!self.sidecars.is_empty()).then_some(Sidecar::SHARED),
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
