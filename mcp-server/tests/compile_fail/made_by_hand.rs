//! A proof that is put together from its parts.

use mcp_server::gate::Authorized;
use mcp_server::gate::act::Freeze;
use mcp_server::gate::target::OnEnclave;

fn forge(id: uuid::Uuid, target: OnEnclave) -> Authorized<Freeze> {
    Authorized { id, target }
}

fn main() {}
