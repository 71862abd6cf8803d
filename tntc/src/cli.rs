//! The command line: what can be asked, and what goes for every command.

use crate::commands::{
    account::AccountCommand, audit::Audit, backends::Backends, cluster::ClusterCommand, compare::Compare,
    deploy::Deploy, describe::Describe, enclave::EnclaveCommand, events::Events, health::Health,
    history::History, jobs::Jobs, list::List, login::Login, logout::Logout, logs::Logs, new::New,
    new::Scaffolds, pods::Pods, reach::ReachCommand, render::Render, restart::Restart, run::Run,
    schema::Schema, secret::SecretCommand, secrets::SecretsCommand, set_mode::SetMode, state::StateCommand,
    status::Status, trail::TrailCommand, transfer::Transfer, undeploy::Undeploy, validate::Validate,
    visualize::Visualize, whoami::Whoami, why::Why,
};
use crate::output::Format;
use crate::server::Server;
use clap::{Parser, Subcommand};
use std::path::PathBuf;
use workflow::EnclaveName;

/// The command line of Tentacular, for operators and agents.
#[derive(Debug, Parser)]
#[command(name = "tntc", version, about, arg_required_else_help = true, max_term_width = 110)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) options: Options,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What goes for every command.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Options {
    /// How the answer is written
    #[arg(short, long, global = true, value_enum, value_name = "FORMAT")]
    pub(crate) output: Option<Format>,
    /// The server, such as `https://tentacular.example`
    #[arg(long, global = true, env = "TENTACULAR_SERVER", value_name = "URL")]
    pub(crate) server: Option<Server>,
    /// Where to sign in, of the issuers that the server takes; its first one when left out
    #[arg(long, global = true, env = "TENTACULAR_ISSUER", value_name = "URL")]
    pub(crate) issuer: Option<String>,
    /// The client to sign in with, as the issuer knows it
    #[arg(long, global = true, env = "TENTACULAR_TNTC_CLIENT", value_name = "ID", default_value = "tntc")]
    pub(crate) client: String,
    /// Emergency access as an operator, with the token in this file
    #[arg(long, global = true, env = "TENTACULAR_BREAK_GLASS", value_name = "FILE")]
    pub(crate) break_glass: Option<PathBuf>,
    /// Why emergency access is used; the channel and the trail are told
    #[arg(long, global = true, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

/// The enclave of a tentacle's command.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct InEnclave {
    /// The enclave
    #[arg(short, long, env = "TENTACULAR_ENCLAVE", value_name = "NAME")]
    pub(crate) enclave: EnclaveName,
}

/// What can be asked.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Enclaves: make, look at, change, freeze, remove
    #[command(subcommand)]
    Enclave(EnclaveCommand),
    /// Slack accounts, and whose they are
    #[command(subcommand)]
    Account(AccountCommand),
    /// The tentacles that you may see
    List(List),
    /// How a tentacle is
    Status(Status),
    /// Run a tentacle and wait for its answer
    Run(Run),
    /// What a tentacle printed
    Logs(Logs),
    /// Make the folder of a new tentacle
    New(New),
    /// What a new tentacle can begin as
    Scaffolds(Scaffolds),
    /// What `workflow.yaml` may hold, as a JSON Schema for editors
    Schema(Schema),
    /// Check a tentacle's folder as the server will, and tell all that is wrong
    Validate(Validate),
    /// Pin the modules that a tentacle imports from registries: makes its `deno.lock`
    #[cfg(feature = "up")]
    Lock(crate::commands::lock::Lock),
    /// Test a tentacle with its fixtures, without a network
    #[cfg(feature = "up")]
    Test(crate::commands::test::Test),
    /// The repository in which a team's tentacles lie: make one, commit, push, and see whether what runs agrees with it
    #[command(subcommand)]
    State(StateCommand),
    /// Draw what feeds what and what reaches where
    Visualize(Visualize),
    /// Deploy a tentacle from its folder
    Deploy(Deploy),
    /// What a tentacle's contract lacks
    #[command(subcommand)]
    Reach(ReachCommand),
    /// Remove a tentacle for good
    Undeploy(Undeploy),
    /// The secrets that the server keeps for an enclave
    #[command(subcommand)]
    Secret(SecretCommand),
    /// Secrets in git, beside a tentacle, encrypted; a tentacle's own go before the enclave's
    #[command(subcommand)]
    Secrets(SecretsCommand),
    /// All that is on record of a tentacle
    Describe(Describe),
    /// The runs of a tentacle, or its deploys
    History(History),
    /// What is different between two versions of a tentacle
    Compare(Compare),
    /// What happened to tentacles lately
    Events(Events),
    /// What runs now or ran last, and what the clock will run
    Jobs(Jobs),
    /// The copies in which tentacles run
    Pods(Pods),
    /// Whether tentacles can run, and whether something is to be looked at
    Health(Health),
    /// What is amiss with what is really there, with the command that mends it
    Audit(Audit),
    /// What everything runs on: what is missing, what there is, how it is
    #[command(subcommand)]
    Cluster(ClusterCommand),
    /// What each backend enforces, and what not
    Backends(Backends),
    /// Begin the next run of a tentacle with a fresh copy
    Restart(Restart),
    /// Set who may see, change and run a tentacle
    SetMode(SetMode),
    /// Give a tentacle to another member
    Transfer(Transfer),
    /// Sign in with a browser
    Login(Login),
    /// End the sign-in
    Logout(Logout),
    /// Who you are to the server
    Whoami(Whoami),
    /// Why somebody may do something, or may not
    Why(Why),
    /// The record of what was decided and done
    #[command(subcommand)]
    Trail(TrailCommand),
    /// What would be made, without asking any server
    #[command(subcommand)]
    Render(Render),
    /// A whole Tentacular on this machine
    #[cfg(feature = "up")]
    Up(Box<crate::up::Up>),
    /// One of the services of `up`; not for people
    #[cfg(feature = "up")]
    #[command(hide = true)]
    Serve(crate::up::Serve),
}

/// Reads the command line; ends the program with a message where it makes no sense.
pub(crate) fn read() -> Cli {
    Cli::parse()
}

#[cfg(test)]
mod tests;
