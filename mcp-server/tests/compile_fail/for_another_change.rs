//! A look where a change has to be allowed, whichever.

use mcp_server::gate::act::Info;
use mcp_server::gate::{Authorized, Changed};

fn show(grant: &Authorized<Info>) -> &dyn Changed {
    grant
}

fn main() {}
