//! An action of one's own, to have a proof of it.

use mcp_server::gate::act::Act;
use mcp_server::gate::target::Itself;

struct Anything;

impl Act for Anything {
    const ACTION: policy::Action = policy::Action::Whoami;
    type Target = Itself;
}

fn main() {}
