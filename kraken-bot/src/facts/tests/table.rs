//! The table of `docs/membership.md`: for each row, what Slack sends and exactly what the server is told of it. A row without a case
//! here fails, and so does a case without a row.

use crate::facts::{report, report_all};
use crate::slack::envelope::{Frame, read};
use crate::slack::heard::Heard;
use crate::tests::world::World;
use jiff::Timestamp;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// When Slack says that it happened.
const AT: &str = "2026-07-01T09:30:00.0002Z";

/// A row: what happened, as Slack sends it, and what the server is told, without when that was so.
struct Case {
    /// The fact, as the table calls it.
    row: &'static str,
    events: Vec<Value>,
    told: Vec<Value>,
    /// Whether it is told as of the time of the event; else as of now.
    at_event: bool,
}

/// A row whose facts are told as of the event.
fn told(row: &'static str, events: Vec<Value>, told: Vec<Value>) -> Case {
    Case { row, events, told, at_event: true }
}

/// A row whose events have the Kraken look at the whole, each time.
fn looked_at(row: &'static str, events: Vec<Value>) -> Case {
    let whole = json!({
        "team": "T1", "channel": "C1", "name": "prices", "archived": false,
        "members": [{"user": "UANA", "class": "full", "name": "UANA"}, {"user": "UBEN", "class": "full", "name": "UBEN"}],
    });
    Case { row, told: vec![whole; events.len()], events, at_event: false }
}

/// Something in #prices.
fn here(fields: Value) -> Value {
    let mut told = json!({"team": "T1", "channel": "C1"});
    told.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    told
}

/// An event of a public channel, and its twin of a private one.
fn both(public: &str, private: &str, channel: Value) -> Vec<Value> {
    [public, private].map(|kind| json!({"type": kind, "channel": channel, "user": "UANA"})).to_vec()
}

fn user(fields: Value) -> Value {
    let mut user =
        json!({"id": "UBEN", "team_id": "T1", "name": "ben", "profile": {"real_name": "Ben Okafor"}});
    user.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    json!({"type": "user_change", "user": user, "cache_ts": 1})
}

fn ben(class: &str, name: &str) -> Value {
    json!([{"user": "UBEN", "class": class, "name": name}])
}

fn cases() -> Vec<Case> {
    let in_channel = |kind: &str| json!({"type": kind, "user": "UBEN", "channel": "C1", "channel_type": "C", "team": "T1", "inviter": "UANA"});
    let archived = here(json!({"archived": true}));
    let deleted = here(json!({"archived": true, "deleted": true}));
    let renamed = here(json!({"name": "new-prices"}));
    let unseen = here(json!({"unseen": true}));
    let ended = json!({"team": "T1", "channel": "", "ended": ["UBEN"]});
    vec![
        told(
            "somebody joined",
            vec![in_channel("member_joined_channel")],
            vec![here(json!({"joined": ben("full", "UBEN")}))],
        ),
        told(
            "somebody left, or was removed",
            vec![in_channel("member_left_channel")],
            vec![here(json!({"left": ["UBEN"]}))],
        ),
        told(
            "the channel was archived",
            both("channel_archive", "group_archive", json!("C1")),
            vec![archived.clone(), archived],
        ),
        looked_at("… is in use again", both("channel_unarchive", "group_unarchive", json!("C1"))),
        told(
            "… was deleted",
            both("channel_deleted", "group_deleted", json!("C1")),
            vec![deleted.clone(), deleted],
        ),
        told(
            "… has another name",
            both("channel_rename", "group_rename", json!({"id": "C1", "name": "new-prices", "created": 1})),
            vec![renamed.clone(), renamed],
        ),
        told(
            "… has another id",
            vec![json!({"type": "channel_id_changed", "old_channel_id": "C1", "new_channel_id": "C9"})],
            vec![here(json!({"moved_to": "C9"}))],
        ),
        looked_at(
            "… was made private",
            vec![json!({
                "type": "message", "subtype": "channel_convert_to_private", "channel": "C1", "user": "UANA", "ts": "1.1",
                "text": "made this channel private",
            })],
        ),
        looked_at(
            "… is shared with another company, or no more",
            vec![
                json!({"type": "channel_shared", "channel": "C1", "connected_team_id": "T9"}),
                json!({"type": "channel_unshared", "channel": "C1", "previously_connected_team_id": "T9", "is_ext_shared": false}),
            ],
        ),
        told(
            "the Kraken was removed",
            both("channel_left", "group_left", json!("C1")),
            vec![unseen.clone(), unseen.clone()],
        ),
        told(
            "an account was deactivated",
            vec![user(json!({"deleted": true}))],
            vec![here(json!({"left": ["UBEN"]})), ended],
        ),
        told(
            "an account is a guest's now, or a full one",
            vec![user(json!({"is_restricted": true})), user(json!({}))],
            // What gives something is asked for, and is as Slack says now.
            vec![
                here(json!({"changed": ben("guest", "Ben Okafor")})),
                here(json!({"changed": ben("full", "UBEN")})),
            ],
        ),
        told(
            "the app was uninstalled, its token revoked",
            vec![
                json!({"type": "app_uninstalled"}),
                json!({"type": "tokens_revoked", "tokens": {"oauth": ["UANA"], "bot": ["UKRAKEN"]}}),
            ],
            vec![unseen.clone(), unseen],
        ),
        looked_at("anything that was missed", vec![json!({"type": SYNC})]),
    ]
}

/// No event: the Kraken looks by itself.
const SYNC: &str = "sync";

/// Slack sends it, and it is worked on as it was written down.
async fn happens(world: &World, number: usize, event: &Value) {
    if event["type"] == SYNC {
        return report_all(&world.kraken).await.unwrap();
    }
    let mut event = event.clone();
    event["event_ts"] = json!("1782898200.000200");
    let payload = json!({"event_id": format!("Ev{number}"), "team_id": "T1", "event": event, "event_time": 1_782_898_200});
    let frame = json!({"type": "events_api", "envelope_id": "e", "payload": payload}).to_string();
    let Frame::Envelope { heard: Heard::Happened(incoming), .. } = read(&frame, "UKRAKEN") else {
        panic!("{event}: it is not heard");
    };
    world.kraken.inbox.receive(&incoming).await.unwrap();
    let open = world.kraken.inbox.open_events().await.unwrap().pop().unwrap();
    assert_eq!(open.incoming, *incoming);
    report(&world.kraken, &open.incoming, &open.incoming.what).await.unwrap();
    world.kraken.inbox.done(open.seq).await.unwrap();
}

#[tokio::test]
async fn what_slack_sends_is_told_to_the_server_row_by_row() {
    for case in cases() {
        let world = World::new().await;
        world.around().members.insert("C1", vec!["UKRAKEN", "UANA", "UBEN"]);
        let before = Timestamp::now();
        for (number, event) in case.events.iter().enumerate() {
            happens(&world, number, event).await;
        }
        let mut reports = world.reports();
        for report in &mut reports {
            let at = report.as_object_mut().unwrap().remove("observed_at").unwrap();
            let at: Timestamp = at.as_str().unwrap().parse().unwrap();
            let is_right = if case.at_event { at == AT.parse().unwrap() } else { at >= before };
            assert!(is_right, "{}: as of {at}", case.row);
        }
        assert_eq!(reports, case.told, "{}", case.row);
    }
}

/// The rows of the table: the fact, and the names of what tells it.
fn rows() -> BTreeMap<String, BTreeSet<String>> {
    let page =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/membership.md")).unwrap();
    let table = page.split("## Facts of Slack's, and what they do").nth(1).unwrap().trim_start();
    let rows = table.lines().take_while(|line| line.starts_with('|')).skip(2);
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let names = cells[2].split('`').skip(1).step_by(2).map(str::to_owned);
        (cells[1].to_owned(), names.collect())
    })
    .collect()
}

#[test]
fn every_row_of_the_docs_has_its_case_and_every_case_its_row() {
    let names = |case: &Case| {
        let named = case.events.iter().flat_map(|event| [&event["type"], &event["subtype"]]);
        named.filter_map(Value::as_str).map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let tried: BTreeMap<String, BTreeSet<String>> =
        cases().iter().map(|case| (case.row.to_owned(), names(case))).collect();
    assert_eq!(tried, rows());
}
