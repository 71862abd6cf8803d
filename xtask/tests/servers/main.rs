//! What `cargo xtask test` hands to tests is real and behaves as `README.md` and `tests/keycloak/README.md` say.
//!
//! Only built with the feature `real-servers`, because without `cargo xtask test` there is nothing to look at.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "this is a test, and what does not work must be seen"
)]

mod keycloak;
mod kubernetes;
mod node;
mod postgres;
mod programs;

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run this by `cargo xtask test`"))
}
