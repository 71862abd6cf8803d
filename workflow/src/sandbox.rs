//! The sandbox of a tentacle: one value, derived from its workflow, that every wall is made from.

use crate::contract::{Contract, Dependency, Protocol, Target};
use crate::derived::TentacleRef;
use crate::digest::{ContentHash, hex, sha256};
use crate::modules::Modules;
use crate::name::EnclaveName;
use crate::part_name::PartName;
use crate::path::FilePath;
use crate::problem::Problems;
use crate::reach::Reach;
use crate::secret_name::SecretName;
use crate::sidecar::Sidecar;
use crate::workflow::Workflow;
use serde_json::{Map, Value as Json};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

pub use command::{ENVIRONMENT, FIXTURES, Fetching, Gateway, Layout, LayoutError, Listen, Unpacking};
pub use egress::{Destination, Egress, Speaks};
pub use forward::{Forward, PROXY};
pub use plan::Plan;

mod command;
mod egress;
mod forward;
mod plan;
mod within;

/// What the server knows about a deploy beyond the workflow itself.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The enclave that the tentacle is deployed to.
    pub enclave: EnclaveName,
    /// The name of its content.
    pub version: ContentHash,
}

/// All that a tentacle may do and have. Renderers (the engine's command line and plan, a backend's namespaces and
/// limits, Kubernetes objects) take this and nothing else, so that they cannot disagree.
#[derive(Debug, Clone)]
pub struct Sandbox {
    /// Whose it is.
    pub tentacle: TentacleRef,
    /// The name of the content that it was derived from.
    pub version: ContentHash,
    /// The code that runs in it, in the order of the nodes' names.
    pub nodes: Vec<SandboxNode>,
    /// How often a failed node is tried again.
    pub retries: u8,
    /// The author's settings.
    pub config: Map<String, Json>,
    /// The programs of others that run beside its code: in the same network, and with nothing of its own but
    /// [`Sidecar::SHARED`].
    pub sidecars: Vec<Sidecar>,
    /// What its code may ask for by name: the dependencies and sidecars that some node may use, modules left out.
    pub dependencies: BTreeMap<PartName, SandboxDependency>,
    /// What the egress gateway lets through. Nothing else gets out.
    pub egress: BTreeSet<Egress>,
    /// The secrets that it holds, by name.
    pub secrets: BTreeSet<SecretName>,
    /// What its code imports from registries: fetched when it is deployed, and never when it runs.
    pub modules: Modules,
    /// What it reaches.
    pub reach: Reach,
    /// How much it may use.
    pub limits: Limits,
}

/// A node in a sandbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxNode {
    /// Its name.
    pub name: PartName,
    /// Its file in the code folder.
    pub file: FilePath,
    /// How long it may work.
    pub timeout: Duration,
    /// The nodes whose output it waits for.
    pub after: BTreeSet<PartName>,
    /// The dependencies and sidecars that it may use.
    pub dependencies: BTreeSet<PartName>,
    /// What it may connect to outside.
    pub egress: BTreeSet<Egress>,
    /// The sidecars among what it may use: it connects to their ports, and has their folder.
    pub sidecars: BTreeSet<PartName>,
    /// The secrets that it may read, by name.
    pub secrets: BTreeSet<SecretName>,
}

/// A dependency, as code is told of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxDependency {
    /// How one talks to it, in the contract's word.
    pub protocol: String,
    /// Where it is; `None` for a range, in which the code chooses.
    pub host: Option<String>,
    /// At which port.
    pub port: Option<u16>,
    /// What its protocol needs to be told besides: `database`, `user`, `subject`, `container`.
    pub details: BTreeMap<&'static str, String>,
    /// How the code proves who it is, such as `api-token`.
    pub auth: Option<String>,
    /// With which secret, by name.
    pub secret: Option<SecretName>,
}

/// How much a sandbox may use. What a backend cannot hold it to, its status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Memory of the whole sandbox, in MiB. The engine takes about 60, a run about 45 and what its objects take.
    pub memory_mib: u32,
    /// Private memory that one process may map, used or not, in MiB (`RLIMIT_DATA`). V8 maps about 560 for each thread
    /// that runs JavaScript and uses a hundredth of it; a run needs one such thread and one for each node at work.
    /// Without this limit a run that starts threads without end fills the sandbox slowly, and the kernel reclaims and
    /// reads back program text for minutes before it kills anything.
    pub data_mib: u32,
    /// Processor time, in thousandths of one processor.
    pub cpu_millis: u32,
    /// Processes and threads together.
    pub processes: u32,
    /// Open files of one process.
    pub open_files: u32,
    /// The most memory for the JavaScript objects of one run, in MB.
    pub heap_mb: u32,
    /// How long a run may take.
    pub run: Duration,
    /// How many runs may go on at the same time.
    pub runs_at_once: u32,
    /// How many nodes of a run may work at the same time.
    pub nodes_at_once: u32,
    /// The most bytes of a run's input.
    pub input_bytes: u32,
    /// The most bytes of all outputs of a run together.
    pub output_bytes: u32,
    /// The most log lines of a run.
    pub log_lines: u32,
    /// The most bytes of all log messages of a run together.
    pub log_bytes: u32,
    /// How long runs may go on after the engine was told to end.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            memory_mib: 384,
            data_mib: 4096,
            cpu_millis: 500,
            processes: 128,
            open_files: 1024,
            heap_mb: 128,
            run: Duration::from_secs(600),
            runs_at_once: 4,
            nodes_at_once: 4,
            input_bytes: 1024 * 1024,
            output_bytes: 1024 * 1024,
            log_lines: 1000,
            log_bytes: 256 * 1024,
            drain: Duration::from_secs(600),
        }
    }
}

/// The digest of a run token. The token itself stays with the server; the sandbox only ever learns this.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunTokenHash([u8; 32]);

impl RunTokenHash {
    /// The digest of a token.
    #[must_use]
    pub fn of(token: &str) -> Self {
        Self(sha256(token.as_bytes()))
    }
}

impl fmt::Display for RunTokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex(&self.0))
    }
}

/// Derives the sandbox of a workflow.
///
/// # Errors
/// What this release cannot run: [`Workflow::supported_now`].
pub fn derive(workflow: &Workflow, facts: &Facts) -> Result<Sandbox, Problems> {
    workflow.supported_now()?;
    let nodes: Vec<SandboxNode> = workflow.nodes.keys().filter_map(|name| node(workflow, name)).collect();
    let mut dependencies = BTreeMap::new();
    let mut egress: BTreeSet<Egress> = nodes.iter().flat_map(|node| node.egress.iter().cloned()).collect();
    for name in nodes.iter().flat_map(|node| &node.dependencies) {
        if let Some(dependency) = workflow.contract.dependencies.get(name) {
            dependencies.extend(told(dependency).map(|told| (name.clone(), told)));
        }
        let sidecar = workflow.sidecars.iter().find(|sidecar| sidecar.name == *name);
        dependencies.extend(sidecar.map(|sidecar| (name.clone(), told_of_sidecar(sidecar))));
    }
    for more in &workflow.contract.additional_egress {
        egress.extend(Egress::of_range(more.to, &more.ports, Speaks::Raw));
    }
    Ok(Sandbox {
        tentacle: TentacleRef { enclave: facts.enclave.clone(), tentacle: workflow.name.clone() },
        version: facts.version,
        retries: workflow.config.retries,
        config: workflow.config.values.clone(),
        sidecars: workflow.sidecars.clone(),
        dependencies,
        egress,
        secrets: nodes.iter().flat_map(|node| node.secrets.iter().cloned()).collect(),
        nodes,
        modules: workflow.modules.clone(),
        reach: Reach::of(workflow),
        limits: Limits::default(),
    })
}

fn node(workflow: &Workflow, name: &PartName) -> Option<SandboxNode> {
    let node = workflow.nodes.get(name)?;
    let contract = &workflow.contract;
    let uses = workflow.may_use(name);
    let used: Vec<&Dependency> = uses.iter().filter_map(|name| contract.dependencies.get(*name)).collect();
    let mut egress: BTreeSet<Egress> = used.iter().flat_map(|dependency| Egress::of(dependency)).collect();
    for more in &contract.additional_egress {
        egress.extend(Egress::of_range(more.to, &more.ports, Speaks::Raw));
    }
    Some(SandboxNode {
        name: name.clone(),
        file: node.path.clone(),
        timeout: workflow.config.timeout,
        after: workflow.edges.iter().filter(|edge| edge.to == *name).map(|edge| edge.from.clone()).collect(),
        sidecars: workflow
            .sidecars
            .iter()
            .filter(|sidecar| uses.contains(&sidecar.name))
            .map(|sidecar| sidecar.name.clone())
            .collect(),
        dependencies: uses.into_iter().filter(|name| !is_module(contract, name)).cloned().collect(),
        egress,
        secrets: used.iter().filter_map(|dependency| secret(dependency)).collect(),
    })
}

/// Modules are part of the code, which asks for none of them by its name.
fn is_module(contract: &Contract, name: &PartName) -> bool {
    contract.dependencies.get(name).is_some_and(|it| matches!(it.target, Target::Module { .. }))
}

fn secret(dependency: &Dependency) -> Option<SecretName> {
    dependency.auth.as_ref().map(|auth| auth.secret.clone())
}

/// A sidecar is a dependency within the sandbox.
fn told_of_sidecar(sidecar: &Sidecar) -> SandboxDependency {
    SandboxDependency {
        protocol: sidecar.protocol.word().to_owned(),
        host: Some(sidecar.place().ip().to_string()),
        port: Some(sidecar.port),
        details: BTreeMap::new(),
        auth: None,
        secret: None,
    }
}

/// What code is told of a dependency; nothing of a module, which it imports.
fn told(dependency: &Dependency) -> Option<SandboxDependency> {
    let (host, port) = match &dependency.target {
        Target::Host { host, port } => (Some(host.clone()), Some(*port)),
        Target::Platform | Target::Range { .. } => (None, None),
        Target::Module { .. } => return None,
    };
    let details = match &dependency.protocol {
        Protocol::Postgresql { database, user } => vec![("database", database), ("user", user)],
        Protocol::Nats { subject } => vec![("subject", subject)],
        Protocol::Blob { container } => vec![("container", container)],
        _ => Vec::new(),
    };
    let given = |(key, value): (&'static str, &Option<String>)| Some((key, value.clone()?));
    Some(SandboxDependency {
        protocol: dependency.protocol.word().to_owned(),
        host,
        port,
        details: details.into_iter().filter_map(given).collect(),
        auth: dependency.auth.as_ref().map(|auth| auth.kind.clone()),
        secret: secret(dependency),
    })
}
