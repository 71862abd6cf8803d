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
    Workspace(workspace::Workspace),
    /// The MCP server
    McpServer(Box<mcp_server::Args>),
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
}

impl Serve {
    pub(crate) async fn run(self) -> Result<(), ServeError> {
        leash::tie(self.parent)?;
        mcp_server::start_logging();
        match self.service {
            Service::Workspace(workspace) => Ok(workspace.run().await?),
            Service::McpServer(args) => Ok(mcp_server::run(*args).await?),
        }
    }
}
