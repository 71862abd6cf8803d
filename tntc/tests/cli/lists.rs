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
    program.ok(&["list", "--owner", "ana", "--tag", "tea"]).await;
    assert_eq!(stub.calls()[1].arguments, json!({"owner": "ana", "tag": "tea"}));
}

#[tokio::test]
async fn every_copy_is_in_the_table() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let pod = |name: &str| {
        json!({"name": format!("{name}-1f2e"), "tentacle": name, "phase": "Running", "age": "3m", "images": ["engine:1"],
            "restarts": 4, "ready": true})
    };
    stub.answers("wf_pods", json!({"pods": [pod("hello")], "next_cursor": "hello"}));
    stub.answers("wf_pods", json!({"pods": [pod("tea")]}));
    assert_eq!(
        program.ok(&["pods", "-e", "a"]).await.out,
        "COPY        TENTACLE  PHASE    READY  RESTARTS  AGE  IMAGES\n\
         hello-1f2e  hello     Running  yes    4         3m   engine:1\n\
         tea-1f2e    tea       Running  yes    4         3m   engine:1\n"
    );
    let asked: Vec<Value> = stub.calls().into_iter().map(|call| call.arguments).collect();
    assert_eq!(asked, [json!({"enclave": "a"}), json!({"enclave": "a", "cursor": "hello"})]);
}

#[tokio::test]
async fn runs_and_schedules_are_two_tables() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let run = json!({"name": "r", "tentacle": "hello", "status": "failed", "by": "Ana", "started_at": "2026-01-02T03:04:05Z",
        "duration_ms": 1200});
    let cron = json!({"name": "daily", "tentacle": "tea", "schedule": "0 9 * * *", "timezone": "UTC", "suspended": false,
        "next_at": "2026-01-03T09:00:00Z"});
    stub.answers(
        "wf_jobs",
        json!({"enclave": "a", "namespace": "a", "jobs": [run], "cronjobs": [cron], "next_cursor": "r//"}),
    );
    let told = program.ok(&["jobs", "-e", "a", "-n", "1"]).await.out;
    assert_eq!(
        told,
        "WHEN                  TENTACLE  OUTCOME  BY   TOOK\n\
         2026-01-02T03:04:05Z  hello     failed   Ana  1.2 s\n\n\
         TENTACLE  SCHEDULE  WHEN             NEXT\n\
         tea       daily     0 9 * * * (UTC)  2026-01-03T09:00:00Z\n\n\
         There is more: `-n` shows it.\n"
    );
    assert_eq!(stub.calls()[0].arguments, json!({"enclave": "a", "limit": 1}));
}
