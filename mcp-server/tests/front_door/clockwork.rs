//! A clock that a test moves, and tentacles that wait for it.

use crate::app::App;
use crate::team::{hello, price_watch};
use jiff::{SignedDuration, Timestamp};
use mcp_server::{Pace, TriggerPace};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct TestClock(Arc<Mutex<Timestamp>>);

impl TestClock {
    /// A clock that shows ten in the morning of some Monday.
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new("2026-03-02T10:00:00Z".parse().unwrap())))
    }

    pub(crate) fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }

    /// Moves it on by so many seconds.
    pub(crate) fn on(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    /// The rhythm of a server that looks at this clock again and again.
    pub(crate) fn pace(&self) -> Pace {
        let clock = self.clone();
        let now = Arc::new(move || clock.now());
        Pace { triggers: TriggerPace { look_every: Duration::from_millis(5), now }, ..Pace::default() }
    }
}

/// The arguments of a deploy of a tentacle with these triggers, one a line in YAML's short form.
pub(crate) fn with_triggers(name: &str, greeting: &str, triggers: &[&str]) -> Value {
    let mut args = hello(name, greeting);
    let text = args["files"]["workflow.yaml"].as_str().unwrap();
    let (before, after) = text.split_once("triggers:\n").unwrap();
    let (_, after) = after.split_once("\n\n").unwrap();
    let list: String = triggers.iter().map(|trigger| format!("  - {{{trigger}}}\n")).collect();
    args["files"]["workflow.yaml"] = json!(format!("{before}triggers:\n{list}\n{after}"));
    args
}

/// Deploys as ana, who approves of what it newly reaches.
pub(crate) async fn deploy(app: &App, args: Value) -> Value {
    let channel = price_watch(app);
    let answer = channel.say("ana", "wf_apply", args.clone()).await.unwrap();
    if answer["status"] != "needs_approval" {
        return answer;
    }
    let approve = json!({"approval": answer["approval"]["id"], "approve": true});
    channel.click("ana", "reach_approve", approve).await.unwrap();
    let answer = channel.say("ana", "wf_apply", args).await.unwrap();
    assert_eq!(answer["status"], "deployed", "{answer}");
    answer
}

/// The runs of a tentacle as its history tells them, the oldest first.
pub(crate) async fn runs(app: &App, name: &str) -> Vec<Value> {
    let args = json!({"enclave": "price-watch", "name": name});
    let answer = app.call(&app.agent("ana"), "wf_history", args).await.unwrap();
    let mut runs = answer["runs"].as_array().unwrap().clone();
    runs.reverse();
    runs
}

/// What became of each, and for which minute and how many: `succeeded 10:05 1`.
pub(crate) async fn told(app: &App, name: &str) -> Vec<String> {
    let told = |run: &Value| {
        let due = run["due_at"].as_str().map_or("-", |due| &due[11..16]);
        format!("{} {due} {}", run["outcome"].as_str().unwrap(), run["moments"])
    };
    runs(app, name).await.iter().map(told).collect()
}
