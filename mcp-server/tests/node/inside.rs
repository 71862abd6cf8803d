//! A test in the node's network: its thread enters it before it starts anything, and what it starts is in it, too.

use crate::place::node;
use nix::sched::{CloneFlags, setns};
use std::fs::File;
use std::future::Future;
use tokio::runtime::Builder;

/// Works in the node's network.
pub(crate) fn inside(test: impl Future<Output = ()>) {
    enter();
    Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap().block_on(test);
}

/// Takes this thread into the node's network.
pub(crate) fn enter() {
    let network = File::open(format!("/proc/{}/ns/net", node().pid)).unwrap();
    setns(network, CloneFlags::CLONE_NEWNET).unwrap();
}
