//! One engine: a sandbox that serves one version of a tentacle, asked over its socket.

mod beside;
mod given;
mod pass;
mod run;
mod well;

use super::confine::{
    Bind, Kind, Mason, SOCKET, SOCKET_BYTES, SOCKET_FOLDER, Sandbox, StartError, Text, Wanted,
};
use super::gateway::Gateway;
use super::images::Images;
use super::log_book::LogBook;
use super::version::Release;
use crate::backend::BackendError;
use crate::backend::asking::GRACE;
use crate::backend::log_line::LogLine;
use crate::modules::Registries;
use crate::supply::Supply;
use beside::Beside;
use futures::StreamExt;
use futures::stream::FuturesUnordered;
use given::Given;
pub(super) use given::MODULES;
pub(super) use pass::Pass;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_util::task::AbortOnDropHandle;
use well::Inquiry;
use workflow::{
    ContentHash, Layout, Listen, PartName, RunTokenHash, Sandbox as Derived, SecretName, Sidecar,
};

/// How long an engine may take until it answers, and its nodes until they are loaded.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// How often it is asked whether it is ready.
const ASK_AGAIN: Duration = Duration::from_millis(25);

/// Where a sandbox sees what its engine needs.
pub(super) const DENO: &str = "/bin/deno";
pub(super) const ENGINE: &str = "/engine";
pub(super) const CODE: &str = "/code";
pub(super) const PLAN: &str = "/plan.json";

/// How many lines may wait to be written.
const WAITING: usize = 256;

/// What is the same for all engines of a server.
#[derive(Debug, Clone)]
pub(super) struct Parts {
    pub(super) mason: Mason,
    /// Deno, its libraries and the engine's program, as the sandbox sees them.
    pub(super) files: Vec<Bind>,
    /// Secrets and passes.
    pub(super) supply: Arc<Supply>,
    /// What sidecars are made of.
    pub(super) images: Arc<Images>,
    /// How often a sidecar is asked whether it is well.
    pub(super) ask_sidecars: Duration,
    /// Where modules come from.
    pub(super) registries: Registries,
    /// What carries out what they send; the reason when there is none.
    pub(super) gateway: Arc<Result<Gateway, String>>,
}

/// An engine.
#[derive(Debug)]
pub(super) struct Engine {
    /// Which version it serves.
    pub(super) version: ContentHash,
    /// Its name, to show.
    pub(super) copy: String,
    sandbox: Sandbox,
    sidecars: Vec<Beside>,
    kind: Kind,
    secrets: BTreeSet<SecretName>,
    nodes: Vec<String>,
    memory_mib: u32,
    longest: Duration,
    client: reqwest::Client,
    /// It takes runs from whoever holds this; only the server knows it.
    token: SecretString,
    /// They end with it.
    watched: Vec<AbortOnDropHandle<()>>,
    in_flight: watch::Sender<u32>,
    used: Mutex<Instant>,
    /// Whether a run failed in it where nobody can see what that one has left.
    worn: AtomicBool,
}

impl Engine {
    /// Starts an engine for `release` in a sandbox called `name`, and waits until it answers.
    pub(super) async fn start(
        parts: &Parts,
        release: &Release,
        name: String,
        log: Arc<LogBook>,
    ) -> Result<Self, BackendError> {
        let token = format!("{:032x}{:032x}", rand::random::<u128>(), rand::random::<u128>()).into();
        let wanted = wanted(parts, release, name, &token).await?;
        let (to, lines) = mpsc::channel(WAITING);
        tokio::spawn(write_down(lines, Arc::clone(&log)));
        let sandbox = parts.mason.start(&wanted, to).await.map_err(|error| match error {
            StartError::Walls(why) => BackendError::NoSandbox(why),
            StartError::System(..) => BackendError::Fault(error.to_string()),
        })?;
        let beside = (wanted.name.as_str(), &log);
        let sidecars = match beside::start(parts, release, &sandbox, beside).await {
            Ok(sidecars) => sidecars,
            Err(error) => {
                sandbox.end();
                sandbox.ended().await;
                return Err(error);
            }
        };
        let client = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .unix_socket(sandbox.socket.clone())
            .build();
        let released = &release.sandbox;
        let mut engine = Self {
            version: released.version,
            copy: format!("{}-{}", released.tentacle.tentacle, released.version.short()),
            sandbox,
            sidecars,
            kind: parts.mason.kind,
            secrets: released.secrets.clone(),
            nodes: released.nodes.iter().map(|node| node.name.to_string()).collect(),
            memory_mib: memory_mib(parts.mason.kind, released),
            longest: released.limits.run,
            client: client.map_err(|error| BackendError::Fault(error.to_string()))?,
            token,
            watched: Vec::new(),
            in_flight: watch::Sender::new(0),
            used: Mutex::new(Instant::now()),
            worn: AtomicBool::new(false),
        };
        match engine.until_ready().await {
            Ok(()) => {
                engine.sidecars.iter().for_each(|one| one.tell(Arc::clone(&log)));
                let asks = engine.inquiry();
                engine.watched =
                    engine.sidecars.iter().map(|one| asks.watch(one, parts.ask_sidecars)).collect();
                Ok(engine)
            }
            Err(error) => {
                engine.end().await;
                Err(error)
            }
        }
    }

    async fn until_ready(&self) -> Result<(), BackendError> {
        let answers = async {
            while !self.is_ready().await {
                tokio::time::sleep(ASK_AGAIN).await;
            }
            self.sidecars_answer().await;
        };
        tokio::select! {
            () = answers => Ok(()),
            end = self.sandbox.ended() => Err(BackendError::DoesNotStart(end.how)),
            how = self.sidecar_ends() => Err(BackendError::DoesNotStart(how)),
            () = tokio::time::sleep(READY_WITHIN) => {
                let silent = self.silent().await;
                let waits = silent.map_or_else(|| "it was not ready".to_owned(), |name| {
                    format!("the sidecar `{name}` does not answer at its port")
                });
                Err(BackendError::DoesNotStart(format!("{waits} within {} s", READY_WITHIN.as_secs())))
            }
        }
    }

    async fn is_ready(&self) -> bool {
        let asked = self.client.get("http://engine/health").timeout(READY_WITHIN).send().await;
        match asked {
            Ok(answer) if answer.status().is_success() => {
                let health: Option<Value> = answer.json().await.ok();
                let version = self.version.to_string();
                health.is_some_and(|health| health.get("version").and_then(Value::as_str) == Some(&version))
            }
            _ => false,
        }
    }

    /// Waits until all sidecars are well.
    async fn sidecars_answer(&self) {
        while self.silent().await.is_some() {
            tokio::time::sleep(ASK_AGAIN).await;
        }
    }

    /// A sidecar that is not well, as its engine finds it.
    async fn silent(&self) -> Option<&PartName> {
        let asks = self.inquiry();
        for Beside { sidecar, .. } in &self.sidecars {
            if asks.is_well(sidecar, READY_WITHIN).await != Some(true) {
                return Some(&sidecar.name);
            }
        }
        None
    }

    fn inquiry(&self) -> Inquiry {
        Inquiry { client: self.client.clone(), token: self.token.clone() }
    }

    /// Waits until a sidecar has ended.
    async fn sidecar_ends(&self) -> String {
        let ends: FuturesUnordered<_> = self.sidecars.iter().map(Beside::until_ended).collect();
        let mut ends = ends;
        match ends.next().await {
            Some(how) => how,
            None => std::future::pending().await,
        }
    }

    /// Whether all of its sidecars live, and it has had room for every process so far: what a run has left in it may take up the
    /// room of the next. If not, it ends the runs that it has, and takes no more.
    pub(super) fn is_whole(&self) -> bool {
        let has_room = self.sandbox.group.processes_refused() == 0 && !self.worn.load(Ordering::Relaxed);
        has_room && self.sidecars.iter().all(|one| one.sandbox.is_alive())
    }

    /// What it is in, and what is beside it.
    pub(super) fn sandboxes(&self) -> impl Iterator<Item = &Sandbox> {
        [&self.sandbox].into_iter().chain(self.sidecars.iter().map(|one| &one.sandbox))
    }

    /// What its walls are of.
    pub(super) const fn kind(&self) -> Kind {
        self.kind
    }

    /// Whether it can be asked. What is left of gVisor when the kernel has killed some of it for want of memory still takes
    /// connections, and never answers.
    pub(super) fn is_alive(&self) -> bool {
        let hangs = || self.kind == Kind::Runsc && self.sandbox.group.memory_kills() > 0;
        self.sandbox.is_alive() && !hangs()
    }

    /// Whether it was given this secret.
    pub(super) fn holds(&self, secret: &SecretName) -> bool {
        self.secrets.contains(secret)
    }

    /// Counts a run for as long as the answer is held.
    pub(super) fn pass(self: &Arc<Self>) -> Pass {
        Pass::new(Arc::clone(self))
    }

    /// Whether nobody uses it, and has not for this long.
    pub(super) fn is_idle(&self, since: Duration) -> bool {
        let used = *self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *self.in_flight.borrow() == 0 && used.elapsed() >= since
    }

    /// Waits until nobody uses it, for at most as long as a run may take.
    pub(super) async fn drained(&self) {
        let mut in_flight = self.in_flight.subscribe();
        let idle = in_flight.wait_for(|count| *count == 0);
        if tokio::time::timeout(self.longest + GRACE, idle).await.is_err() {
            tracing::warn!(copy = self.copy, "runs of a version that was replaced are ended");
        }
    }

    /// Ends it; comes back when nothing of it is left.
    pub(super) async fn end(&self) {
        beside::end(&self.sidecars).await;
        self.sandbox.end();
        self.sandbox.ended().await;
    }
}

/// The memory that runs out when a run has none left. Under gVisor all of a sandbox is one.
fn memory_mib(kind: Kind, sandbox: &Derived) -> u32 {
    match kind {
        Kind::Runsc => {
            sandbox.limits.memory_mib + sandbox.sidecars.iter().map(|it| it.limits.memory_mib).sum::<u32>()
        }
        Kind::Bwrap => sandbox.limits.memory_mib,
    }
}

async fn wanted(
    parts: &Parts,
    release: &Release,
    name: String,
    token: &SecretString,
) -> Result<Wanted, BackendError> {
    let Release { sandbox, code, modules, observe, secrets } = release;
    let fault = |error: &dyn fmt::Display| BackendError::Fault(error.to_string());
    let socket = format!("{SOCKET_FOLDER}/{SOCKET}");
    let layout =
        Layout::new([DENO, ENGINE, CODE, PLAN], Listen::Unix(socket)).map_err(|error| fault(&error))?;
    let mut given = Given { layout, files: parts.files.clone(), texts: Vec::new() };
    let plan = serde_json::to_vec(&sandbox.plan(&RunTokenHash::of(token.expose_secret())))
        .map_err(|error| fault(&error))?;
    given.texts.push(Text { at: PLAN.to_owned(), bytes: plan });
    given.files.push(Bind { from: code.clone(), at: CODE.to_owned() });
    given.modules(modules.as_deref())?;
    given.way_out(parts, sandbox, *observe)?;
    given.secrets(&parts.supply.secrets(sandbox, secrets).await?)?;
    let limits = &sandbox.limits;
    Ok(Wanted {
        group: Path::new(sandbox.tentacle.enclave.as_str()).join(&name),
        name,
        // Under gVisor sidecars are in the same process of the machine as the engine is.
        caps: beside::together(limits, if parts.mason.kind == Kind::Runsc { &sandbox.sidecars } else { &[] }),
        data: u64::from(limits.data_mib) << 20,
        open_files: limits.open_files.into(),
        files: given.files,
        texts: given.texts,
        room: SOCKET_BYTES,
        shared: (!sandbox.sidecars.is_empty()).then_some(u64::from(Sidecar::SHARED_MIB) << 20),
        // What is shared gets its name when it is whole.
        keeps: !sandbox.sidecars.is_empty(),
        tcp: !sandbox.egress.is_empty(),
        command: sandbox.engine_command(&given.layout),
    })
}

/// Writes down what a sandbox says, until it says no more.
async fn write_down(mut lines: mpsc::Receiver<String>, log: Arc<LogBook>) {
    let mut failed = false;
    while let Some(line) = lines.recv().await {
        if let Err(error) = log.write(&LogLine::read(&line))
            && !failed
        {
            failed = true;
            tracing::error!(%error, "what a tentacle says cannot be written down");
        }
    }
}
