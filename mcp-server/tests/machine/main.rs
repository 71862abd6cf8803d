//! The `machine` backend through the front door: the real server as a process of its own, real Deno behind real walls of
//! Bubblewrap and of gVisor.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod audit;
mod by_hand;
mod caller;
#[path = "../shared/conformance/suite.rs"]
mod conformance;
mod conforming;
mod full_disk;
#[path = "../shared/git.rs"]
mod git;
mod git_secrets;
mod host;
mod hostile;
#[path = "../front_door/issuer.rs"]
mod issuer;
mod killed;
mod left;
mod life;
#[path = "../shared/machines.rs"]
mod machines;
mod modules;
mod observed;
mod original;
#[path = "../shared/registry.rs"]
mod registry;
mod rollout;
mod server;
mod sidecars;
mod source;
mod steps;
mod traces;
mod way_out;
