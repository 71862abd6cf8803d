//! No backend puts back a version that nobody has compared with the record, and nobody says by hand that one serves.

use mcp_server::backend::{Backend, BackendError, Serves, Version};
use mcp_server::gate::PutBack;

async fn put_back(backend: &dyn Backend, version: &Version) -> Result<Vec<String>, BackendError> {
    backend.put_back(version).await
}

fn serves<'s>(grant: &'s PutBack, version: &'s Version) -> Serves<'s> {
    Serves { grant, version }
}

fn main() {}
