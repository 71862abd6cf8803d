//! A look that is called a change.

use mcp_server::backend::{Backend, EnclaveView};
use mcp_server::gate::Changed;

struct Trust;

impl Changed for Trust {
    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }
}

async fn show(backend: &dyn Backend, enclave: &EnclaveView) {
    let _ = backend.mirror(&Trust, enclave).await;
}

fn main() {}
