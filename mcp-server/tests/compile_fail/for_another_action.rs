//! A look where a removal has to be allowed.

use mcp_server::LastTurn;
use mcp_server::backend::Backend;
use mcp_server::gate::Authorized;
use mcp_server::gate::act::Info;

async fn remove(backend: &dyn Backend, turn: &LastTurn, grant: &Authorized<Info>) {
    let _ = backend.deprovision(turn, grant).await;
}

fn main() {}
