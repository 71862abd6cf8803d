//! A server that is killed takes everything with it, and the next one goes on.

use crate::caller::{deploying, running};
use crate::left::{entries, groups};
use crate::server::{Server, Walls, until};
use crate::source::{hello, slow};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use std::time::Duration;
use wire::client::ClientError;

#[tokio::test]
async fn a_kill_in_a_run_leaves_nothing_under_bwrap() {
    a_kill_in_a_run_leaves_nothing(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_kill_in_a_run_leaves_nothing_under_runsc() {
    a_kill_in_a_run_leaves_nothing(Walls::Runsc).await;
}

async fn a_kill_in_a_run_leaves_nothing(walls: Walls) {
    let mut server = Server::with_enclave(walls).await;
    server.deploy("worker", &slow("worker", "done", 120_000)).await.unwrap();
    let caller = server.clone();
    let running = tokio::spawn(async move { caller.try_call("wf_run", running("worker", json!({}))).await });
    until("the run has begun", async || server.logs("worker").await.contains("begun")).await;
    assert!(server.left().processes.len() > 2, "no sandbox is seen: {:?}", server.left());
    server.kill();
    server.until_nothing_is_left().await;
    // Whoever asked does not wait for ever for a server that is gone.
    let told = tokio::time::timeout(Duration::from_secs(60), running).await.unwrap().unwrap();
    assert!(matches!(told, Err(ClientError::Unreachable { .. } | ClientError::Protocol(_))), "{told:?}");
    server.run().await;
    server.deploy("worker", &slow("worker", "done", 0)).await.unwrap();
    let ran = server.run_tentacle("worker", json!({})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], "done", "{ran}");
}

#[tokio::test]
async fn a_kill_in_a_deploy_leaves_nothing_and_the_deploy_converges() {
    for walls in [Walls::Bwrap, Walls::Runsc] {
        let mut server = Server::with_enclave(walls).await;
        let files = hello("greeter", "Hello");
        let (caller, args) = (server.clone(), deploying("greeter", &files));
        let deploying = tokio::spawn(async move { caller.try_call("wf_apply", args).await });
        let enclaves = groups(&server.machine_dir());
        let begun = || {
            enclaves.iter().any(|own| entries(&own.join("price-watch")).iter().any(|entry| entry.is_dir()))
        };
        until("a sandbox is being started", async || begun()).await;
        server.kill();
        server.until_nothing_is_left().await;
        deploying.abort();
        server.run().await;
        server.deploy("greeter", &files).await.unwrap();
        let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
        assert_eq!(ran["success"], true, "{ran}");
    }
}

#[tokio::test]
async fn a_server_that_is_asked_to_end_leaves_nothing() {
    let mut server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.run_tentacle("greeter", json!({})).await.unwrap();
    server.stop();
    server.until_nothing_is_left().await;
}

#[tokio::test]
async fn what_even_the_guard_did_not_clear_the_next_server_does() {
    for walls in [Walls::Bwrap, Walls::Runsc] {
        let mut server = Server::with_enclave(walls).await;
        server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
        let processes = server.left().processes;
        let guard = processes.iter().find(|process| process.contains("Guard")).unwrap();
        let guard: i32 = guard.split(' ').next().unwrap().parse().unwrap();
        kill(Pid::from_raw(guard), Signal::SIGKILL).unwrap();
        server.kill();
        let there = || !server.left().processes.is_empty();
        until("the sandboxes die with their server", async || !there()).await;
        assert!(!server.left().is_nothing(), "there is nothing to clear");
        server.run().await;
        let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
        assert_eq!(ran["success"], true, "{ran}");
        server.kill();
        server.until_nothing_is_left().await;
    }
}
