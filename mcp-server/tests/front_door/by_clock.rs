//! Tentacles that the clock runs.

use crate::app::{App, until};
use crate::clockwork::{TestClock, deploy, runs, told, with_triggers};
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};

const EACH_MINUTE: &str = "type: cron, schedule: '* * * * *'";

async fn app() -> (App, TestClock) {
    let clock = TestClock::new();
    let app = App::paced(clock.pace()).await;
    set_up(&app).await;
    (app, clock)
}

async fn until_told(app: &App, expected: &[&str]) {
    until(&format!("{expected:?}"), async || told(app, "hello").await == expected).await;
}

#[tokio::test]
async fn it_runs_when_it_is_due_and_the_history_and_the_trail_say_by_what() {
    let (app, clock) = app().await;
    let five = "type: cron, name: five, schedule: '*/5 * * * *'";
    deploy(&app, with_triggers("hello", "hi", &[five, "type: manual"])).await;
    clock.on(299);
    price_watch(&app).say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    until_told(&app, &["succeeded - 1"]).await;
    clock.on(1);
    until_told(&app, &["succeeded - 1", "succeeded 10:05 1"]).await;
    let run = runs(&app, "hello").await.pop().unwrap();
    assert_eq!((&run["trigger"], &run["by"]), (&json!("five"), &json!("trigger five")));
    let input = app.backend.world().inputs.last().unwrap().1.clone();
    assert_eq!(input["trigger"], json!({"name": "five", "type": "cron", "due": "2026-03-02T10:05:00Z"}));
    let status = app
        .call(&app.agent("ana"), "wf_status", json!({"enclave": "price-watch", "name": "hello"}))
        .await
        .unwrap();
    assert_eq!(status["last_run"]["by"], "trigger five");
    let jobs = app.call(&app.agent("ana"), "wf_jobs", json!({"enclave": "price-watch"})).await.unwrap();
    let cron = json!({"name": "five", "tentacle": "hello", "schedule": "*/5 * * * *", "timezone": "UTC",
                      "suspended": false, "next_at": "2026-03-02T10:10:00Z"});
    assert_eq!((&jobs["cronjobs"], &jobs["jobs"][0]["by"]), (&json!([cron]), &json!("trigger five")));
    let trail = app.operate("trail_tail", json!({"enclave": "price-watch"})).await.unwrap();
    let decided = |record: &&Value| record["action"] == "trigger.run" && record["allowed"] == true;
    let record = trail["records"].as_array().unwrap().iter().find(decided).unwrap().clone();
    assert_eq!(record["who"], json!({"kind": "trigger", "subject": "price-watch/hello/five"}));
    assert_eq!(record["id"], run["id"]);
}

#[tokio::test]
async fn time_zones_and_several_triggers_are_minded() {
    let (app, clock) = app().await;
    let tokyo = "type: cron, name: tokyo, schedule: 2 19 * * *, timezone: Asia/Tokyo";
    deploy(&app, with_triggers("hello", "hi", &[tokyo, "type: cron, schedule: 2 10 * * *"])).await;
    clock.on(120);
    until("both ran", async || runs(&app, "hello").await.len() == 2).await;
    let mut by: Vec<_> = runs(&app, "hello").await.into_iter().map(|run| run["trigger"].clone()).collect();
    by.sort_by_key(Value::to_string);
    assert_eq!(by, ["cron", "tokyo"]);
}

#[tokio::test]
async fn what_is_missed_while_the_server_is_away_is_told_and_caught_up_once_if_asked() {
    let (mut app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &["type: cron, schedule: '*/10 * * * *'"])).await;
    let catches_up = "type: cron, schedule: '*/10 * * * *', catchUp: true";
    deploy(&app, with_triggers("eager", "hi", &[catches_up])).await;
    app.stop().await;
    clock.on(35 * 60);
    app.run().await;
    until_told(&app, &["missed 10:30 3"]).await;
    let eager = ["missed 10:30 2", "succeeded 10:30 1"];
    until("it was caught up", async || {
        let mut told = told(&app, "eager").await;
        told.sort();
        told == eager
    })
    .await;
    clock.on(5 * 60);
    until_told(&app, &["missed 10:30 3", "succeeded 10:40 1"]).await;
}

#[tokio::test]
async fn frozen_pauses_and_nothing_of_the_past_is_run_afterwards() {
    let (app, clock) = app().await;
    let catches_up = "type: cron, schedule: '* * * * *', catchUp: true";
    deploy(&app, with_triggers("hello", "hi", &[catches_up])).await;
    let name = json!({"name": "price-watch"});
    app.call(&app.agent("ana"), "enclave_freeze", name.clone()).await.unwrap();
    clock.on(60);
    until_told(&app, &["missed 10:01 1"]).await;
    clock.on(60);
    until_told(&app, &["missed 10:02 2"]).await;
    app.call(&app.agent("ana"), "enclave_unfreeze", name).await.unwrap();
    clock.on(59);
    clock.on(1);
    until_told(&app, &["missed 10:02 2", "succeeded 10:03 1"]).await;
    assert_eq!(app.backend.world().inputs.len(), 1);
    let missed = runs(&app, "hello").await.remove(0);
    assert_eq!(missed["error"], "the enclave was frozen");
}

#[tokio::test]
async fn a_run_does_not_begin_while_the_one_before_goes_on_unless_asked() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    let overlaps = "type: cron, schedule: '* * * * *', overlap: allow";
    deploy(&app, with_triggers("eager", "hi", &[overlaps])).await;
    app.backend.stop_at("before run");
    clock.on(60);
    app.backend.until_waiting(2).await;
    clock.on(60);
    app.backend.until_waiting(3).await;
    until_told(&app, &["running 10:01 1", "skipped 10:02 1"]).await;
    app.backend.go_on();
    until_told(&app, &["succeeded 10:01 1", "skipped 10:02 1"]).await;
    clock.on(60);
    until_told(&app, &["succeeded 10:01 1", "skipped 10:02 1", "succeeded 10:03 1"]).await;
}

/// What `wf_health` says of it.
async fn health(app: &App, name: &str) -> (String, String) {
    let args = json!({"enclave": "price-watch", "name": name});
    let told = app.call(&app.agent("ana"), "wf_health", args).await.unwrap();
    (told["status"].as_str().unwrap().to_owned(), told["reason"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn what_was_skipped_does_not_make_a_tentacle_look_well() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    app.backend.keep_failing_at("before run");
    clock.on(60);
    until_told(&app, &["failed 10:01 1"]).await;
    deploy(&app, with_triggers("fresh", "hi", &[EACH_MINUTE])).await;
    app.backend.stop_at("before run");
    clock.on(60);
    app.backend.until_waiting(2).await;
    clock.on(60);
    until_told(&app, &["failed 10:01 1", "running 10:02 1", "skipped 10:03 1"]).await;
    until("the other was skipped", async || told(&app, "fresh").await.len() == 2).await;
    let (status, reason) = health(&app, "hello").await;
    assert!(status == "amber" && reason.starts_with("its last run failed"), "{status}: {reason}");
    let not_yet = ("green".to_owned(), "it can run, and has not run yet".to_owned());
    assert_eq!(health(&app, "fresh").await, not_yet);
    // However many were skipped since, and however many go on.
    let many = "WITH RECURSIVE n (i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO run_history \
                SELECT 'f' || i || outcome || tentacle, enclave, tentacle, version, cause, asked_by, due_at, started_at, duration_ms, \
                outcome, moments, nodes, error FROM run_history, n WHERE outcome <> 'failed'";
    app.database.execute(many).await;
    assert_eq!(health(&app, "hello").await, (status, reason));
    assert_eq!(health(&app, "fresh").await, not_yet);
    let here = json!({"enclave": "price-watch"});
    let all = app.call(&app.agent("ana"), "wf_health_enclave", here).await.unwrap();
    assert_eq!(all["summary"], json!({"green": 1, "amber": 1, "red": 0}), "{all}");
    app.backend.go_on();
    until("it ran", async || health(&app, "hello").await.0 == "green").await;
}

#[tokio::test]
async fn a_deploy_that_fails_leaves_the_triggers_as_they_were_and_one_that_works_replaces_them() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    let before = app.database.rows().await["tentacle_trigger"].clone();
    app.backend.fail_at("before deploy");
    let none = hello("hello", "no triggers");
    price_watch(&app).say("ana", "wf_apply", none.clone()).await.unwrap_err();
    assert_eq!(app.database.rows().await["tentacle_trigger"], before);
    // the same trigger in another version goes on where it was
    deploy(&app, with_triggers("hello", "changed", &[EACH_MINUTE])).await;
    assert_eq!(app.database.rows().await["tentacle_trigger"], before);
    clock.on(60);
    until_told(&app, &["succeeded 10:01 1"]).await;
    deploy(&app, none).await;
    assert!(app.database.rows().await["tentacle_trigger"].is_empty());
}

#[tokio::test]
async fn a_channel_hears_once_that_a_trigger_fails() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    app.backend.keep_failing_at("before run");
    clock.on(60);
    until_told(&app, &["failed 10:01 1"]).await;
    clock.on(60);
    until_told(&app, &["failed 10:01 1", "failed 10:02 1"]).await;
    app.backend.go_on();
    clock.on(60);
    until_told(&app, &["failed 10:01 1", "failed 10:02 1", "succeeded 10:03 1"]).await;
    let notices = app.relay("notices", json!({})).await.unwrap();
    let told: Vec<&str> = notices["notices"]
        .as_array()
        .unwrap()
        .iter()
        .map(|notice| notice["text"].as_str().unwrap())
        .collect();
    assert_eq!(told, ["hello failed when its trigger cron ran it. Say `logs hello` to see what it printed."]);
}

#[tokio::test]
async fn a_run_that_a_stop_interrupts_is_told_and_not_run_again() {
    let (mut app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    app.backend.stop_at("before run");
    clock.on(60);
    app.backend.until_waiting(1).await;
    app.kill().await;
    app.backend.go_on();
    app.run().await;
    until_told(&app, &["interrupted 10:01 1"]).await;
    let status = json!({"enclave": "price-watch", "name": "hello"});
    let status = app.call(&app.agent("ana"), "wf_status", status).await.unwrap();
    assert_eq!(status["last_run"]["success"], false, "{status}");
    clock.on(60);
    until_told(&app, &["interrupted 10:01 1", "succeeded 10:02 1"]).await;
    assert_eq!(app.backend.world().inputs.len(), 1);
}

#[tokio::test]
async fn what_is_removed_is_run_no_more() {
    let (app, clock) = app().await;
    deploy(&app, with_triggers("hello", "hi", &[EACH_MINUTE])).await;
    deploy(&app, with_triggers("other", "hi", &[EACH_MINUTE])).await;
    let gone = json!({"name": "hello", "confirm": "hello"});
    price_watch(&app).say("ana", "wf_remove", gone).await.unwrap();
    clock.on(60);
    until("the other runs", async || runs(&app, "other").await.len() == 1).await;
    assert_eq!(app.backend.world().inputs.len(), 1);
    let rows = app.database.rows().await;
    assert!(rows["run_history"].iter().all(|row| row.contains("other")), "{rows:?}");
    assert_eq!(rows["version_source"].len(), 1);
}
