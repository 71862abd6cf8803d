//! A tentacle's life behind walls.

use crate::server::{Server, Walls};
use crate::source::hello;
use serde_json::json;

#[tokio::test]
async fn hello_deploys_and_runs_under_bwrap() {
    hello_deploys_and_runs(Walls::Bwrap).await;
}

#[tokio::test]
async fn hello_deploys_and_runs_under_runsc() {
    hello_deploys_and_runs(Walls::Runsc).await;
}

async fn hello_deploys_and_runs(walls: Walls) {
    let server = Server::with_enclave(walls).await;
    let deployed = server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");
    let ran = server.run_tentacle("greeter", json!({"name": "ben"})).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], "Hello, ben!", "{ran}");
    let status = server.status("greeter").await;
    assert_eq!((&status["ready"], &status["sandbox"]), (&json!(true), &json!(walls.name())), "{status}");
    let logs = server.call("wf_logs", json!({"enclave": "price-watch", "name": "greeter"})).await.unwrap();
    let lines = logs["lines"].as_array().unwrap();
    assert!(lines.iter().any(|line| line.as_str().unwrap().ends_with("info hello: greeting ben")), "{logs}");
}
