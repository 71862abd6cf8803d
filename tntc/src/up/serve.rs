//! The services themselves, each in a process of its own that `up` starts: `tntc serve --parent PID SERVICE …`.

mod workspace;

use super::leash::{self, LeashError};
use clap::Subcommand;

/// One of the services of `up`.
#[derive(Debug, clap::Args)]
pub(crate) struct Serve {
    /// The process that it ends with
    #[arg(long)]
    parent: i32,
    #[command(subcommand)]
    service: Service,
}

/// Which service.
#[derive(Debug, Subcommand)]
enum Service {
    /// The Slack-compatible workspace and the issuer
    Workspace(Box<workspace::Workspace>),
    /// The MCP server
    McpServer(Box<mcp_server::Args>),
    /// The Kraken
    KrakenBot(Box<kraken_bot::Args>),
}

/// Why a service does not run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    /// It cannot be tied to `up`.
    #[error(transparent)]
    Leash(#[from] LeashError),
    /// The workspace.
    #[error(transparent)]
    Workspace(#[from] workspace::WorkspaceError),
    /// The server.
    #[error(transparent)]
    Server(#[from] mcp_server::ServeError),
    /// The Kraken.
    #[error(transparent)]
    Kraken(#[from] kraken_bot::RunError),
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), ServeError> {
        leash::tie(self.parent)?;
        // Each keeps its own libraries quiet.
        match &self.service {
            Service::Workspace(_) | Service::McpServer(_) => mcp_server::start_logging(),
            Service::KrakenBot(_) => kraken_bot::start_logging(),
        }
        match self.service {
            Service::Workspace(workspace) => Ok(workspace.run().await?),
            Service::McpServer(args) => Ok(mcp_server::run(*args).await?),
            Service::KrakenBot(args) => Ok(kraken_bot::run(*args).await?),
        }
    }
}
