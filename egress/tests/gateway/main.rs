//! The gateway on real sockets: what a contract names is carried, and every trick to reach something else is refused
//! before a byte of it leaves.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod bounds;
mod carried;
mod house;
mod plain;
mod program;
mod shared;
mod tricks;
