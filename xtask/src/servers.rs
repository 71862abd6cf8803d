//! The real servers and programs that tests talk to, and `up` and the benchmarks use: each is installed into the
//! cache once, and those that serve are started afresh for each run.

mod busybox;
mod bwrap;
mod deno;
mod faketime;
mod go;
mod judges;
mod keycloak;
mod kubernetes;
pub(crate) mod node;
mod postgres;
mod python;
mod running;
mod runsc;
mod slack_npm;
mod slack_sdk;
mod sops;
mod sshd;

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

pub(crate) use self::running::Running;
use crate::environment::Variable;
use crate::place::Place;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Server {
    /// A Kubernetes control plane: API server, controller manager, etcd.
    Kubernetes,
    /// The sandbox runtime of gVisor.
    Runsc,
    /// A whole Kubernetes node with a control plane of its own.
    Node,
    /// The OIDC issuer.
    Keycloak,
    /// The runtime of tentacles.
    Deno,
    /// Slack's official client for Python.
    SlackSdk,
    /// Slack's official clients for Node.
    SlackNpm,
    /// Two judges of Kubernetes objects.
    Judges,
    /// Bubblewrap.
    Bwrap,
    /// What is in images of sidecars.
    Busybox,
    /// The database.
    Postgres,
    /// The program `sops`.
    Sops,
    /// OpenSSH's server.
    Sshd,
    /// What moves a program's clock.
    Faketime,
}

impl Server {
    /// All of them. Those that compile Go for minutes come first.
    pub(crate) const ALL: [Self; 14] = [
        Self::Kubernetes,
        Self::Runsc,
        Self::Node,
        Self::Keycloak,
        Self::Deno,
        Self::SlackSdk,
        Self::SlackNpm,
        Self::Judges,
        Self::Bwrap,
        Self::Busybox,
        Self::Postgres,
        Self::Sops,
        Self::Sshd,
        Self::Faketime,
    ];

    /// Its name, in logs and in `bench-servers`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Runsc => "runsc",
            Self::Node => "node",
            Self::Keycloak => "keycloak",
            Self::Deno => "deno",
            Self::SlackSdk => "slack-sdk",
            Self::SlackNpm => "slack-npm",
            Self::Judges => "judges",
            Self::Bwrap => "bwrap",
            Self::Busybox => "busybox",
            Self::Postgres => "postgres",
            Self::Sops => "sops",
            Self::Sshd => "sshd",
            Self::Faketime => "faketime",
        }
    }

    /// Installs it, if it is not there yet. What comes back is for [`Server::start`].
    pub(crate) fn install(self, place: &Place) -> Result<PathBuf> {
        match self {
            Self::Kubernetes => kubernetes::install(place),
            Self::Runsc => runsc::install(place),
            Self::Node => node::install(place),
            Self::Keycloak => keycloak::install(place),
            Self::Deno => deno::install(place),
            Self::SlackSdk => slack_sdk::install(place),
            Self::SlackNpm => slack_npm::install(place),
            Self::Judges => judges::install(place),
            Self::Bwrap => bwrap::install(place),
            Self::Busybox => busybox::install(place),
            Self::Postgres => postgres::install(place),
            Self::Sops => sops::install(place),
            Self::Sshd => sshd::install(place),
            Self::Faketime => faketime::install(place),
        }
    }

    /// Starts what was installed, and returns when it is ready.
    pub(crate) fn start(self, installed: &Path, place: &Place) -> Result<Running> {
        match self {
            Self::Kubernetes => kubernetes::start(installed, place),
            Self::Node => node::start(place),
            Self::Keycloak => keycloak::start(installed, place),
            Self::Postgres => postgres::start(installed, place),
            Self::Runsc => Ok(Running::program(Variable::Runsc, installed)),
            Self::Deno => Ok(Running::program(Variable::Deno, installed)),
            Self::SlackSdk => Ok(Running::program(Variable::Python, installed)),
            Self::SlackNpm => Ok(Running::program(Variable::NodeModules, installed)),
            Self::Judges => Ok(Running::program(Variable::Judges, installed)),
            Self::Bwrap => Ok(Running::program(Variable::Bwrap, installed)),
            Self::Busybox => Ok(Running::program(Variable::Busybox, installed)),
            Self::Sops => Ok(Running::program(Variable::Sops, installed)),
            Self::Sshd => Ok(Running::program(Variable::Sshd, installed)),
            Self::Faketime => Ok(Running::program(Variable::Faketime, installed)),
        }
    }
}

/// The sandboxes that are there already, with their programs. Either is enough to run tentacles on this machine.
pub(crate) fn sandboxes(place: &Place) -> Result<Vec<(Server, PathBuf)>> {
    let runsc = runsc::find(place)?.map(|program| (Server::Runsc, program));
    let bwrap = bwrap::find(place).map(|program| (Server::Bwrap, program));
    Ok(runsc.into_iter().chain(bwrap).collect())
}

/// Deno, if it is there already.
pub(crate) fn deno(place: &Place) -> Option<PathBuf> {
    deno::find(place)
}

/// The folder of an installed PostgreSQL's programs.
pub(crate) fn postgres() -> Option<PathBuf> {
    postgres::programs(Path::new("/"))
}

/// How it went with one of them.
#[derive(Debug)]
pub(crate) struct Attempt<T> {
    pub(crate) server: Server,
    pub(crate) time: Duration,
    pub(crate) result: Result<T>,
}

fn attempt<T>(server: Server, work: impl FnOnce() -> Result<T>) -> Attempt<T> {
    let start = Instant::now();
    let result = work();
    Attempt { server, time: start.elapsed(), result }
}

/// Installs servers: those that compile Go one after the other, the others beside them. Go uses all cores by itself.
pub(crate) fn install(servers: &[Server], place: &Place) -> Vec<Attempt<PathBuf>> {
    let lane = |compiled: bool| -> Vec<Attempt<PathBuf>> {
        let servers = servers.iter().copied();
        let go = |server: &Server| {
            matches!(server, Server::Kubernetes | Server::Runsc | Server::Node | Server::Sops)
        };
        let mine = servers.filter(|server| go(server) == compiled);
        mine.map(|server| attempt(server, || server.install(place))).collect()
    };
    thread::scope(|scope| {
        let compiled = scope.spawn(|| lane(true));
        let mut all = lane(false);
        all.extend(compiled.join().unwrap_or_else(|panic| resume_unwind(panic)));
        all
    })
}

/// Starts what was installed, side by side. One that fails does not keep the others from running.
pub(crate) fn start(mut installed: Vec<Attempt<PathBuf>>, place: &Place) -> (Running, Vec<Attempt<()>>) {
    let mut running = Running::default();
    installed.sort_by_key(|attempt| attempt.server);
    let started: Vec<Attempt<Running>> = thread::scope(|scope| {
        let all: Vec<_> = installed
            .into_iter()
            .map(|Attempt { server, result, .. }| {
                scope.spawn(move || attempt(server, || server.start(&result?, place)))
            })
            .collect();
        all.into_iter().map(|one| one.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    });
    let attempts = started.into_iter().map(|Attempt { server, time, result }| {
        let result = result.map(|one| running.join(one));
        Attempt { server, time, result }
    });
    let attempts = attempts.collect();
    (running, attempts)
}

/// Installs and starts servers; an error when one of them cannot be had.
pub(crate) fn all(servers: &[Server], place: &Place) -> Result<Running> {
    let (running, attempts) = start(install(servers, place), place);
    for Attempt { server, result, .. } in attempts {
        result.map_err(|error| anyhow!("{}: {error:#}", server.name()))?;
    }
    Ok(running)
}
