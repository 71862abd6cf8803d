//! An enclave is not removed in the turn of one of its tentacles: others are being changed.

use mcp_server::Turn;
use mcp_server::backend::Backend;
use mcp_server::gate::{Authorized, act::Deprovision};

async fn remove(backend: &dyn Backend, turn: &Turn, grant: &Authorized<Deprovision>) {
    let _ = backend.deprovision(turn, grant).await;
}

fn main() {}
