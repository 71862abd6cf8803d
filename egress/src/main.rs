//! The egress gateway's program.

use std::process::ExitCode;

fn main() -> ExitCode {
    egress::main()
}
