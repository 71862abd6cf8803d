//! A proof of one thing, turned into that of another.

use mcp_server::gate::Authorized;
use mcp_server::gate::act::{Deprovision, Info};

fn turn(grant: Authorized<Info>) -> Authorized<Deprovision> {
    grant.into()
}

fn main() {}
