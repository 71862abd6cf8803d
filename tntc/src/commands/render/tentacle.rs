//! `tntc render tentacle`.

use super::RenderError;
use crate::commands::Context;
use crate::failed::Failed;
use crate::folder::Folder;
use crate::output::tell;
use manifest::{Behind, ClusterSpec, PackedModules, Purpose, ServerAccount, TentacleSpec, render_tentacle};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::net::SocketAddrV4;
use std::path::PathBuf;
use workflow::{ContentHash, EnclaveName, Facts, Layout, Limits, Listen, RunTokenHash, Sandbox, derive};

/// Which tentacle.
#[derive(Debug, clap::Args)]
pub(crate) struct Tentacle {
    /// The tentacle's folder, with its `workflow.yaml`
    #[arg(default_value = ".")]
    dir: PathBuf,
    /// The enclave that it would be deployed to
    #[arg(short, long, env = "TENTACULAR_ENCLAVE", value_name = "NAME")]
    enclave: EnclaveName,
    /// Print its Kubernetes objects instead, with what only the server has left out: token, pass, secrets, modules
    #[arg(long)]
    objects: bool,
    /// With `--objects`: the engine's image, by digest
    #[arg(long, requires = "objects", value_name = "IMAGE", default_value = "tentacular-engine@sha256:…")]
    engine_image: String,
    /// With `--objects`: where the gateway is, as the server resolves it
    #[arg(long, requires = "objects", value_name = "ADDRESS", default_value = "10.96.0.1:3128")]
    gateway: SocketAddrV4,
}

/// What stands in the objects where the server puts what only it has.
const LEFT_OUT: &str = "left out";

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
        if self.objects {
            let objects = self.objects(&sandbox, &folder)?;
            context
                .output
                .documents(&json!({"apiVersion": "v1", "kind": "List", "items": objects}), &objects)?;
            tell(
                "Left out: the run token's digest, the pass, the values of secrets and modules, which only the server has.",
            );
            return Ok(());
        }
        let derived = Derived::of(&sandbox, &folder)?;
        context.output.documents(&derived, std::slice::from_ref(&derived))?;
        Ok(())
    }

    fn objects(&self, sandbox: &Sandbox, folder: &Folder) -> Result<Vec<Value>, RenderError> {
        let reaches = !sandbox.egress.is_empty();
        let secrets = sandbox.secrets.iter().map(|name| (name.clone(), LEFT_OUT.to_owned()));
        let cluster = ClusterSpec {
            image: self.engine_image.clone(),
            behind: Behind::RuntimeClass("gvisor".to_owned()),
            gateway: reaches.then_some(self.gateway),
            server: ServerAccount::default(),
        };
        let modules = (!sandbox.modules.is_empty()).then(|| PackedModules {
            set: LEFT_OUT.replace(' ', "-"),
            parts: vec![LEFT_OUT.into()],
            digest: LEFT_OUT.to_owned(),
            room_mib: 0,
            record: LEFT_OUT.to_owned(),
        });
        Ok(render_tentacle(&TentacleSpec {
            sandbox,
            bundle: &folder.bundle,
            cluster: &cluster,
            token: RunTokenHash::of(LEFT_OUT),
            pass: reaches.then_some(LEFT_OUT),
            secrets: &secrets.collect(),
            modules: modules.as_ref(),
            standing: LEFT_OUT,
            passing: LEFT_OUT,
            purpose: Purpose::Serve,
        })?)
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
