//! The real servers and programs that tests talk to, and `up` and the benchmarks use: each is installed into the
//! cache once, and those that serve are started afresh for each run.

mod bwrap;
mod deno;
mod go;
mod keycloak;
mod kubernetes;
mod postgres;
mod runsc;
mod slack_sdk;

use std::ffi::OsStr;
use std::io::ErrorKind;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use anyhow::{Context as _, Result, anyhow};

use crate::cache::Cache;
use crate::environment::{Environment, Variable};
use crate::process::Serving;

/// One of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum Server {
    /// A Kubernetes control plane: API server, controller manager, etcd.
    Kubernetes,
    /// The sandbox runtime of gVisor.
    Runsc,
    /// The OIDC issuer.
    Keycloak,
    /// The runtime of tentacles.
    Deno,
    /// Slack's official client for Python.
    SlackSdk,
    /// Bubblewrap.
    Bwrap,
    /// The database.
    Postgres,
}

impl Server {
    /// All of them. The two that compile Go for minutes come first.
    pub(crate) const ALL: [Self; 7] = [
        Self::Kubernetes,
        Self::Runsc,
        Self::Keycloak,
        Self::Deno,
        Self::SlackSdk,
        Self::Bwrap,
        Self::Postgres,
    ];

    /// Its name, in logs and in `bench-servers`.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Kubernetes => "kubernetes",
            Self::Runsc => "runsc",
            Self::Keycloak => "keycloak",
            Self::Deno => "deno",
            Self::SlackSdk => "slack-sdk",
            Self::Bwrap => "bwrap",
            Self::Postgres => "postgres",
        }
    }

    /// Installs it, if it is not there yet. What comes back is for [`Server::start`].
    pub(crate) fn install(self, place: &Place) -> Result<PathBuf> {
        match self {
            Self::Kubernetes => kubernetes::install(place),
            Self::Runsc => runsc::install(place),
            Self::Keycloak => keycloak::install(place),
            Self::Deno => deno::install(place),
            Self::SlackSdk => slack_sdk::install(place),
            Self::Bwrap => bwrap::install(place),
            Self::Postgres => postgres::install(place),
        }
    }

    /// Starts what was installed, and returns when it is ready.
    pub(crate) fn start(self, installed: &Path, place: &Place) -> Result<Running> {
        match self {
            Self::Kubernetes => kubernetes::start(installed, place),
            Self::Keycloak => keycloak::start(installed, place),
            Self::Postgres => postgres::start(installed, place),
            Self::Runsc => Ok(Running::program(Variable::Runsc, installed)),
            Self::Deno => Ok(Running::program(Variable::Deno, installed)),
            Self::SlackSdk => Ok(Running::program(Variable::Python, installed)),
            Self::Bwrap => Ok(Running::program(Variable::Bwrap, installed)),
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

/// Where things are: the repository, the cache and the logs of this run.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) root: PathBuf,
    pub(crate) cache: Cache,
    pub(crate) logs: PathBuf,
}

impl Place {
    /// For the repository at `root` with its target folder.
    pub(crate) fn new(root: &Path, target: &Path) -> Result<Self> {
        Ok(Self { root: root.to_path_buf(), cache: Cache::of_user()?, logs: target.join("xtask-logs") })
    }

    /// Removes the logs of earlier runs.
    pub(crate) fn clear_logs(&self) -> Result<()> {
        match fs::remove_dir_all(&self.logs) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("{} cannot be removed", self.logs.display()))
            }
            _ => Ok(()),
        }
    }

    fn log(&self, name: &str) -> PathBuf {
        self.logs.join(format!("{name}.log"))
    }
}

/// What runs until this value is dropped, and how tests find it.
#[derive(Debug, Default)]
pub(crate) struct Running {
    pub(crate) environment: Environment,
    /// In the order in which they are ended.
    serving: Vec<Serving>,
}

impl Running {
    fn program(variable: Variable, path: &Path) -> Self {
        Self { environment: vec![(variable, path.into())], serving: Vec::new() }
    }

    /// Takes over what another one holds.
    fn join(&mut self, other: Self) {
        self.environment.extend(other.environment);
        self.serving.extend(other.serving);
    }

    /// Where one thing is.
    pub(crate) fn get(&self, variable: Variable) -> Option<&OsStr> {
        self.environment.iter().find(|(it, _)| *it == variable).map(|(_, value)| value.as_os_str())
    }

    /// Tells a program where everything is, and nothing that was left in this process's own environment.
    pub(crate) fn tell(&self, command: &mut Command) {
        for variable in Variable::ALL {
            command.env_remove(variable.name());
        }
        command.envs(self.environment.iter().map(|(variable, value)| (variable.name(), value)));
    }
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
        let mine = servers.filter(|server| matches!(server, Server::Kubernetes | Server::Runsc) == compiled);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_told_what_runs_and_nothing_else() {
        let mut command = Command::new("test");
        Running::program(Variable::Deno, Path::new("/deno")).tell(&mut command);
        let told: Vec<_> = command.get_envs().filter_map(|(name, value)| Some((name, value?))).collect();
        assert_eq!(told, [(OsStr::new("TENTACULAR_DENO"), OsStr::new("/deno"))]);
        assert_eq!(command.get_envs().count(), Variable::ALL.len());
    }
}
