//! One Slack event is one request: delivered again, at once or later, it has one effect and one answer.

use crate::app::App;
use crate::door::{Door, InChannel};
use crate::team::{hello, price_watch, set_up};
use futures::future::join_all;
use serde_json::{Value, json};
use wire::assertion::Assertion;
use wire::{Failure, FailureCode};

/// One request, as it can be delivered again and again: each delivery has an assertion of its own.
struct Event<'a> {
    channel: &'a InChannel<'a>,
    person: &'a str,
    id: String,
    tool: &'a str,
    args: Value,
}

impl Event<'_> {
    fn assertion(&self) -> Assertion {
        let said = self.channel.assertion(self.person, self.tool, &self.args);
        Assertion { event: self.id.clone(), ..said }
    }

    async fn deliver(&self, door: &Door) -> Result<Value, Failure> {
        door.send(self.person, self.tool, self.args.clone(), &self.assertion()).await
    }
}

fn event<'a>(channel: &'a InChannel<'a>, person: &'a str, tool: &'a str, args: Value) -> Event<'a> {
    Event { channel, person, id: uuid::Uuid::now_v7().to_string(), tool, args }
}

/// How many decisions to allow the trail has for this tool.
async fn allowed(app: &App, tool: &str) -> usize {
    let rows = app.database.rows().await;
    let wanted = format!("\"tool\":\"{tool}\"");
    rows["trail"].iter().filter(|row| row.contains("\"allowed\":true") && row.contains(&wanted)).count()
}

async fn four_deliveries_have_one_effect_and_one_answer(app: App) {
    app.sign_in("ana").await.unwrap();
    let channel = price_watch(&app);
    let life = [
        ("enclave_provision", json!({})),
        ("enclave_sync", json!({"new_mode": "open-read", "new_quota_preset": "large"})),
        ("wf_apply", hello("hello", "hi")),
        ("wf_run", json!({"name": "hello", "input": {"n": 1}})),
        ("wf_remove", json!({"name": "hello", "confirm": "hello"})),
        ("enclave_freeze", json!({})),
        ("enclave_unfreeze", json!({})),
        ("enclave_deprovision", json!({"confirm": "price-watch"})),
    ];
    for (tool, args) in life {
        let event = event(&channel, "ana", tool, args);
        let first = join_all((0..4).map(|_| event.deliver(&app))).await;
        let later = [event.deliver(&app).await, event.deliver(&app).await];
        for answer in first.iter().chain(&later) {
            assert_eq!(answer, &first[0], "{tool}");
        }
        assert!(first[0].is_ok(), "{tool}: {:?}", first[0]);
        // one of the calls asks for two things
        let decisions = if tool == "enclave_sync" { 2 } else { 1 };
        assert_eq!(allowed(&app, tool).await, decisions, "{tool}");
    }
}

async fn a_refusal_is_one_too(app: App) {
    let channel = set_up(&app).await;
    let event = event(&channel, "ben", "enclave_freeze", json!({}));
    let refused = event.deliver(&app).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied);
    // meanwhile the answer would be another one
    channel.say("ana", "enclave_sync", json!({"remove_members": ["ben"]})).await.unwrap();
    assert_eq!(event.deliver(&app).await.unwrap_err(), refused);
}

async fn another_event_or_other_arguments_are_another_request(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let run = |n: u32| event(&channel, "ana", "wf_run", json!({"name": "hello", "input": {"n": n}}));
    let first = run(1);
    first.deliver(&app).await.unwrap();
    run(1).deliver(&app).await.unwrap();
    let other = Event { id: first.id.clone(), ..run(2) };
    assert_eq!(other.deliver(&app).await.unwrap()["output"]["outputs"]["echo"]["n"], 2);
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 3);
}

async fn nobody_gets_the_answer_to_somebody_elses_request(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let secret = json!({"name": "hello", "input": {"secret": "of ana"}});
    let of_ana = event(&channel, "ana", "wf_run", secret.clone());
    of_ana.deliver(&app).await.unwrap();
    app.sign_in("gil").await.unwrap();
    let of_gil =
        Event { person: "gil", id: of_ana.id.clone(), ..event(&channel, "gil", "wf_run", secret.clone()) };
    assert_eq!(of_gil.deliver(&app).await.unwrap_err().code, FailureCode::Denied);
    let elsewhere = app.channel("C2", "elsewhere", "UANA");
    let there =
        Event { channel: &elsewhere, id: of_ana.id.clone(), ..event(&elsewhere, "ana", "wf_run", secret) };
    assert_eq!(there.deliver(&app).await.unwrap_err().code, FailureCode::NotFound);
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
}

async fn a_run_is_one_run_also_when_two_servers_hear_of_it(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let replica = app.replica().await;
    let event = event(&channel, "ana", "wf_run", json!({"name": "hello"}));
    let doors: [&Door; 2] = [&app, &replica];
    let answers = join_all((0..8).map(|n| event.deliver(doors[n % 2]))).await;
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
    for answer in &answers {
        assert!(
            answer.as_ref().is_ok_and(|ran| ran["success"] == true)
                || answer.as_ref().is_err_and(|failure| failure.code == FailureCode::Conflict),
            "{answer:?}"
        );
    }
    assert!(event.deliver(&replica).await.is_ok(), "once it is answered, every server has the answer");
}

async fn what_failed_on_our_side_may_be_tried_again(app: App) {
    let channel = set_up(&app).await;
    app.backend.fail_at("before deploy");
    let event = event(&channel, "ana", "wf_apply", hello("hello", "hi"));
    assert_eq!(event.deliver(&app).await.unwrap_err().code, FailureCode::Unavailable);
    assert_eq!(event.deliver(&app).await.unwrap()["status"], "deployed");
}

/// The run has been, and only that it has cannot be written down.
async fn a_run_whose_end_is_not_on_record_is_not_run_again(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let event = event(&channel, "ana", "wf_run", json!({"name": "hello"}));
    app.backend.stop_at("after run");
    let break_the_store = async {
        app.backend.until_waiting(1).await;
        app.database.execute("ALTER TABLE last_run RENAME TO lost").await;
        app.backend.go_on();
    };
    let (failed, ()) = tokio::join!(event.deliver(&app), break_the_store);
    let failed = failed.unwrap_err();
    assert!(failed.code == FailureCode::Unavailable && failed.message.contains("has run"), "{failed:?}");
    app.database.execute("ALTER TABLE lost RENAME TO last_run").await;
    for _ in 0..2 {
        let refused = event.deliver(&app).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Conflict);
        assert!(refused.message.contains("nobody knows how far it came"), "{}", refused.message);
    }
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
}

async fn a_run_that_the_backend_failed_at_is_not_run_again(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let event = event(&channel, "ana", "wf_run", json!({"name": "hello"}));
    app.backend.fail_at("after run");
    assert_eq!(event.deliver(&app).await.unwrap_err().code, FailureCode::Unavailable);
    assert_eq!(event.deliver(&app).await.unwrap_err().code, FailureCode::Conflict);
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
}

async fn a_run_that_could_not_begin_may_be_tried_again(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let event = event(&channel, "ana", "wf_run", json!({"name": "hello"}));
    app.database.execute("ALTER TABLE open_effect RENAME TO lost").await;
    assert_eq!(event.deliver(&app).await.unwrap_err().code, FailureCode::Unavailable);
    app.database.execute("ALTER TABLE lost RENAME TO open_effect").await;
    assert_eq!(event.deliver(&app).await.unwrap()["success"], true);
    assert_eq!(app.backend.world().runs.values().sum::<u32>(), 1);
}

crate::on_both_stores! {
    a_run_whose_end_is_not_on_record_is_not_run_again
    a_run_that_the_backend_failed_at_is_not_run_again
    a_run_that_could_not_begin_may_be_tried_again
    four_deliveries_have_one_effect_and_one_answer
    a_refusal_is_one_too
    another_event_or_other_arguments_are_another_request
    nobody_gets_the_answer_to_somebody_elses_request
    a_run_is_one_run_also_when_two_servers_hear_of_it
    what_failed_on_our_side_may_be_tried_again
}
