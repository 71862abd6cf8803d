//! Nothing is deployed by whoever has not waited for the tentacle's turn.

use mcp_server::backend::{Backend, BackendError, Cleared, Deployed};
use mcp_server::gate::{Authorized, act::Apply};

async fn deploy(
    backend: &dyn Backend,
    grant: &Authorized<Apply>,
    cleared: &Cleared<'_>,
) -> Result<Deployed, BackendError> {
    backend.deploy(grant, cleared).await
}

fn main() {}
