//! A removal that forgets to ask.

use mcp_server::backend::Backend;

async fn remove(backend: &dyn Backend) {
    let _ = backend.deprovision().await;
}

fn main() {}
