//! A removal that forgets to ask.

use mcp_server::LastTurn;
use mcp_server::backend::Backend;

async fn remove(backend: &dyn Backend, turn: &LastTurn) {
    let _ = backend.deprovision(turn).await;
}

fn main() {}
