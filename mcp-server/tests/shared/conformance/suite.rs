//! The conformance suite: whatever a backend says of a property, the property is tried from within a sandbox that was
//! deployed through the front door, and it is as the list says. A property that is listed as enforced and is not is a
//! lie, and so is a gap that is none.
//!
//! Each attempt has every permission that Deno can give, so that what stops it is a wall; and each has a control, in which
//! the same is done where nothing stops it, and succeeds.

mod limits;
mod network;
mod runs;
pub(crate) mod sidecars;
pub(crate) mod walls;

pub(crate) use network::name_service;

use serde_json::{Value, json};
use std::fmt;
use std::net::SocketAddr;
use wire::enforcement::{Property, PropertyLine};

/// The attempts, as the code of a node.
pub(crate) const ATTEMPTS: &str = include_str!("attempts.ts");

/// How many processors and how much memory a sandbox may use, as every tentacle has it.
const LIMITS: Limits = Limits { cpu_millis: 500, memory_mib: 384, processes: 300 };

struct Limits {
    cpu_millis: u64,
    memory_mib: u64,
    /// More than any backend lets one have.
    processes: u64,
}

/// What came of an attempt.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Tried {
    /// It got this.
    Got(Value),
    /// This stopped it.
    Stopped(String),
    /// Nothing was tried: no code was run.
    NoCode,
}

/// Whether a property holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outcome {
    Held,
    /// What was done in spite of it.
    Breached(String),
    /// No code was run that could have breached it, which is no proof that it holds.
    NoCode,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held => write!(f, "it holds"),
            Self::Breached(how) => write!(f, "it does not hold: {how}"),
            Self::NoCode => write!(f, "no code was run"),
        }
    }
}

/// What is around a sandbox, and what it could go for.
#[derive(Debug)]
pub(crate) struct Surroundings {
    /// Connections that can be made outside of it.
    pub(crate) connections: Vec<Value>,
    /// A name service that answers outside of it.
    pub(crate) name_service: SocketAddr,
    /// A host of the contract, with its port and what it answers.
    pub(crate) declared: (&'static str, u16, &'static str),
    /// What else the gateway could reach.
    pub(crate) undeclared: Vec<(&'static str, u16)>,
    /// What it is made of.
    pub(crate) folders: Vec<&'static str>,
    /// Files and sockets that are others'.
    pub(crate) files: Vec<String>,
    /// Files with somebody's credentials, and where an account's token would be.
    pub(crate) credentials: Vec<String>,
    /// Programs that run outside.
    pub(crate) processes: Vec<&'static str>,
    /// Where what it prints goes; none for its standard output.
    pub(crate) log: Option<&'static str>,
    /// The most bytes that are kept of that.
    pub(crate) most_log: u64,
}

/// A server with one backend, and an enclave of it with the tentacle whose code is [`ATTEMPTS`].
pub(crate) trait Site {
    /// What the server says of each property.
    async fn told(&self) -> Vec<PropertyLine>;

    /// Tries something within the sandbox of the tentacle.
    async fn within(&self, attempt: &Value) -> Tried;

    /// Tries the same outside; what may be changed by it is a process's own.
    async fn outside(&self, attempt: &Value) -> Tried;

    /// What is around the sandbox.
    fn surroundings(&self) -> &Surroundings;

    /// Deploys another tentacle of one node, called `node`, to the same enclave, through the front door.
    async fn deploy(&self, name: &str, code: &str);

    /// The image of a sidecar with `/bin/busybox` in it, by its digest.
    fn busybox(&self) -> String;

    /// Deploys one of these files, with the owner's approval.
    async fn approved(&self, name: &str, files: &Value);

    /// Runs one, through the front door: the node's output, or what the run or the server said instead.
    async fn run(&self, name: &str, input: Value, seconds: u32) -> Result<Value, String>;

    /// How many runs of it go on.
    async fn in_flight(&self, name: &str) -> u64;

    /// How many milliseconds of processors' time all of the enclave has used.
    fn used(&self) -> u64;

    /// How many bytes are kept of what the tentacle has printed.
    fn log_bytes(&self) -> u64;

    /// Whether the enclave is held to its share, as whoever counts it shows.
    async fn share(&self) -> Outcome;
}

/// Tries every property, and compares what came of it with what the server says.
pub(crate) async fn conforms(site: &impl Site) {
    let told = site.told().await;
    let mut found = Vec::new();
    for property in Property::ALL {
        found.push((property, tried(site, property).await));
        goes_on(site, property).await;
    }
    let wrong = misfits(&told, &found);
    assert!(wrong.is_empty(), "of {} properties:\n{}", told.len(), wrong.join("\n"));
}

/// Where the list is not what was found.
pub(crate) fn misfits(told: &[PropertyLine], found: &[(Property, Outcome)]) -> Vec<String> {
    let misfit = |(property, outcome): &(Property, Outcome)| {
        let Some(line) = told.iter().find(|line| line.property == property.name()) else {
            return Some(format!("{} is not listed: {outcome}", property.name()));
        };
        let fits = match line.held.as_str() {
            "enforced" | "relies" => *outcome == Outcome::Held,
            "gap" => *outcome != Outcome::Held,
            _ => false,
        };
        let PropertyLine { property, held, by, but, .. } = line;
        (!fits).then(|| format!("{property} is listed as {held} ({by}{but}): {outcome}"))
    };
    found.iter().filter_map(misfit).collect()
}

/// Tries one. A property that nothing tries does not compile.
async fn tried(site: &impl Site, property: Property) -> Outcome {
    if site.within(&json!({"attempt": "kernel"})).await == Tried::NoCode {
        return Outcome::NoCode;
    }
    match property {
        Property::OwnKernel => walls::own_kernel(site).await,
        Property::SystemCalls => walls::system_calls(site).await,
        Property::NetworkDeclaredOnly => network::declared_only(site).await,
        Property::HostsAndPorts => network::hosts_and_ports(site).await,
        Property::NoNameService => network::no_name_service(site).await,
        Property::ReadOnlyFiles => walls::read_only_files(site).await,
        Property::OthersFiles => walls::others_files(site).await,
        Property::OthersProcesses => walls::others_processes(site).await,
        Property::NoRights => walls::no_rights(site).await,
        Property::NoCredentials => walls::no_credentials(site).await,
        Property::Sidecars => sidecars::held(site).await,
        Property::MemoryLimit => limits::memory(site).await,
        Property::ProcessorLimit => limits::processor(site).await,
        Property::ProcessLimit => limits::processes(site).await,
        Property::DiskLimit => limits::disk(site).await,
        Property::OpenFiles => limits::open_files(site).await,
        Property::MappedMemory => limits::mapped_memory(site).await,
        Property::LogSize => limits::log(site).await,
        Property::RunTime => runs::time(site).await,
        Property::OtherRuns => runs::others(site).await,
        Property::EnclaveShare => site.share().await,
    }
}

/// Whatever was tried, the tentacle can be run again.
async fn goes_on(site: &impl Site, after: Property) {
    for _ in 0..400 {
        if !matches!(site.within(&json!({"attempt": "environment"})).await, Tried::Stopped(_)) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
    }
    panic!("it cannot be run any more after {after:?} was tried");
}

/// The attempt succeeds outside, so that it shows something; within, it must not.
async fn is_stopped(site: &impl Site, attempt: Value) -> Outcome {
    let control = site.outside(&attempt).await;
    assert!(matches!(control, Tried::Got(_)), "outside, {attempt} shows nothing: {control:?}");
    match site.within(&attempt).await {
        Tried::Got(got) => Outcome::Breached(format!("{attempt} got {got}")),
        Tried::Stopped(_) => Outcome::Held,
        Tried::NoCode => Outcome::NoCode,
    }
}

/// The same of many: each that is `done` within is a breach, and each must be outside.
async fn all_are_stopped(site: &impl Site, within: &[Value], outside: &[Value]) -> Outcome {
    let outcomes = |tried: Tried| match tried {
        Tried::Got(Value::Array(all)) => all,
        other => panic!("many at once answered {other:?}"),
    };
    let controls = outcomes(site.outside(&json!(outside)).await);
    for (attempt, control) in outside.iter().zip(&controls) {
        assert_eq!(control, "done", "outside, {attempt} shows nothing");
    }
    let got = outcomes(site.within(&json!(within)).await);
    assert_eq!((got.len(), controls.len()), (within.len(), within.len()));
    let done = within.iter().zip(&got).filter(|(_, got)| *got == "done");
    let done: Vec<String> = done.map(|(attempt, _)| attempt.to_string()).collect();
    if done.is_empty() { Outcome::Held } else { Outcome::Breached(done.join(", ")) }
}
