//! A new version comes, the old one goes.

use crate::caller::ENCLAVE;
use crate::left::entries;
use crate::server::{Server, Walls, until};
use crate::source::{hello, one_node, slow};
use serde_json::json;

#[tokio::test]
async fn a_new_version_comes_without_a_gap_under_bwrap() {
    a_new_version_comes_without_a_gap(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_new_version_comes_without_a_gap_under_runsc() {
    a_new_version_comes_without_a_gap(Walls::Runsc).await;
}

async fn a_new_version_comes_without_a_gap(walls: Walls) {
    let server = Server::with_enclave(walls).await;
    server.deploy("worker", &slow("worker", "old", 1500)).await.unwrap();
    let caller = server.clone();
    // Begun with the old version, and ended after the new one serves.
    let long = tokio::spawn(async move { caller.run_tentacle("worker", json!({})).await });
    until("the run has begun", async || server.logs("worker").await.contains("begun")).await;
    let caller = server.clone();
    let deploying = tokio::spawn(async move { caller.deploy("worker", &slow("worker", "new", 0)).await });
    let mut words = Vec::new();
    while !deploying.is_finished() {
        words.push(word(&server.run_tentacle("worker", json!({})).await.unwrap()));
    }
    deploying.await.unwrap().unwrap();
    words.push(word(&server.run_tentacle("worker", json!({})).await.unwrap()));
    assert_eq!(word(&long.await.unwrap().unwrap()), "old");
    assert_eq!(words.last().unwrap(), "new", "{words:?}");
    let sorted = words.iter().skip_while(|word| *word == "old").all(|word| word == "new");
    assert!(sorted, "the old version came back: {words:?}");
    let versions = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/worker/versions");
    until("the old version is removed", async || entries(&versions).len() == 1).await;
}

fn word(ran: &serde_json::Value) -> String {
    assert_eq!(ran["success"], true, "{ran}");
    ran["output"]["outputs"]["node"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_version_that_does_not_start_changes_nothing() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    let broken = one_node("greeter", "import { x } from \"./missing.ts\";\nexport default () => x;\n");
    let refused = server.deploy("greeter", &broken).await.unwrap_err();
    assert!(
        refused.message.contains("does not start") && refused.message.contains("missing.ts"),
        "{refused:?}"
    );
    let tentacles = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles");
    assert!(entries(&tentacles).is_empty(), "something of it stays");
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.deploy("greeter", &broken).await.unwrap_err();
    let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], "Hello, world!", "{ran}");
    assert_eq!(entries(&tentacles.join("greeter/versions")).len(), 1);
}

#[tokio::test]
async fn a_version_that_fails_its_fixtures_changes_nothing_under_bwrap() {
    a_version_that_fails_its_fixtures_changes_nothing(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_version_that_fails_its_fixtures_changes_nothing_under_runsc() {
    a_version_that_fails_its_fixtures_changes_nothing(Walls::Runsc).await;
}

async fn a_version_that_fails_its_fixtures_changes_nothing(walls: Walls) {
    let server = Server::with_enclave(walls).await;
    let double = |factor: u32| {
        let code = format!("export default (_, input) => input * {factor};\n");
        let mut files = one_node("double", &code);
        files["tests/fixtures/node.json"] = json!("{\"input\": 2, \"expected\": 4}");
        files["tests/fixtures/node.more.json"] = json!("{\"input\": 5, \"expected\": 10}");
        files
    };
    let deployed = server.deploy("double", &double(2)).await.unwrap();
    assert_eq!(deployed["fixtures"], json!({"passed": 2, "drift": []}), "{deployed}");
    let refused = server.deploy("double", &double(3)).await.unwrap_err();
    for said in ["fails its own fixtures", "node.json: $: expected 4, got 6", "node.more.json"] {
        assert!(refused.message.contains(said), "{refused:?}");
    }
    let ran = server.run_tentacle("double", json!(7)).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], 14, "{ran}");
    let deploys = json!({"enclave": ENCLAVE, "name": "double", "of": "deploys"});
    let history = server.call("wf_history", deploys).await.unwrap();
    assert!(history.to_string().contains("\"fixtures\""), "the step that failed is not told: {history}");
    // One whose fixture never ends does not keep the deploy for ever; the sandbox's end is told as the fixture's.
    let mut greedy = double(2);
    greedy["nodes/node.ts"] =
        json!("export default () => { const all = []; for (;;) all.push(new Array(1e6).fill(1)); };\n");
    let refused = server.deploy("double", &greedy).await.unwrap_err();
    assert!(refused.message.contains("memory"), "{refused:?}");
    let ran = server.run_tentacle("double", json!(7)).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["node"], 14, "{ran}");
}
