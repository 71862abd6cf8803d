//! Somebody changes the files of a version on this machine: it is told, and put back.

use crate::caller::ENCLAVE;
use crate::left::entries;
use crate::server::{Server, Walls};
use crate::source::hello;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

async fn status(server: &Server) -> Value {
    let status = server.call("state_status", json!({"enclave": ENCLAVE})).await.unwrap();
    status["tentacles"].as_array().unwrap().iter().find(|entry| entry["name"] == "greeter").unwrap().clone()
}

async fn repair(server: &Server) -> usize {
    let args = json!({"enclave": ENCLAVE, "name": "greeter"});
    let done = server.call("state_repair", args).await.unwrap();
    done["put_back"].as_array().unwrap().len()
}

async fn greets(server: &Server) {
    let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], "Hello, world!", "{ran}");
}

#[tokio::test]
async fn files_that_somebody_changed_or_removed_are_told_and_put_back() {
    let mut server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    let versions = server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/greeter/versions");
    let code = || -> PathBuf { versions.join(&entries(&versions)[0]) };
    assert_eq!(status(&server).await["state"], "not_in_git");
    assert_eq!(repair(&server).await, 0);

    let file = code().join("nodes/hello.ts");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).unwrap();
    fs::write(&file, "export default () => \"evil\";\n").unwrap();
    let told = status(&server).await;
    assert_eq!(
        (&told["state"], &told["offer"]),
        (&json!("changed_by_hand"), &json!("put it back as it was"))
    );
    assert!(told["by_hand"][0]["object"].as_str().unwrap().contains("the files of version"), "{told}");
    assert_eq!(repair(&server).await, 1);
    assert_eq!(status(&server).await["state"], "not_in_git");
    greets(&server).await;

    // Removed while the server was away.
    server.kill();
    server.until_nothing_is_left().await;
    let code = code();
    fs::set_permissions(&code, Permissions::from_mode(0o755)).unwrap();
    fs::remove_dir_all(&code).unwrap();
    server.run().await;
    assert_eq!(status(&server).await["state"], "missing");
    assert_eq!(repair(&server).await, 1);
    assert_eq!(status(&server).await["state"], "not_in_git");
    greets(&server).await;
}
