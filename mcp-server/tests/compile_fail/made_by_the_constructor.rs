//! The gate's own way to make a proof, used from outside of it.

use mcp_server::gate::Authorized;
use mcp_server::gate::act::Freeze;
use mcp_server::gate::target::OnEnclave;

fn forge(id: uuid::Uuid, target: OnEnclave) -> Authorized<Freeze> {
    Authorized::new(id, target)
}

fn main() {}
