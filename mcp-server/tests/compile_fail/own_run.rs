//! A run that nobody allowed.

use mcp_server::backend::{Backend, RunOrder};
use mcp_server::gate::MayRun;
use mcp_server::gate::target::OnTentacle;

struct Trust(OnTentacle);

impl MayRun for Trust {
    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::nil()
    }

    fn target(&self) -> &OnTentacle {
        &self.0
    }
}

async fn run(backend: &dyn Backend, target: OnTentacle, order: RunOrder) {
    let _ = backend.run(&Trust(target), order).await;
}

fn main() {}
