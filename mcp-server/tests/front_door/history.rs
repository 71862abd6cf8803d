//! What is kept of runs and deploys, and what is told of it.

use crate::app::App;
use crate::clockwork::{deploy, runs, with_triggers};
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

fn of(mut args: Value) -> Value {
    args["enclave"] = json!("price-watch");
    args
}

async fn asked(app: &App, tool: &str, args: Value) -> Value {
    app.call(&app.agent("ana"), tool, of(args)).await.unwrap()
}

async fn deploys(app: &App) -> Vec<Value> {
    let answer = asked(app, "wf_history", json!({"name": "hello", "of": "deploys"})).await;
    answer["deploys"].as_array().unwrap().clone()
}

async fn every_deploy_and_every_run_is_a_record(app: App) {
    let channel = set_up(&app).await;
    // One that never came to its end was deployed by nobody.
    app.backend.fail_at("before deploy");
    channel.say("ben", "wf_apply", hello("tea", "none")).await.unwrap_err();
    let last = async || {
        let listed = app.call(&app.agent("ana"), "enclave_list", json!({})).await.unwrap();
        assert_eq!(listed["enclaves"][0]["tentacles"], 1, "{listed}");
        listed["enclaves"][0]["last_deploy"].clone()
    };
    assert_eq!(last().await, Value::Null);
    channel.say("ben", "wf_remove", json!({"name": "tea", "confirm": "tea"})).await.unwrap();
    channel.say("ben", "wf_apply", hello("hello", "one")).await.unwrap();
    assert_eq!(last().await["by"], "ben");
    app.backend.fail_at("before deploy");
    channel.say("ana", "wf_apply", hello("hello", "two")).await.unwrap_err();
    channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    app.backend.fail_at("before run");
    channel.say("ben", "wf_run", json!({"name": "hello"})).await.unwrap_err();
    let deploys = deploys(&app).await;
    let told: Vec<_> = deploys
        .iter()
        .map(|deploy| [&deploy["by"], &deploy["outcome"], &deploy["step"], &deploy["via"]])
        .collect();
    assert_eq!(
        told,
        [
            [&json!("ana"), &json!("failed"), &json!("place"), &json!("kraken")],
            [&json!("ben"), &json!("deployed"), &json!(null), &json!("kraken")],
        ]
    );
    assert_eq!(deploys[1]["source"], "not in git");
    let runs = runs(&app, "hello").await;
    let told: Vec<_> = runs.iter().map(|run| [&run["by"], &run["outcome"]]).collect();
    assert_eq!(told, [[&json!("ana"), &json!("succeeded")], [&json!("ben"), &json!("failed")]]);
    assert!(runs[1]["error"].as_str().unwrap().contains("cannot be reached"), "{runs:?}");
    let trail = app.operate("trail_tail", json!({"enclave": "price-watch"})).await.unwrap().to_string();
    assert!(runs.iter().chain(&deploys).all(|entry| trail.contains(entry["id"].as_str().unwrap())));
    let health = asked(&app, "wf_health", json!({"name": "hello", "detail": true})).await;
    assert_eq!((&health["status"], &health["pod_ready"]), (&json!("amber"), &json!(true)));
    assert_eq!(health["detail"].as_str().unwrap().lines().count(), 2);
    // A run that came to nothing is the last one, too, wherever it is told.
    let status = asked(&app, "wf_status", json!({"name": "hello"})).await;
    assert_eq!(
        (&status["last_run"]["success"], &status["last_run"]["by"], &status["events"]),
        (&json!(false), &json!("ben"), &json!([])),
        "{status}"
    );
    let listed = asked(&app, "enclave_list", json!({})).await;
    assert_eq!(listed["enclaves"][0]["newest_run"]["success"], false, "{listed}");
    let status = asked(&app, "wf_status", json!({"name": "hello", "detail": true})).await;
    let event = &status["events"][0];
    assert_eq!((&event["type"], &event["reason"]), (&json!("Warning"), &json!("RunFailed")), "{status}");
    assert!(event["message"].as_str().unwrap().contains("cannot be reached"), "{event}");
    assert_eq!((status["events"].as_array().unwrap().len(), &event["count"]), (4, &json!(1)));
    let events = asked(&app, "wf_events", json!({})).await;
    let reasons: Vec<_> = events["events"].as_array().unwrap().iter().map(|event| &event["reason"]).collect();
    assert_eq!(reasons, ["RunFailed", "RunSucceeded", "DeployFailed", "Deployed"]);
    let jobs = asked(&app, "wf_jobs", json!({"limit": 1})).await;
    let told: Vec<_> =
        jobs["jobs"].as_array().unwrap().iter().map(|job| [&job["tentacle"], &job["status"]]).collect();
    assert_eq!((told, &jobs["cronjobs"]), (vec![[&json!("hello"), &json!("failed")]], &json!([])));
}

crate::on_both_stores! {
    every_deploy_and_every_run_is_a_record
}

#[tokio::test]
async fn a_history_comes_in_pages_and_has_an_end() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    for _ in 0..5 {
        channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    }
    let mut seen = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let page = asked(&app, "wf_history", json!({"name": "hello", "limit": 2, "cursor": cursor})).await;
        seen.extend(page["runs"].as_array().unwrap().iter().map(|run| run["id"].clone()));
        cursor = page["next_cursor"].clone();
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!(seen.len(), 5);
    // what is too old or too much goes with the next run
    app.database.execute("UPDATE run_history SET started_at = started_at - 7776000001").await;
    channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    assert_eq!(runs(&app, "hello").await.len(), 1);
    let many = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) INSERT INTO run_history \
                SELECT '0' || i, enclave, tentacle, version, cause, asked_by, due_at, started_at, duration_ms, outcome, \
                moments, nodes, error FROM run_history, n";
    app.database.execute(many).await;
    channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    assert_eq!(app.database.rows().await["run_history"].len(), 500);
}

#[tokio::test]
async fn everything_on_record_is_described() {
    let app = App::start().await;
    set_up(&app).await;
    let daily = "type: cron, name: daily, schedule: 0 9 * * *, timezone: Europe/Berlin";
    deploy(&app, with_triggers("hello", "# Greets", &[daily, "type: manual"])).await;
    let told = asked(&app, "wf_describe", json!({"name": "hello"})).await;
    assert_eq!(
        (&told["owner"], &told["enclave_owner"], &told["mode"]),
        (&json!("ana"), &json!("ana"), &json!("rwxrwx---"))
    );
    assert_eq!(told["nodes"][0]["name"], "hello");
    assert_eq!(told["config"], json!({"greeting": "Hello"}));
    assert_eq!(told["readme"], "# Greets");
    assert_eq!(told["reach"], json!(["it runs by the clock: 0 9 * * * (Europe/Berlin)"]));
    assert_eq!(told["versions"].as_array().unwrap().len(), 1);
    let trigger = &told["triggers"][0];
    assert_eq!((&trigger["name"], &trigger["timezone"]), (&json!("daily"), &json!("Europe/Berlin")));
    assert!(trigger["next_at"].is_string(), "{told}");
}

#[tokio::test]
async fn two_versions_are_compared_by_code_reach_and_settings() {
    let app = App::start().await;
    set_up(&app).await;
    let first = deploy(&app, hello("hello", "one\n")).await;
    let lonely = app.call(&app.agent("ana"), "wf_compare", of(json!({"name": "hello"}))).await.unwrap_err();
    assert_eq!(lonely.code, FailureCode::Conflict);
    let mut second = with_triggers("hello", "two\n", &["type: cron, schedule: 0 9 * * *"]);
    let text =
        second["files"]["workflow.yaml"].as_str().unwrap().replace("greeting: Hello", "greeting: Moin");
    second["files"]["workflow.yaml"] = json!(text);
    deploy(&app, second).await;
    let told = asked(&app, "wf_compare", json!({"name": "hello"})).await;
    assert_eq!(told["from"], first["version"]);
    assert_eq!(told["reach_added"], json!(["it runs by the clock: 0 9 * * * (UTC)"]));
    assert_eq!(told["reach_removed"], json!([]));
    assert_eq!(told["params"], json!([{"name": "greeting", "from": "Hello", "to": "Moin"}]));
    let files = told["files"].as_array().unwrap();
    let readme = files.iter().find(|file| file["path"] == "README.md").unwrap();
    assert_eq!(readme["diff"], "--- a/README.md\n+++ b/README.md\n@@ -1 +1 @@\n-one\n+two\n");
    let short = &first["version"].as_str().unwrap()[7..15];
    let back = asked(&app, "wf_compare", json!({"name": "hello", "to": short, "from": told["to"]})).await;
    assert_eq!(back["reach_removed"], told["reach_added"]);
    assert_eq!((&told["from_number"], &told["to_number"]), (&json!(1), &json!(2)));
    for (from, to) in [("1", "2"), ("v1", "v2"), ("1", "v2")] {
        let numbered = asked(&app, "wf_compare", json!({"name": "hello", "from": from, "to": to})).await;
        assert_eq!(numbered, told, "{from} {to}");
    }
    let none =
        app.call(&app.agent("ana"), "wf_compare", of(json!({"name": "hello", "to": "7"}))).await.unwrap_err();
    assert_eq!(
        (none.code, none.message.as_str()),
        (FailureCode::NotFound, "there is no version 7 on record")
    );
    // sources of old versions go
    for number in 0..12 {
        price_watch(&app).say("ana", "wf_apply", hello("hello", &format!("{number}"))).await.unwrap();
    }
    let described = asked(&app, "wf_describe", json!({"name": "hello"})).await;
    assert_eq!(described["versions"].as_array().unwrap().len(), 10);
}

#[tokio::test]
async fn each_version_has_a_number_that_stays_its_own() {
    let app = App::start().await;
    set_up(&app).await;
    let numbers = async || {
        let told = asked(&app, "wf_history", json!({"name": "hello", "of": "deploys"})).await;
        let deploys = told["deploys"].as_array().unwrap().clone();
        let seen = deploys.iter().map(|deploy| (deploy["number"].clone(), deploy["runs"] == true));
        seen.collect::<Vec<_>>()
    };
    deploy(&app, hello("hello", "one")).await;
    deploy(&app, hello("hello", "two")).await;
    app.backend.fail_at("before deploy");
    price_watch(&app).say("ana", "wf_apply", hello("hello", "three")).await.unwrap_err();
    // The same content again is a version of its own, and what runs is that one.
    deploy(&app, hello("hello", "one")).await;
    let expected = [(json!(3), true), (Value::Null, false), (json!(2), false), (json!(1), false)];
    assert_eq!(numbers().await, expected);
    // What is not on record any more does not give its number away.
    app.database.execute("DELETE FROM deploy_history").await;
    deploy(&app, hello("hello", "four")).await;
    assert_eq!(numbers().await, [(json!(4), true)]);
}

#[tokio::test]
async fn a_private_tentacle_tells_members_nothing() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    deploy(&app, with_triggers("hello", "hi", &["type: cron, schedule: 0 9 1 1 *"])).await;
    channel.say("ana", "wf_set_mode", json!({"name": "hello", "mode": "private"})).await.unwrap();
    for tool in ["wf_history", "wf_describe", "wf_compare", "wf_events", "wf_jobs", "wf_health", "wf_restart"]
    {
        let refused = channel.say("ben", tool, json!({"name": "hello"})).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Denied, "{tool}");
    }
    channel.say("ana", "wf_run", json!({"name": "hello"})).await.unwrap();
    assert_eq!(channel.say("ben", "wf_events", json!({})).await.unwrap()["events"], json!([]));
    for (person, runs) in [("ben", 0), ("ana", 1)] {
        let jobs = channel.say(person, "wf_jobs", json!({})).await.unwrap();
        let lengths = ["jobs", "cronjobs"].map(|list| jobs[list].as_array().unwrap().len());
        assert_eq!(lengths, [runs; 2], "{person}: {jobs}");
    }
    assert_eq!(channel.say("ben", "wf_health_enclave", json!({})).await.unwrap()["total"], 0);
    assert_eq!(channel.say("ana", "wf_health_enclave", json!({})).await.unwrap()["summary"]["green"], 1);
    // By the name that it had before, which is taken and not listed.
    let here = json!({"enclave": "price-watch"});
    let health = app.call(&app.agent("ana"), "wf_health_ns", here).await.unwrap();
    assert_eq!(health["summary"]["green"], 1);
    let tools = app.tools(&app.agent("ana")).await;
    assert!(tools.iter().all(|tool| tool["name"] != "wf_health_ns"), "{tools:?}");
}
