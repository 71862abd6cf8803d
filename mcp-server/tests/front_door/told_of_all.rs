//! Lists of what is in an enclave: page by page to their end, and only what was asked for.

use crate::app::App;
use crate::clockwork::{deploy, with_triggers};
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Every entry of these lists, asked for so many at once until there is no more; none comes twice.
async fn every<const N: usize>(app: &App, tool: &str, lists: [&str; N], more: Value) -> [Vec<Value>; N] {
    let mut all = [const { Vec::new() }; N];
    let mut args = json!({"enclave": "price-watch"});
    args.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    loop {
        let page = app.call(&app.agent("ana"), tool, args.clone()).await.unwrap();
        for (all, list) in all.iter_mut().zip(lists) {
            let entries = page[list].as_array().unwrap();
            assert!(entries.len() as u64 <= args["limit"].as_u64().unwrap(), "{page}");
            all.extend(entries.clone());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        assert_ne!(args["cursor"], next, "it goes in circles");
        args["cursor"] = json!(next);
    }
    for all in &all {
        let seen: BTreeSet<String> = all.iter().map(Value::to_string).collect();
        assert_eq!(seen.len(), all.len(), "{all:?}");
    }
    all
}

async fn runs_schedules_and_events_of_all_come_in_pages(app: App) {
    let channel = set_up(&app).await;
    let two =
        ["type: cron, name: early, schedule: 0 9 1 1 *", "type: cron, name: late, schedule: 0 19 1 1 *"];
    for name in ["hello", "prices", "tea"] {
        deploy(&app, with_triggers(name, "hi", &two)).await;
    }
    for name in ["tea", "hello", "tea", "prices"] {
        channel.say("ana", "wf_run", json!({"name": name})).await.unwrap();
    }
    for limit in [1, 2, 3, 10] {
        let limit = json!({"limit": limit});
        let [jobs, crons] = every(&app, "wf_jobs", ["jobs", "cronjobs"], limit.clone()).await;
        let of: Vec<&Value> = jobs.iter().map(|job| &job["tentacle"]).collect();
        assert_eq!(of, ["prices", "tea", "hello", "tea"], "the newest first");
        let crons: Vec<String> =
            crons.iter().map(|cron| format!("{}/{}", cron["tentacle"], cron["name"])).collect();
        assert_eq!(crons.len(), 6);
        assert!(crons.is_sorted(), "{crons:?}");
        let [events] = every(&app, "wf_events", ["events"], limit.clone()).await;
        let told: Vec<[&Value; 2]> = events.iter().map(|event| [&event["name"], &event["reason"]]).collect();
        let ran = ["prices", "tea", "hello", "tea"].map(|name| [name, "RunSucceeded"]);
        let deployed = ["tea", "prices", "hello"].map(|name| [name, "Deployed"]);
        assert_eq!(told, [&ran[..], &deployed[..]].concat());
        let mut of_tea = limit;
        of_tea["name"] = json!("tea");
        let [jobs, crons] = every(&app, "wf_jobs", ["jobs", "cronjobs"], of_tea.clone()).await;
        assert_eq!((jobs.len(), crons.len()), (2, 2));
        let [events] = every(&app, "wf_events", ["events"], of_tea).await;
        assert_eq!(events.len(), 3);
    }
    for (tool, odd) in [("wf_jobs", "1/2"), ("wf_jobs", "x")] {
        let args = json!({"enclave": "price-watch", "cursor": odd});
        app.call(&app.agent("ana"), tool, args).await.unwrap_err();
    }
}

/// What others have for themselves counts in no page and ends none.
async fn what_somebody_may_not_see_is_in_no_page(app: App) {
    let channel = set_up(&app).await;
    for name in ["a-mine", "b-hers", "c-mine"] {
        channel.say("ana", "wf_apply", hello(name, "hi")).await.unwrap();
        channel.say("ana", "wf_run", json!({"name": name})).await.unwrap();
    }
    channel.say("ana", "wf_set_mode", json!({"name": "b-hers", "mode": "private"})).await.unwrap();
    for (tool, list, key, each) in [("wf_jobs", "jobs", "tentacle", 1), ("wf_events", "events", "name", 2)] {
        let (mut cursor, mut seen) = (Value::Null, Vec::new());
        loop {
            let page = channel.say("ben", tool, json!({"limit": 1, "cursor": cursor})).await.unwrap();
            seen.extend(page[list].as_array().unwrap().iter().map(|entry| entry[key].clone()));
            if page["next_cursor"].is_null() {
                break;
            }
            assert_ne!(cursor, page["next_cursor"], "it goes in circles");
            cursor = page["next_cursor"].clone();
        }
        let expected: Vec<&str> =
            ["c-mine", "a-mine"].into_iter().flat_map(|name| vec![name; each]).collect();
        assert_eq!(seen, expected, "{tool}");
    }
}

async fn nodes_come_in_pages(app: App) {
    let (mut cursor, mut seen) = (Value::Null, Vec::new());
    loop {
        let page = app.operate("health_nodes", json!({"limit": 2, "cursor": cursor})).await.unwrap();
        assert_eq!((&page["ready"], &page["total"]), (&json!(2), &json!(3)));
        seen.extend(page["nodes"].as_array().unwrap().iter().map(|node| node["name"].clone()));
        if page["next_cursor"].is_null() {
            break;
        }
        assert_ne!(cursor, page["next_cursor"], "it goes in circles");
        cursor = page["next_cursor"].clone();
    }
    assert_eq!(seen, ["node-a", "node-b", "node-c"]);
}

/// The scaffolded tentacle with this `metadata`, in YAML's short form.
pub(crate) fn with_metadata(name: &str, metadata: &str) -> Value {
    let mut args = hello(name, "hi");
    let workflow = args["files"]["workflow.yaml"].as_str().unwrap().to_owned();
    args["files"]["workflow.yaml"] = json!(format!("{workflow}\nmetadata: {{{metadata}}}\n"));
    args
}

async fn tentacles_are_found_by_owner_and_tag(app: App) {
    let channel = set_up(&app).await;
    let tagged = with_metadata("tea", "group: pricing, environment: staging, tags: [tea, daily]");
    channel.say("ben", "wf_apply", tagged).await.unwrap();
    channel.say("ana", "wf_apply", with_metadata("cups", "tags: [daily]")).await.unwrap();
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let found = async |person: &str, wanted: Value| {
        let listed = app.call(&app.agent(person), "wf_list", wanted).await.unwrap();
        let names = listed["workflows"].as_array().unwrap().iter().map(|entry| entry["name"].clone());
        (names.collect::<Vec<_>>(), listed["next_cursor"].clone())
    };
    let both = ["cups", "tea"];
    for (wanted, expected) in [
        (json!({"owner": "ben"}), &both[1..]),
        (json!({"owner": "ben@example.com"}), &both[1..]),
        (json!({"owner": "nobody"}), &[]),
        (json!({"tag": "daily"}), &both[..]),
        (json!({"tag": "dail"}), &[]),
        (json!({"tag": "daily", "owner": "ana"}), &both[..1]),
        (json!({"tag": "daily", "enclave": "price-watch"}), &both[..]),
    ] {
        assert_eq!(
            found("ana", wanted.clone()).await,
            (expected.iter().map(|it| json!(it)).collect(), Value::Null),
            "{wanted}"
        );
    }
    // A page holds what was asked for, and the next one the rest of it.
    let (names, next) = found("ana", json!({"tag": "daily", "limit": 1})).await;
    assert_eq!((names, &next), (vec![json!("cups")], &json!("price-watch/cups")));
    assert_eq!(
        found("ana", json!({"tag": "daily", "limit": 1, "cursor": next})).await,
        (vec![json!("tea")], Value::Null)
    );
    // Nobody finds what they may not see.
    channel.say("ben", "wf_set_mode", json!({"name": "tea", "mode": "private"})).await.unwrap();
    assert_eq!(found("ben", json!({"tag": "tea"})).await.0, ["tea"]);
    channel.say("ana", "wf_set_mode", json!({"name": "cups", "mode": "private"})).await.unwrap();
    assert_eq!(found("ben", json!({"tag": "daily"})).await.0, ["tea"]);
    let listed = app.call(&app.agent("ben"), "wf_list", json!({"tag": "tea"})).await.unwrap();
    let entry = &listed["workflows"][0];
    assert_eq!(
        [&entry["team"], &entry["environment"], &entry["tags"]],
        [&json!("pricing"), &json!("staging"), &json!(["tea", "daily"])]
    );
    // The next version says something else.
    channel.say("ben", "wf_apply", hello("tea", "changed")).await.unwrap();
    assert_eq!(found("ben", json!({"tag": "tea"})).await.0, Vec::<Value>::new());
}

crate::on_both_stores! {
    runs_schedules_and_events_of_all_come_in_pages
    what_somebody_may_not_see_is_in_no_page
    nodes_come_in_pages
    tentacles_are_found_by_owner_and_tag
}

#[tokio::test]
async fn as_many_lines_are_told_as_are_asked_for_and_fit() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    app.backend.world().printed = (0..12_000).map(|number| format!("line {number}")).collect();
    let told = async |lines: Value| {
        let told =
            channel.say("ana", "wf_logs", json!({"name": "hello", "tail_lines": lines})).await.unwrap();
        let lines = told["lines"].as_array().unwrap().clone();
        assert_eq!(lines.last().unwrap(), "hello");
        (lines.len(), told["truncated"] == true)
    };
    assert_eq!([told(json!(null)).await, told(json!(9_000)).await], [(100, true), (9_000, true)]);
    assert_eq!(told(json!(99_999)).await, (10_000, true));
    // One answer has no more than 1 MiB of them.
    app.backend.world().printed = vec!["x".repeat(1023); 5_000];
    assert_eq!(told(json!(10_000)).await, (1_024, true));
}
