//! What `cargo xtask test` tells about the servers that it started.

/// A variable of the environment, without which there is nothing to test against.
pub(crate) fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set: run `cargo xtask test`"))
}
