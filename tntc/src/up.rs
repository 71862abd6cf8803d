//! `tntc up`: a whole Tentacular on this machine, from this one program, on loopback.
//!
//! It starts three services, each a process of its own made from this same binary, in the order in which they need each
//! other: the Slack-compatible workspace with the issuer, the server, the Kraken. It watches them, starts one that dies
//! again, and ends them in the opposite order. Whatever happens to it, nothing of it stays behind: see [`leash`].

mod announce;
mod child;
pub(crate) mod engine;
mod keeper;
mod leash;
mod model;
mod ports;
mod programs;
mod ready;
mod repo;
mod serve;
mod services;
mod state;
mod token;
mod world;

pub(crate) use serve::Serve;

use self::repo::OwnRepo;
use self::services::Started;
use self::state::State;
use crate::private_file::PrivateFileError;
use crate::session::{SessionError, state_folder};
use crate::web::WebError;
use clap::Subcommand;
use std::ffi::OsString;
use std::path::PathBuf;

/// A whole Tentacular on this machine.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Up {
    #[command(subcommand)]
    command: Option<UpCommand>,
    #[command(flatten)]
    how: How,
}

/// How it is started.
#[derive(Debug, clap::Args)]
struct How {
    /// Where everything is kept; `$XDG_STATE_HOME/tentacular/up` when left out
    #[arg(long, value_name = "FOLDER", env = "TENTACULAR_UP_STATE_DIR")]
    state_dir: Option<PathBuf>,
    /// Show what the services log
    #[arg(long)]
    verbose: bool,
    /// The Kraken takes what happens in the workspace as signed requests, and not by Socket Mode
    #[arg(long)]
    slack_http: bool,
    #[command(flatten)]
    repo: OwnRepo,
    #[command(flatten)]
    egress: Egress,
    #[command(flatten)]
    model: kraken_bot::ModelArgs,
}

/// What the egress gateway of this machine knows and opens besides the internet, and where modules come from.
#[derive(Debug, Clone, Default, clap::Args)]
struct Egress {
    /// Host names that tentacles can be given, in the format of `/etc/hosts`
    #[arg(long, value_name = "FILE")]
    egress_hosts: Option<PathBuf>,
    /// Which private ranges are open to which enclave: `{"<enclave>": ["10.1.2.0/24"]}`
    #[arg(long, value_name = "FILE")]
    private_ranges: Option<PathBuf>,
    /// Let those ranges be on this machine itself: a tentacle reaches the machine's own services then
    #[arg(long)]
    egress_allow_loopback: bool,
    /// The npm registry that modules are fetched from; without it none come from npm
    #[arg(long, env = "TENTACULAR_MODULE_REGISTRY_NPM", value_name = "URL")]
    module_registry_npm: Option<String>,
    /// The same for JSR
    #[arg(long, env = "TENTACULAR_MODULE_REGISTRY_JSR", value_name = "URL")]
    module_registry_jsr: Option<String>,
}

impl Egress {
    /// The flags of the server that say the same.
    fn flags(&self) -> Vec<OsString> {
        let mut flags = Vec::new();
        let mut path = |flag: &str, path: &Option<PathBuf>| {
            if let Some(path) = path {
                // The server stands in another folder.
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                flags.extend([OsString::from(flag), path.into_os_string()]);
            }
        };
        path("--egress-hosts", &self.egress_hosts);
        path("--private-ranges-file", &self.private_ranges);
        flags.extend(self.egress_allow_loopback.then(|| OsString::from("--egress-allow-loopback")));
        let registries = [("npm", &self.module_registry_npm), ("jsr", &self.module_registry_jsr)];
        for (name, url) in registries {
            flags.extend(url.as_ref().map(|url| format!("--module-registry-{name}={url}").into()));
        }
        flags
    }
}

/// What can be asked of one that runs.
#[derive(Debug, Subcommand)]
enum UpCommand {
    /// Print a fresh token of a person (ana, ben, cy or gil) for an MCP client; it is good for five minutes
    Token(token::Token),
}

/// Why it does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpError {
    /// There is no place for its state.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A private file.
    #[error(transparent)]
    File(#[from] PrivateFileError),
    /// The folder.
    #[error(transparent)]
    State(#[from] state::StateError),
    /// No port.
    #[error(transparent)]
    Ports(#[from] ports::PortsError),
    /// A key.
    #[error(transparent)]
    World(#[from] world::WorldError),
    /// A program that is needed is not there.
    #[error(transparent)]
    Programs(#[from] programs::ProgramsError),
    /// A service.
    #[error(transparent)]
    Service(#[from] services::ServiceError),
    /// One of the services, in its own process.
    #[error(transparent)]
    Serve(#[from] serve::ServeError),
    /// A token.
    #[error(transparent)]
    Token(#[from] token::TokenError),
    /// Requests cannot be sent.
    #[error(transparent)]
    Web(#[from] WebError),
}

impl Up {
    pub(crate) async fn run(&self) -> Result<(), UpError> {
        match &self.command {
            Some(UpCommand::Token(command)) => Ok(command.run().await?),
            None => self.how.run().await,
        }
    }
}

impl How {
    async fn run(&self) -> Result<(), UpError> {
        let programs = programs::find()?;
        let state = State::open(&folder(self.state_dir.as_deref())?)?;
        let ports = ports::choose(state.folder()).await?;
        let world = state.world(ports)?;
        announce::beginning(&world);
        let engine = world.prepare()?;
        let (egress, verbose) = (self.egress.flags(), self.verbose);
        let model = model::flags(&self.model);
        let slack_http = if self.slack_http { Some(ports::another(ports)?) } else { None };
        let plan = services::Plan {
            world: &world,
            programs: &programs,
            engine: &engine,
            repo: &self.repo,
            egress: &egress,
            model: &model,
            slack_http,
            verbose,
        };
        let signals = services::Signals::listen()?;
        match services::start(&plan, signals).await? {
            Started::All(running) => {
                state.note_running(&world)?;
                announce::running(&world, self.state_dir.as_deref(), self.repo.shown());
                running.keep().await;
            }
            Started::Interrupted => {}
        }
        announce::ended();
        Ok(())
    }
}

/// The folder of the state.
fn folder(chosen: Option<&std::path::Path>) -> Result<PathBuf, SessionError> {
    match chosen {
        Some(folder) => Ok(std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())),
        None => Ok(state_folder()?.join("up")),
    }
}
