//! `tntc render tentacle`.

use super::RenderError;
use crate::commands::Context;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::tell;
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::PathBuf;
use workflow::{ContentHash, EnclaveName, Facts, Layout, Limits, Listen, Sandbox, derive};

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Tentacle {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The enclave that it would be deployed to
    #[arg(short, long, env = "TENTACULAR_ENCLAVE", value_name = "NAME")]
    enclave: EnclaveName,
}

/// What the server derives, in the words of this command.
#[derive(Debug, Serialize)]
struct Derived {
    tentacle: String,
    /// The one word that stands for it where the alphabet is small.
    key: String,
    version: ContentHash,
    files: Vec<String>,
    nodes: Vec<Node>,
    config: Map<String, Value>,
    /// All that it touches or is touched by.
    reach: Vec<String>,
    limits: Value,
    /// The engine with its permissions; the paths are those inside the sandbox.
    engine: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Node {
    name: String,
    file: String,
    timeout_seconds: u64,
}

impl Tentacle {
    pub(crate) fn run(&self, context: &Context) -> Result<(), Failed> {
        let folder = Folder::read(&self.dir)?;
        let facts = Facts { enclave: self.enclave.clone(), version: folder.bundle.content_hash() };
        let sandbox = derive(&folder.workflow, &facts).map_err(RenderError::from)?;
        let derived = Derived::of(&sandbox, &folder)?;
        context.output.documents(&derived, std::slice::from_ref(&derived))?;
        tell("Not rendered: a tentacle's Kubernetes objects, which come with tentacles on Kubernetes.");
        Ok(())
    }
}

impl Derived {
    fn of(sandbox: &Sandbox, folder: &Folder) -> Result<Self, RenderError> {
        let listen = Listen::Unix("/run/tentacle/engine.sock".to_owned());
        let layout = Layout::new(["/bin/deno", "/engine", "/code", "/plan.json"], listen)?;
        let node = |node: &workflow::SandboxNode| Node {
            name: node.name.to_string(),
            file: node.file.to_string(),
            timeout_seconds: node.timeout.as_secs(),
        };
        Ok(Self {
            tentacle: sandbox.tentacle.to_string(),
            key: sandbox.tentacle.key(),
            version: sandbox.version,
            files: folder.bundle.iter().map(|(path, _)| path.to_string()).collect(),
            nodes: sandbox.nodes.iter().map(node).collect(),
            config: sandbox.config.clone(),
            reach: sandbox.reach.iter().map(ToString::to_string).collect(),
            limits: limits(sandbox.limits),
            engine: sandbox.engine_command(&layout),
        })
    }
}

/// Every limit by name; a new one does not compile until it is shown.
fn limits(limits: Limits) -> Value {
    let Limits {
        memory_mib,
        data_mib,
        cpu_millis,
        processes,
        open_files,
        heap_mb,
        run,
        runs_at_once,
        nodes_at_once,
        input_bytes,
        output_bytes,
        log_lines,
        log_bytes,
        drain,
    } = limits;
    json!({
        "memory_mib": memory_mib,
        "data_mib": data_mib,
        "cpu_millis": cpu_millis,
        "processes": processes,
        "open_files": open_files,
        "heap_mb": heap_mb,
        "run_seconds": run.as_secs(),
        "runs_at_once": runs_at_once,
        "nodes_at_once": nodes_at_once,
        "input_bytes": input_bytes,
        "output_bytes": output_bytes,
        "log_lines": log_lines,
        "log_bytes": log_bytes,
        "drain_seconds": drain.as_secs(),
    })
}
