//! The program as people and scripts use it: started as a process, against a server and an issuer that speak the real
//! protocols and answer what a test tells them to. The real server is met in the workspace's end-to-end tests.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod calls;
mod emergency;
mod issuer;
mod lists;
mod offline;
mod operators;
mod program;
mod secrets;
mod sign_in;
mod state;
mod stub;
mod trail;
#[cfg(feature = "up")]
mod up;
