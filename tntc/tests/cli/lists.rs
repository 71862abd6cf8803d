//! Long lists are read to their end.

use crate::stub::Stub;
use serde_json::{Value, json};

fn entry(name: &str) -> Value {
    json!({
        "name": name, "owner": "Ana Sousa", "status": "active", "platform": "slack", "channel_name": name,
        "created_at": "2026-01-02T03:04:05Z", "members": ["Ana Sousa", "Ben Okafor"], "mode": "rwxrwx---",
        "your_class": "owner",
    })
}

#[tokio::test]
async fn every_page_is_in_the_answer() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("enclave_list", json!({"enclaves": [entry("a"), entry("b")], "next_cursor": "b"}));
    stub.answers("enclave_list", json!({"enclaves": [entry("c")], "next_cursor": "c"}));
    stub.answers("enclave_list", json!({"enclaves": [entry("d")]}));
    let listed = program.ok(&["enclave", "list", "-o", "json"]).await.json();
    let names: Vec<&str> =
        listed["enclaves"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    let cursors: Vec<Value> = stub.calls().into_iter().map(|call| call.arguments["cursor"].clone()).collect();
    assert_eq!(cursors, [Value::Null, json!("b"), json!("c")]);
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_given_up() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("wf_list", json!({"workflows": [], "next_cursor": "again"}));
    let list = program.run(&["list"]).await;
    assert_eq!(list.code, 1, "{list:?}");
    assert!(list.err.contains("does not end"), "{}", list.err);
}

#[tokio::test]
async fn a_list_is_a_table_for_people() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("enclave_list", json!({"enclaves": [entry("price-watch")]}));
    let table = program.ok(&["enclave", "list"]).await.out;
    assert_eq!(
        table,
        "NAME         STATE   OWNER      CHANNEL       MODE       PEOPLE     YOU\n\
         price-watch  active  Ana Sousa  #price-watch  rwxrwx---  2 members  owner\n"
    );
    stub.answers("enclave_list", json!({"enclaves": []}));
    program.ok(&["enclave", "list"]).await;
    assert_eq!(program.ok(&["enclave", "list"]).await.out, "there is no enclave that you can see\n");
}

#[tokio::test]
async fn the_enclave_of_a_list_is_named_once() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    stub.answers("wf_list", json!({"workflows": []}));
    program.ok(&["list", "-e", "price-watch"]).await;
    assert_eq!(stub.calls()[0].arguments, json!({"enclave": "price-watch"}));
}
