//! A server that is killed takes everything with it, and the next one goes on.

use crate::caller::{deploying, running};
use crate::left::{entries, groups};
use crate::server::{Server, Walls, until};
use crate::source::{hello, slow};
use serde_json::json;

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
    running.abort();
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
