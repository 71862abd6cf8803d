//! The server's own program, and a real Keycloak as its issuer: a person signs in as with a browser, and every token
//! that this issuer gives out and that is not for this server opens nothing.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test that fails tells what the server said")]

mod approval_page;
mod bad_tokens;
mod bearer_token;
mod brokered;
mod browser;
mod clocks;
mod code_flow;
mod device_flow;
mod disabled;
mod door;
mod gate;
mod kraken;
mod kraken_sign_in;
mod own_realm;
#[path = "../kubernetes/program.rs"]
mod program;
mod realm;
mod rotation;
#[path = "../kubernetes/until.rs"]
mod until;
#[path = "../kubernetes/variable.rs"]
mod variable;
mod workspace;
