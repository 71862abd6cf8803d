//! The server's own program against a real cluster, under exactly the account of `deploy/kubernetes`: it is killed after
//! each step of making an enclave, raced, and tried at what is not its own, while an observer watches the cluster.
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]
#![expect(clippy::print_stderr, reason = "a test that fails tells what the server said")]
#![expect(clippy::print_stdout, reason = "what a test leaves out it says")]
#![allow(dead_code, reason = "some of what it shares with the suite of the node is used there alone")]

mod audit;
mod bounds;
mod by_hand;
mod calls;
mod cluster;
mod cut_off;
mod drift;
mod enclaves;
#[path = "../shared/git.rs"]
mod git;
mod git_secrets;
mod going_back;
mod interrupted;
#[path = "../front_door/issuer.rs"]
mod issuer;
mod kubelet;
mod observer;
mod observer_control;
mod place;
mod program;
mod proxy;
mod replaced;
mod restore;
mod settings;
mod site;
mod survey;
mod until;
mod variable;
