//! A version with a sidecar comes, is tried with its fixtures, is observed, and goes, as any other.

use super::layout::Layout;
use super::{asker, shell, sidecar, with};
use crate::caller::ENCLAVE;
use crate::left::entries;
use crate::server::{Server, Walls, until};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The same tentacle, whose sidecar says this word.
fn saying(image: &Value, word: &str) -> Value {
    let mut files = asker(&sidecar(image, &shell(), &format!(", env: {{WORD: {word}}}")));
    let code = files["nodes/ask.ts"].as_str().unwrap().replace("?? 'echo well'", "?? 'echo $WORD'");
    files["nodes/ask.ts"] = json!(code);
    files
}

async fn a_new_version_comes_without_a_gap(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(walls, &layout).await;
    server.approved("asker", &saying(&image, "old")).await.unwrap();
    let asked = server.deploy("asker", &saying(&image, "new")).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    server.execute("UPDATE approval SET state = 'approved' WHERE state = 'waiting'").await;
    let word = async |server: &Server, script: Option<&str>| {
        let input = script.map_or_else(|| json!({}), |script| json!({"script": script}));
        let ran = server.run_tentacle("asker", input).await.unwrap();
        assert_eq!(ran["success"], true, "{ran}");
        ran["output"]["outputs"]["ask"].as_str().unwrap().to_owned()
    };
    // Begun with the old version's sidecar, and ended after the new one serves.
    let (long, deploying) = (server.clone(), server.clone());
    let long = tokio::spawn(async move {
        let script = "touch /shared/begun; until [ -e /shared/end ]; do usleep 100000; done; echo $WORD";
        long.run_tentacle("asker", json!({"script": script})).await
    });
    until("the run has begun", async || word(&server, Some("ls /shared")).await.contains("begun")).await;
    let deploying = tokio::spawn(async move {
        let files = saying(&json!(image), "new");
        deploying.deploy("asker", &files).await
    });
    let mut words = Vec::new();
    while !deploying.is_finished() {
        words.push(word(&server, None).await);
    }
    deploying.await.unwrap().unwrap();
    words.push(word(&server, None).await);
    assert_eq!(words.last().unwrap(), "new", "{words:?}");
    assert!(words.iter().skip_while(|word| *word == "old").all(|word| word == "new"), "{words:?}");
    // The folder that the new version shares is its own: what the old one waits for comes from its own node alone.
    assert_eq!(word(&server, Some("ls /shared")).await, "");
    assert!(!long.is_finished(), "the run of the old version was ended by the new one");
    long.abort();
    let versions = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/asker/versions");
    assert_eq!(entries(&versions).len(), 2, "the old version serves a run still");
}

#[tokio::test]
async fn a_new_version_comes_without_a_gap_under_bwrap() {
    a_new_version_comes_without_a_gap(Walls::Bwrap).await;
}

#[tokio::test]
async fn a_new_version_comes_without_a_gap_under_runsc() {
    a_new_version_comes_without_a_gap(Walls::Runsc).await;
}

/// In fixtures the sidecar is answered for, and what is shared is a folder of the test's own: the one that runs hears nothing.
async fn fixtures_are_passed_without_asking_it(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(walls, &layout).await;
    let with_fixture = |answer: &str| {
        let mut files = asker(&sidecar(&image, &shell(), ""));
        let path = "/ZWNobyB3ZWxs"; // echo well
        let fixture = json!({
            "input": {}, "responses": {"shell": {format!("GET {path}"): {"body": answer}}}, "expected": "well",
        });
        files["tests/fixtures/ask.json"] = json!(fixture.to_string());
        files
    };
    let refused = server.approved("asker", &with_fixture("ill")).await.unwrap_err();
    assert!(refused.message.contains("fails its own fixtures"), "{refused:?}");
    assert!(server.left().folders.is_empty(), "{:?}", server.left());
    // What the owner has approved stays approved: only a fixture is another.
    let deployed = server.deploy("asker", &with_fixture("well")).await.unwrap();
    assert_eq!(
        (&deployed["status"], &deployed["fixtures"]["passed"]),
        (&json!("deployed"), &json!(1)),
        "{deployed}"
    );
    let args = json!({"enclave": ENCLAVE, "name": "asker", "container": "shell"});
    let heard = server.call("wf_logs", args.clone()).await.unwrap();
    assert!(!heard["lines"].to_string().contains("ZWNobyB3ZWxs"), "{heard}");
    let ran = server.run_tentacle("asker", json!({})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["ask"], "well", "{ran}");
    let heard = server.call("wf_logs", args).await.unwrap();
    assert!(heard["lines"].to_string().contains("ZWNobyB3ZWxs"), "the control: a run is heard: {heard}");
}

#[tokio::test]
async fn fixtures_are_passed_without_asking_it_under_bwrap() {
    fixtures_are_passed_without_asking_it(Walls::Bwrap).await;
}

#[tokio::test]
async fn fixtures_are_passed_without_asking_it_under_runsc() {
    fixtures_are_passed_without_asking_it(Walls::Runsc).await;
}

/// One that nobody has approved is not started for it, and what asks it is denied; one that runs already is asked.
async fn one_is_observed_as_far_as_it_is_approved(walls: Walls) {
    let layout = Layout::new();
    let image = layout.busybox();
    let server = with(walls, &layout).await;
    let observe = async |files: &Value| {
        let args = json!({"enclave": ENCLAVE, "name": "asker", "files": files, "input": {}});
        server.call("reach_observe", args).await.unwrap()
    };
    let files = saying(&image, "seen");
    let seen = observe(&files).await;
    assert!(seen["attempts"].to_string().contains("not_approved"), "{seen:#}");
    assert_ne!(seen["output"]["outputs"]["ask"], "seen", "{seen:#}");
    server.approved("asker", &files).await.unwrap();
    let seen = observe(&files).await;
    assert!(!seen["attempts"].to_string().contains("not_approved"), "{seen:#}");
    for folder in ["making", "removing"] {
        assert_eq!(entries(&server.machine_dir().join(folder)), Vec::<PathBuf>::new(), "{folder}");
    }
    // Beside the one that serves nothing is left.
    assert_eq!(entries(&server.machine_dir().join("sandboxes")).len(), 2);
}

#[tokio::test]
async fn one_is_observed_as_far_as_it_is_approved_under_bwrap() {
    one_is_observed_as_far_as_it_is_approved(Walls::Bwrap).await;
}

#[tokio::test]
async fn one_is_observed_as_far_as_it_is_approved_under_runsc() {
    one_is_observed_as_far_as_it_is_approved(Walls::Runsc).await;
}
