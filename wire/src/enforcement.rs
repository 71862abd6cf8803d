//! What each backend enforces and what not: one list, from which every `not_enforced`, `tntc backends` and the table in
//! `docs/backends.md` are made. The conformance suite tries each property on each backend, and holds the list to it.

mod list;
mod refused;

pub use refused::{NO_SIDECARS_WITHOUT_ROOT, NOTHING_OBSERVED};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What a tentacle can be held to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Property {
    /// Code calls a kernel that is not that of the machine it runs on.
    OwnKernel,
    /// Calls that mount, make namespaces, open raw sockets or become another user are refused.
    SystemCalls,
    /// No host, no neighbour and nothing of the machine's own is reached past the gateway.
    NetworkDeclaredOnly,
    /// The gateway carries to the hosts and ports of the approved contract, and to no other.
    HostsAndPorts,
    /// No name service can be asked.
    NoNameService,
    /// What it is made of cannot be changed: its code, the engine, programs and libraries.
    ReadOnlyFiles,
    /// Files of the machine, of the server and of others are not there.
    OthersFiles,
    /// Processes of the machine, of the server and of others are not there.
    OthersProcesses,
    /// It runs as nobody, without capabilities, and cannot become anybody else.
    NoRights,
    /// Neither files nor variables hold an account's token or anything of the server's.
    NoCredentials,
    /// A sidecar is held like the code that it is beside, and has no way out at all.
    Sidecars,
    /// Its memory is bounded.
    MemoryLimit,
    /// Its processor time is bounded.
    ProcessorLimit,
    /// The number of its processes is bounded.
    ProcessLimit,
    /// What it can write is bounded, wherever that is possible at all.
    DiskLimit,
    /// The number of files that one process has open is bounded.
    OpenFiles,
    /// The memory that one process maps is bounded.
    MappedMemory,
    /// What it prints fills no disk.
    LogSize,
    /// A run ends at its limit, whatever its code does.
    RunTime,
    /// A run that uses up the memory ends alone: runs beside it go on.
    OtherRuns,
    /// All of an enclave together is bounded.
    EnclaveShare,
}

impl Property {
    /// All of them, as they are listed.
    pub const ALL: [Self; 21] = [
        Self::OwnKernel,
        Self::SystemCalls,
        Self::NetworkDeclaredOnly,
        Self::HostsAndPorts,
        Self::NoNameService,
        Self::ReadOnlyFiles,
        Self::OthersFiles,
        Self::OthersProcesses,
        Self::NoRights,
        Self::NoCredentials,
        Self::Sidecars,
        Self::MemoryLimit,
        Self::ProcessorLimit,
        Self::ProcessLimit,
        Self::DiskLimit,
        Self::OpenFiles,
        Self::MappedMemory,
        Self::LogSize,
        Self::RunTime,
        Self::OtherRuns,
        Self::EnclaveShare,
    ];

    /// Its name, as answers and tables have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OwnKernel => "kernel",
            Self::SystemCalls => "system calls",
            Self::NetworkDeclaredOnly => "network",
            Self::HostsAndPorts => "hosts and ports",
            Self::NoNameService => "names",
            Self::ReadOnlyFiles => "files",
            Self::OthersFiles => "others' files",
            Self::OthersProcesses => "others' processes",
            Self::NoRights => "rights",
            Self::NoCredentials => "credentials",
            Self::Sidecars => "sidecars",
            Self::MemoryLimit => "memory",
            Self::ProcessorLimit => "processor time",
            Self::ProcessLimit => "processes",
            Self::DiskLimit => "disk",
            Self::OpenFiles => "open files",
            Self::MappedMemory => "mapped memory",
            Self::LogSize => "log",
            Self::RunTime => "a run's time",
            Self::OtherRuns => "other runs",
            Self::EnclaveShare => "an enclave's share",
        }
    }

    /// What holds where it is enforced, in a sentence.
    #[must_use]
    pub const fn means(self) -> &'static str {
        match self {
            Self::OwnKernel => "code calls a kernel that is not that of the machine it runs on",
            Self::SystemCalls => {
                "calls that mount, make namespaces, open raw sockets or become another user are refused"
            }
            Self::NetworkDeclaredOnly => {
                "no host, no neighbour and nothing of the machine's own is reached past the gateway"
            }
            Self::HostsAndPorts => {
                "the gateway carries to the hosts and ports of the approved contract, and to no other"
            }
            Self::NoNameService => "no name service can be asked",
            Self::ReadOnlyFiles => "what it is made of cannot be changed",
            Self::OthersFiles => "files of the machine, of the server and of others are not there",
            Self::OthersProcesses => "processes of the machine, of the server and of others are not there",
            Self::NoRights => "it runs as nobody, without capabilities, and cannot become anybody else",
            Self::NoCredentials => {
                "neither files nor variables hold an account's token or anything of the server's"
            }
            Self::Sidecars => "a sidecar is held like the code that it is beside, and has no way out at all",
            Self::MemoryLimit => "its memory is bounded",
            Self::ProcessorLimit => "its processor time is bounded",
            Self::ProcessLimit => "the number of its processes is bounded",
            Self::DiskLimit => "what it can write is bounded",
            Self::OpenFiles => "the number of files that one process has open is bounded",
            Self::MappedMemory => "the memory that one process maps is bounded",
            Self::LogSize => "what it prints fills no disk",
            Self::RunTime => "a run ends at its limit, whatever its code does",
            Self::OtherRuns => "a run that uses up the memory ends alone: runs beside it go on",
            Self::EnclaveShare => "all of an enclave together is bounded",
        }
    }
}

/// Whether a property is enforced.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Held {
    /// It is, by this.
    Enforced(Cow<'static, str>),
    /// It is where others do their part, which the server cannot see: by what, and what it relies on.
    Relies(Cow<'static, str>, Cow<'static, str>),
    /// It is not, for this reason.
    Gap(Cow<'static, str>),
}

impl Held {
    /// The word for it: `enforced`, `relies` or `gap`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Enforced(_) => "enforced",
            Self::Relies(..) => "relies",
            Self::Gap(_) => "gap",
        }
    }

    /// What holds it; empty for a gap.
    #[must_use]
    pub fn by(&self) -> &str {
        match self {
            Self::Enforced(by) | Self::Relies(by, _) => by,
            Self::Gap(_) => "",
        }
    }

    /// What there is to know: why it is not enforced, or what nobody here can see; empty where it is enforced.
    #[must_use]
    pub fn but(&self) -> &str {
        match self {
            Self::Enforced(_) => "",
            Self::Relies(_, but) | Self::Gap(but) => but,
        }
    }
}

/// What stands around a tentacle, of all that this build knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Walls {
    /// A pod of a Kubernetes cluster, behind gVisor's RuntimeClass.
    Kubernetes,
    /// gVisor's `runsc` on one machine.
    Runsc,
    /// Bubblewrap on one machine.
    Bwrap,
    /// Nothing: the simulator runs no code.
    Simulator,
}

impl Walls {
    /// All of them, the strongest first.
    pub const ALL: [Self; 4] = [Self::Kubernetes, Self::Runsc, Self::Bwrap, Self::Simulator];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Runsc => "machine, runsc",
            Self::Bwrap => "machine, bwrap",
            Self::Simulator => "simulator",
        }
    }

    /// Which backend has them.
    #[must_use]
    pub const fn backend(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Runsc | Self::Bwrap => "machine",
            Self::Simulator => "simulator",
        }
    }
}

/// What is enforced at one place: each property once, in the order of [`Property::ALL`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enforcement {
    name: &'static str,
    all: Vec<(Property, Held)>,
    notes: Vec<String>,
}

impl Enforcement {
    /// What these walls enforce where nothing is missing.
    #[must_use]
    pub fn of(walls: Walls) -> Self {
        let all = Property::ALL.into_iter().map(|property| (property, list::held(walls, property)));
        Self { name: walls.name(), all: all.collect(), notes: Vec::new() }
    }

    /// Nothing is enforced, because nothing runs.
    #[must_use]
    pub fn nothing(name: &'static str, why: &str) -> Self {
        let gap = |property| (property, Held::Gap(why.to_owned().into()));
        Self { name, all: Property::ALL.into_iter().map(gap).collect(), notes: Vec::new() }
    }

    /// The same without a property, which cannot be enforced here.
    #[must_use]
    pub fn without(self, property: Property, why: &str) -> Self {
        self.with(property, &Held::Gap(why.to_owned().into()))
    }

    /// The same where a property is held otherwise.
    #[must_use]
    pub fn with(mut self, property: Property, otherwise: &Held) -> Self {
        for (_, held) in self.all.iter_mut().filter(|(listed, _)| *listed == property) {
            *held = otherwise.clone();
        }
        self
    }

    /// The same with something that does not work here at all.
    #[must_use]
    pub fn noting(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Whose it is: the name of the walls, or of the backend where there are none.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Each property, and whether it is enforced.
    pub fn iter(&self) -> impl Iterator<Item = (Property, &Held)> {
        self.all.iter().map(|(property, held)| (*property, held))
    }

    /// What is not enforced, or relies on what nobody here can see, in plain words: one sentence for each reason. What is
    /// not in here is enforced.
    #[must_use]
    pub fn not_enforced(&self) -> Vec<String> {
        let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
        for (property, held) in self.iter().filter(|(_, held)| !matches!(held, Held::Enforced(_))) {
            match reasons.iter_mut().find(|(why, _)| *why == held.but()) {
                Some((_, properties)) => properties.push(property.name()),
                None => reasons.push((held.but(), vec![property.name()])),
            }
        }
        let sentence = |(why, properties): (&str, Vec<&str>)| {
            let all = properties.len() == Property::ALL.len();
            let what = if all { "everything".to_owned() } else { properties.join(", ") };
            format!("{what}: {why}")
        };
        reasons.into_iter().map(sentence).chain(self.notes.iter().cloned()).collect()
    }

    /// Each property as answers carry it.
    #[must_use]
    pub fn lines(&self) -> Vec<PropertyLine> {
        self.iter().map(|(property, held)| PropertyLine::of(property, held)).collect()
    }
}

/// A property as answers carry it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PropertyLine {
    /// Its name.
    pub property: String,
    /// What holds where it is enforced.
    pub means: String,
    /// `enforced`, `relies` (it is, where others do their part, which the server cannot see) or `gap`.
    pub held: String,
    /// By what; absent for a gap.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub by: String,
    /// Why it is a gap, or what it relies on; absent where it is enforced.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub but: String,
}

impl PropertyLine {
    fn of(property: Property, held: &Held) -> Self {
        Self {
            property: property.name().to_owned(),
            means: property.means().to_owned(),
            held: held.word().to_owned(),
            by: held.by().to_owned(),
            but: held.but().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests;
