//! A proof of nothing in particular.

use mcp_server::gate::Authorized;
use mcp_server::gate::act::Whoami;

fn forge() -> Authorized<Whoami> {
    Default::default()
}

fn main() {}
