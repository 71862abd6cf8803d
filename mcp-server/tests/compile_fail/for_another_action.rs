//! A look where a removal has to be allowed.

use mcp_server::backend::Backend;
use mcp_server::gate::Authorized;
use mcp_server::gate::act::Info;

async fn remove(backend: &dyn Backend, grant: &Authorized<Info>) {
    let _ = backend.deprovision(grant).await;
}

fn main() {}
