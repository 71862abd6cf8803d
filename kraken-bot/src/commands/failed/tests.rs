use super::*;
use crate::slack::envelope::Said;
use crate::talk;
use crate::tests::world::{World, words};
use crate::tests::{history as past, sample, tentacle, with};
use jiff::ToSpan as _;
use serde_json::{Value, json};

fn hours_ago(hours: i64) -> String {
    (Timestamp::now() - hours.hours()).to_string()
}

fn ran(outcome: &str, hours: i64) -> Value {
    let at = hours_ago(hours);
    with(past(outcome, (outcome == "failed").then_some("no tea")), json!({"started_at": at, "due_at": at}))
}

fn list(args: &Value) -> Value {
    // Two pages, and one of them of another enclave.
    match args["cursor"].as_str() {
        None => json!({"workflows": [tentacle()], "next_cursor": "prices/hello"}),
        Some("prices/hello") => {
            let tea: Value =
                with(tentacle(), json!({"name": "tea", "enclave": "study", "namespace": "study"}));
            json!({"workflows": [tea]})
        }
        other => panic!("{other:?}"),
    }
}

fn history(args: &Value) -> Value {
    let (runs, next) = match (args["name"].as_str().unwrap(), args["cursor"].as_str()) {
        ("hello", None) => (json!([ran("succeeded", 1), ran("succeeded", 2)]), json!("2")),
        ("hello", Some("2")) => (json!([ran("failed", 7), ran("failed", 30)]), json!("3")),
        ("tea", None) => (json!([ran("succeeded", 1), ran("failed", 40)]), Value::Null),
        other => panic!("nobody needs that: {other:?}"),
    };
    let enclave = &args["enclave"];
    json!({"name": args["name"], "enclave": enclave, "namespace": enclave, "runs": runs, "deploys": [], "next_cursor": next})
}

fn well(_: &Value) -> Value {
    json!({
        "workflows": [{"name": "hello", "status": "green", "reason": "it ran well"}],
        "summary": {"green": 1, "amber": 0, "red": 0}, "total": 1, "truncated": false,
    })
}

#[tokio::test]
async fn what_failed_in_the_night_and_went_well_in_the_morning_has_failed() {
    let world = World::new().await;
    world.ana_has_signed_in().await;
    world.around().tools.extend([
        ("wf_list", list as fn(&Value) -> Value),
        ("wf_history", history),
        ("wf_health_enclave", well),
    ]);
    let said = Said { direct: true, ..words("what failed?", "1.1", "1.1") };
    let open = world.says("said/D1/1.1", said.clone()).await;
    talk::answer(&world.kraken, &open, &said).await;
    let told = world.heard("chat.postMessage").remove(0)["text"].as_str().unwrap().to_owned();
    assert!(
        told.starts_with("*Failed in the last 24 hours*\n• `prices`, `hello`: 1 of 3 runs failed"),
        "{told}"
    );
    assert!(told.contains(": no tea. It has run well since."), "{told}");
    assert!(told.contains("I looked at 4 runs of the 2 tentacles that you can see."), "{told}");
    assert!(!told.contains("tea`"), "what failed the day before was not asked about: {told}");
}

#[test]
fn a_run_that_is_over_in_the_time_asked_about_counts_and_no_other() {
    let at = |text: &str| text.parse::<Timestamp>().unwrap();
    let (from, to) = (at("2026-03-03T18:00:00Z"), at("2026-03-04T08:00:00Z"));
    let run = |outcome: &str, began: &str, minutes: u64, moments: u64| -> RunEntry {
        with(
            past(outcome, None),
            json!({"started_at": began, "due_at": began, "duration_ms": minutes * 60_000, "moments": moments}),
        )
    };
    let mut looked = Looked::default();
    let hello: TentacleName = "hello".parse().unwrap();
    let runs = vec![
        run("failed", "2026-03-04T09:00:00Z", 1, 1),
        run("missed", "2026-03-04T07:00:00Z", 0, 3),
        run("skipped", "2026-03-04T06:00:00Z", 0, 2),
        run("succeeded", "2026-03-04T03:00:00Z", 1, 1),
        run("interrupted", "2026-03-03T17:59:30Z", 1, 1),
        run("failed", "2026-03-03T17:00:00Z", 1, 1),
    ];
    looked.take(("prices".parse().unwrap(), hello.clone()), runs, (from, to));
    let failed = &looked.failed[0];
    let outcomes: Vec<&str> = failed.runs.iter().map(|run| run.outcome.as_str()).collect();
    assert_eq!((outcomes, failed.of, failed.well_since), (vec!["missed", "interrupted"], 7, false));
    assert_eq!((looked.runs, looked.since.len()), (7, 0));
    // A record that is full, and begins in the middle, is told of.
    let many = (0..KEPT).map(|_| run("succeeded", "2026-03-04T03:00:00Z", 1, 1)).collect();
    looked.take(("prices".parse().unwrap(), hello.clone()), many, (from, to));
    assert_eq!(looked.since, [(hello, at("2026-03-04T03:01:00Z"))]);
}

#[test]
fn what_is_told_already_is_not_told_again() {
    let asking = Asking {
        lately: Lately::Today,
        time: ("2026-03-04T00:00:00Z".parse().unwrap(), "2026-03-04T08:00:00Z".parse().unwrap()),
        offset: 0,
    };
    let entry = |name: &str, status: &str| -> (EnclaveName, HealthEntry) {
        let reason = "its last run failed";
        ("prices".parse().unwrap(), sample(json!({"name": name, "status": status, "reason": reason})))
    };
    let mut looked = Looked::default();
    let runs = vec![with(past("failed", None), json!({"started_at": "2026-03-04T03:00:00Z"}))];
    looked.take(("prices".parse().unwrap(), "hello".parse().unwrap()), runs, asking.time);
    looked.odd = vec![entry("hello", "amber"), entry("ink", "red")];
    let message = told(&looked, asking, false).plain();
    assert!(message.contains("`hello`: its one run failed, the last at 2026-03-04 03:00."), "{message}");
    assert!(message.contains("• `ink` cannot run: its last run failed"), "{message}");
    assert!(!message.contains("to be looked at: its last run failed"), "{message}");
    assert!(message.ends_with("From 2026-03-04 00:00 to 2026-03-04 08:00, UTC."), "{message}");
}
