//! Two servers on one store: what was taken back through one of them, the other does not serve any more. There is no
//! moment in between: the answer of the first is the moment.

use crate::app::{App, Replica};
use crate::door::Door;
use crate::team::{everybody_is_in, hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

/// Reads and a change, all of them allowed to ben while he is a member.
fn asked() -> [(&'static str, Value); 6] {
    let of = |mut args: Value| {
        args["enclave"] = json!("price-watch");
        args
    };
    [
        ("enclave_info", json!({"name": "price-watch"})),
        ("wf_list", of(json!({}))),
        ("wf_status", of(json!({"name": "hello"}))),
        ("wf_logs", of(json!({"name": "hello"}))),
        ("why", of(json!({"action": "info"}))),
        ("wf_run", of(json!({"name": "hello"}))),
    ]
}

/// How many of these calls the server answers ben, in his MCP client and in the channel.
async fn answered(door: &Door) -> usize {
    let mut answered = 0;
    for (tool, args) in asked() {
        answered += usize::from(door.call(&door.agent("ben"), tool, args.clone()).await.is_ok());
        answered += usize::from(price_watch(door).say("ben", tool, args).await.is_ok());
    }
    answered
}

const ALL: usize = 12;

/// #price-watch with a tentacle, and two servers that have both served it.
async fn two_servers(app: &App) -> Replica {
    let channel = set_up(app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let replica = app.replica().await;
    assert_eq!((answered(app).await, answered(&replica).await), (ALL, ALL));
    replica
}

async fn whoever_is_removed_through_one_is_removed_everywhere(app: App) {
    let replica = two_servers(&app).await;
    for round in 0..3 {
        let (first, second): (&Door, &Door) =
            if round % 2 == 0 { (&app, &replica) } else { (&replica, &app) };
        let removed = json!({"name": "price-watch", "remove_members": ["ben"]});
        first.call(&first.agent("ana"), "enclave_sync", removed).await.unwrap();
        assert_eq!(answered(second).await, 0, "round {round}");
        let added = json!({"name": "price-watch", "add_members": ["ben"]});
        second.call(&second.agent("ana"), "enclave_sync", added).await.unwrap();
        assert_eq!(answered(first).await, ALL, "round {round}");
    }
    replica.stop().await;
}

async fn whoever_leaves_the_channel_has_left_everywhere(app: App) {
    let replica = two_servers(&app).await;
    app.report("C1", &[("ana", "full")]).await;
    assert_eq!(answered(&replica).await, 0);
    everybody_is_in(&replica).await;
    assert_eq!(answered(&app).await, ALL);
    app.report("C1", &[("ana", "full"), ("ben", "guest")]).await;
    assert_eq!(answered(&replica).await, 0);
}

async fn a_narrower_mode_is_narrower_everywhere(app: App) {
    let replica = two_servers(&app).await;
    let private = json!({"name": "price-watch", "new_mode": "private"});
    app.call(&app.agent("ana"), "enclave_sync", private).await.unwrap();
    assert_eq!(answered(&replica).await, 0);
}

async fn a_freeze_holds_everywhere(app: App) {
    let replica = two_servers(&app).await;
    app.call(&app.agent("ana"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    let refused = price_watch(&replica).say("ben", "wf_apply", hello("hello", "new")).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied);
    assert!(refused.message.contains("is frozen by its owner"), "{}", refused.message);
}

async fn what_is_gone_is_gone_everywhere(app: App) {
    let replica = two_servers(&app).await;
    let gone = json!({"name": "price-watch", "confirm": "price-watch"});
    app.call(&app.agent("ana"), "enclave_deprovision", gone).await.unwrap();
    assert_eq!(answered(&replica).await, 0);
    let listed = replica.call(&replica.agent("ana"), "enclave_list", json!({})).await.unwrap();
    assert_eq!(listed["enclaves"], json!([]));
}

crate::on_both_stores! {
    whoever_is_removed_through_one_is_removed_everywhere
    whoever_leaves_the_channel_has_left_everywhere
    a_narrower_mode_is_narrower_everywhere
    a_freeze_holds_everywhere
    what_is_gone_is_gone_everywhere
}
