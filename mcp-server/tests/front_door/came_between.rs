//! The server is killed in the middle of a deploy, and before it comes back something happens at another one. What it
//! began is finished only as far as that still may be.

use crate::app::{App, until};
use crate::door::Door;
use crate::team::{everybody_is_in, hello, set_up};
use mcp_server::Pace;
use serde_json::{Value, json};
use std::time::Duration;

/// #price-watch, whose server was killed while it deployed a tentacle for ben.
async fn killed_while_ben_deploys(point: &str) -> App {
    let pace = Pace { reconcile_every: Duration::from_millis(20), ..Pace::default() };
    let mut app = App::paced(pace).await;
    set_up(&app).await;
    app.backend.stop_at(point);
    let door = app.door();
    let deploying = tokio::spawn(async move { deploy(&door, "ben", "of ben").await });
    app.backend.until_waiting(1).await;
    deploying.abort();
    app.kill().await;
    app.backend.go_on();
    app.heads = "heads-of-another";
    app.run().await;
    app
}

async fn comes_back(app: &mut App) {
    app.kill().await;
    app.heads = "heads";
    app.run().await;
}

async fn deploy(door: &Door, person: &str, greeting: &str) -> Result<Value, wire::Failure> {
    let mut args = hello("hello", greeting);
    args["enclave"] = json!("price-watch");
    door.call(&door.agent(person), "wf_apply", args).await
}

async fn status(app: &App) -> Value {
    let args = json!({"enclave": "price-watch", "name": "hello"});
    app.call(&app.agent("ana"), "wf_status", args).await.unwrap()
}

async fn open_effects(app: &App) -> Vec<String> {
    app.database.rows().await["open_effect"].clone()
}

/// How the trail says that the interrupted effects ended, in order.
async fn outcomes(app: &App) -> Vec<String> {
    let tail = app.operate("trail_tail", json!({"enclave": "price-watch"})).await.unwrap();
    let outcomes = tail["records"].as_array().unwrap().iter().filter(|record| record["kind"] == "outcome");
    outcomes.map(|record| format!("{} {}", record["result"], record["reason"]).replace('"', "")).collect()
}

#[tokio::test]
async fn in_a_frozen_enclave_it_waits() {
    let mut app = killed_while_ben_deploys("before deploy").await;
    app.call(&app.agent("ana"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    comes_back(&mut app).await;
    let told = async || outcomes(&app).await.contains(&"unknown interrupted".to_owned());
    until("the interruption is on record", told).await;
    // it looks every few milliseconds; a whole life of the server does not finish it
    app.stop().await;
    app.run().await;
    assert_eq!(open_effects(&app).await.len(), 1);
    assert_eq!((&status(&app).await["version"], &status(&app).await["ready"]), (&json!(""), &json!(false)));
    app.call(&app.agent("ana"), "enclave_unfreeze", json!({"name": "price-watch"})).await.unwrap();
    until("it is deployed", async || status(&app).await["ready"] == true).await;
    until("it is settled", async || open_effects(&app).await.is_empty()).await;
    assert_eq!(status(&app).await["deployed_by"], "ben");
}

#[tokio::test]
async fn for_somebody_who_was_removed_it_is_given_up() {
    let mut app = killed_while_ben_deploys("after deploy").await;
    let removed = json!({"name": "price-watch", "remove_members": ["ben"]});
    let removed = app.call(&app.agent("ana"), "enclave_sync", removed).await.unwrap();
    assert_eq!(removed["transfers"][0]["tentacle_name"], "hello");
    comes_back(&mut app).await;
    until("it is settled", async || open_effects(&app).await.is_empty()).await;
    assert!(outcomes(&app).await.contains(&"failed refused".to_owned()), "{:?}", outcomes(&app).await);
    let status = status(&app).await;
    assert_eq!((&status["owner"], &status["version"]), (&json!("ana"), &json!("")));
    // what was made of it belongs to ana, who can take it away or deploy over it
    let gone = json!({"enclave": "price-watch", "name": "hello", "confirm": "hello"});
    app.call(&app.agent("ana"), "wf_remove", gone).await.unwrap();
    assert!(app.backend.world().tentacles.is_empty());
}

#[tokio::test]
async fn a_later_deploy_is_not_undone() {
    let mut app = killed_while_ben_deploys("before deploy").await;
    let later = deploy(&app, "ana", "of ana").await.unwrap();
    comes_back(&mut app).await;
    until("it is settled", async || open_effects(&app).await.is_empty()).await;
    assert!(outcomes(&app).await.contains(&"failed superseded".to_owned()), "{:?}", outcomes(&app).await);
    assert_eq!(status(&app).await["version"], later["version"]);
    assert_eq!(app.backend.world().tentacles.values().next().unwrap(), later["version"].as_str().unwrap());
}

#[tokio::test]
async fn the_same_deploy_by_somebody_else_is_the_end_of_both() {
    let mut app = killed_while_ben_deploys("before deploy").await;
    deploy(&app, "ana", "of ben").await.unwrap();
    assert!(open_effects(&app).await.is_empty());
    comes_back(&mut app).await;
    assert_eq!(status(&app).await["deployed_by"], "ana");
    // ben's was the first: the tentacle is his
    assert_eq!(status(&app).await["owner"], "ben");
}

#[tokio::test]
async fn after_the_enclave_is_gone_there_is_nothing_to_finish() {
    let mut app = killed_while_ben_deploys("after deploy").await;
    let gone = json!({"name": "price-watch", "confirm": "price-watch"});
    app.call(&app.agent("ana"), "enclave_deprovision", gone).await.unwrap();
    assert!(open_effects(&app).await.is_empty());
    comes_back(&mut app).await;
    crate::team::price_watch(&app).say("ana", "enclave_provision", json!({})).await.unwrap();
    everybody_is_in(&app).await;
    assert!(app.backend.world().tentacles.is_empty());
}

#[tokio::test]
async fn a_backend_that_cannot_be_reached_is_tried_again() {
    let mut app = killed_while_ben_deploys("before deploy").await;
    app.backend.fail_at("before deploy");
    comes_back(&mut app).await;
    until("it is deployed", async || status(&app).await["ready"] == true).await;
    until("it is settled", async || open_effects(&app).await.is_empty()).await;
}
