//! The server through its front door: the real router on a real socket, the real store, tokens of an issuer, and a
//! backend that remembers what it was asked to do.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod app;
mod assertions;
mod backend;
mod came_between;
mod database;
mod door;
mod enclaves;
mod interrupted;
mod issuer;
mod keys;
mod once;
mod races;
mod rpc;
mod team;
mod tokens;
