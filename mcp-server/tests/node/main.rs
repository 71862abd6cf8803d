//! The server's own program with a cluster that has a node: tentacles are deployed through the front door, and what is
//! asserted is what their pods did. Each test works in the node's network.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test that fails tells what the server said")]
#![allow(dead_code, reason = "some of what it shares with the suite without a node is used there alone")]

mod asking;
#[path = "../kubernetes/calls.rs"]
mod calls;
#[path = "../kubernetes/cluster.rs"]
mod cluster;
#[path = "../shared/conformance/suite.rs"]
mod conformance;
mod conforming;
mod hostile;
mod inside;
#[path = "../front_door/issuer.rs"]
mod issuer;
mod life;
mod limits;
#[path = "../shared/machines.rs"]
mod machines;
mod matrix;
mod modules;
mod observed;
mod outside;
mod place;
mod probe;
#[path = "../kubernetes/program.rs"]
mod program;
#[path = "../kubernetes/proxy.rs"]
mod proxy;
mod reach;
#[path = "../shared/registry.rs"]
mod registry;
mod scaffolds;
mod sidecars;
#[path = "../kubernetes/site.rs"]
mod site;
mod trouble;
#[path = "../kubernetes/until.rs"]
mod until;
#[path = "../kubernetes/variable.rs"]
mod variable;
