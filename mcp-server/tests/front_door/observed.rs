//! `reach_observe`: for whoever may deploy, on record, and never a way to what was not approved.

use crate::app::{App, until};
use crate::approvals::reaching;
use crate::team::{everybody_is_in, hello, price_watch, set_up};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use tokio::task::JoinHandle;
use wire::{Failure, FailureCode};

#[tokio::test]
async fn only_who_may_deploy_it_may_observe_it() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    app.sign_in("gil").await.unwrap();
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let observe =
        async |person: &str, name: &str| channel.say(person, "reach_observe", hello(name, "new")).await;
    let count = || app.backend.world().observed.len();
    for name in ["hello", "fresh"] {
        let seen = observe("ben", name).await.unwrap();
        assert_eq!(seen["name"], name);
    }
    assert_eq!(count(), 2);
    let refused = async |person: &str, name: &str| {
        let refused = observe(person, name).await.unwrap_err();
        assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{person}: {refused:?}");
    };
    refused("gil", "hello").await;
    // At either layer.
    channel.say("ana", "wf_set_mode", json!({"name": "hello", "mode": "member-read"})).await.unwrap();
    refused("ben", "hello").await;
    observe("ben", "fresh").await.unwrap();
    channel.say("ana", "enclave_sync", json!({"new_mode": "member-read"})).await.unwrap();
    refused("ben", "fresh").await;
    observe("ana", "hello").await.unwrap();
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    refused("ana", "hello").await;
    assert_eq!(count(), 4);
}

#[tokio::test]
async fn what_nobody_approved_is_out_of_reach_and_nothing_is_changed() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let reach = || app.backend.world().observed.last().unwrap().clone();
    let args = reaching(&["shop.example", "evil.example"]);
    let seen = channel.say("ben", "reach_observe", args.clone()).await.unwrap();
    assert_eq!(reach(), Vec::<String>::new());
    assert_eq!(seen["new_reach"].as_array().unwrap().len(), 2, "{seen}");
    let proposal = ["contract:", "  dependencies:", "    canary: {protocol: https, host: canary.example}"];
    assert_eq!(seen["proposal"], json!(proposal));
    let rows = app.database.rows().await;
    for table in ["tentacle", "approval", "open_effect"] {
        assert!(rows[table].is_empty(), "{table}: {:?}", rows[table]);
    }
    assert!(app.backend.world().tentacles.is_empty());
    // What runs has been approved, so that another version has it; and no more.
    let asked = channel.say("ana", "wf_apply", reaching(&["shop.example"])).await.unwrap();
    let yes = json!({"approval": asked["approval"]["id"], "approve": true});
    channel.click("ana", "reach_approve", yes).await.unwrap();
    channel.say("ana", "wf_apply", reaching(&["shop.example"])).await.unwrap();
    let seen = channel.say("ben", "reach_observe", args).await.unwrap();
    assert_eq!(reach(), ["shop.example:443"]);
    assert_eq!(seen["new_reach"], json!(["hello connects to evil.example:443"]));
    let status = channel.say("ana", "wf_status", json!({"name": "hello"})).await.unwrap();
    assert_eq!((&status["version"], &status["last_run"]), (&asked["version"], &Value::Null));
}

#[tokio::test]
async fn it_is_on_record_before_and_after_however_it_ends() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    let outcomes = async || {
        let tail = app.operate("trail_tail", json!({"enclave": "price-watch"})).await.unwrap();
        let records = tail["records"].as_array().unwrap().clone();
        let own = records.iter().filter(|record| record["tool"] == "reach_observe");
        let of = |decision: &Value| {
            let end =
                records.iter().find(|record| record["id"] == decision["id"] && record["result"].is_string());
            format!(
                "{} {} {}",
                decision["action"],
                decision["allowed"],
                end.map_or(&Value::Null, |end| &end["result"])
            )
        };
        own.map(of).collect::<Vec<_>>()
    };
    channel.say("ben", "reach_observe", hello("hello", "hi")).await.unwrap();
    app.backend.fail_at("before observe");
    channel.say("ben", "reach_observe", hello("hello", "other")).await.unwrap_err();
    let mut wrong = hello("hello", "hi");
    wrong["files"]["workflow.yaml"] = json!("name: [");
    let refused = price_watch(&app).say("ben", "reach_observe", wrong).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Invalid);
    let mut told = outcomes().await;
    told.sort();
    let of = |end: &str| format!("\"tentacle.create\" true \"{end}\"");
    assert_eq!(told, [of("done"), of("failed"), of("failed")]);
}

/// Ben observes what is to become this tentacle, from a client of his own.
fn bens(app: &App, name: &str) -> JoinHandle<Result<Value, Failure>> {
    let (door, mut args) = (app.door(), hello(name, "of ben"));
    args["enclave"] = json!("price-watch");
    tokio::spawn(async move { door.call(&door.agent("ben"), "reach_observe", args).await })
}

/// How often somebody's wish to observe was decided.
async fn decided(app: &App) -> usize {
    let tail = app.operate("trail_tail", json!({"enclave": "price-watch"})).await.unwrap();
    let records = tail["records"].as_array().unwrap();
    records.iter().filter(|record| record["tool"] == "reach_observe").count()
}

#[tokio::test]
async fn who_has_left_meanwhile_hears_nothing_of_what_was_observed() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    // One that there is, and one that would be new; and who stays hears of both.
    for (name, leaves) in [("hello", true), ("fresh", true), ("hello", false), ("fresh", false)] {
        app.backend.stop_at("after observe");
        let (observing, began) = (bens(&app, name), Instant::now());
        app.backend.until_waiting(1).await;
        if leaves {
            app.report("C1", &[("ana", "full")]).await;
        }
        until("it has taken a while", async || began.elapsed() > Duration::from_millis(200)).await;
        app.backend.go_on();
        let told = observing.await.unwrap();
        if leaves {
            let refused = told.unwrap_err();
            assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
            assert!(!format!("{refused:?}").contains("canary.example"), "{refused:?}");
            everybody_is_in(&app).await;
        } else {
            assert_eq!(told.unwrap()["attempts"][0]["host"], "canary.example", "{name}");
        }
    }
}

#[tokio::test]
async fn what_somebody_waits_to_observe_is_not_run_once_they_have_left() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    for (name, count) in [("hello", 2), ("fresh", 4)] {
        app.backend.stop_at("before observe");
        let ana = {
            let (door, mut args) = (app.door(), hello("hello", "of ana"));
            args["enclave"] = json!("price-watch");
            tokio::spawn(async move { door.call(&door.agent("ana"), "reach_observe", args).await })
        };
        app.backend.until_waiting(1).await;
        let ben = bens(&app, name);
        until("ben waits for his turn", async || decided(&app).await == count).await;
        app.report("C1", &[("ana", "full")]).await;
        app.backend.go_on();
        ana.await.unwrap().unwrap();
        let refused = ben.await.unwrap().unwrap_err();
        assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
        assert_eq!(app.backend.world().observed.len(), count / 2, "{name}");
        everybody_is_in(&app).await;
    }
}
