//! No backend deploys a version that nobody has cleared of its review.

use mcp_server::Turn;
use mcp_server::backend::{Backend, BackendError, Deployed, Version};
use mcp_server::gate::{Authorized, act::Apply};

async fn deploy(
    backend: &dyn Backend,
    turn: &Turn,
    grant: &Authorized<Apply>,
    version: &Version,
) -> Result<Deployed, BackendError> {
    backend.deploy(turn, grant, version).await
}

fn main() {}
