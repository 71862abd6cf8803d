//! Two servers on one store: what was taken back through one of them, the other does not serve any more. There is no
//! moment in between: the answer of the first is the moment.

use crate::app::{App, Replica, until};
use crate::door::Door;
use crate::races::at_once;
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

/// The arguments to deploy another version of its tentacle.
fn of_price_watch(greeting: &str) -> Value {
    let mut args = hello("hello", greeting);
    args["enclave"] = json!("price-watch");
    args
}

/// The first server is in the middle of a deploy, and `then` is asked of the second, which waits: both come to their end one after the
/// other. Answers what the second was answered.
async fn after_a_deploy_elsewhere(app: &App, then: (&'static str, Value)) -> Value {
    let channel = set_up(app).await;
    channel.say("ana", "wf_apply", hello("hello", "of both")).await.unwrap();
    let replica = app.replica().await;
    app.backend.stop_first_at("after deploy");
    let first = at_once(app, "ana", "wf_apply", of_price_watch("of the first"));
    app.backend.until_waiting(1).await;
    let (tool, args) = then;
    let second = at_once(&replica, "ana", tool, args);
    let pool = app.database.pool().await;
    let waits = "SELECT CAST(count(*) AS bigint) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
    let waits = async || sqlx::query_scalar::<_, i64>(waits).fetch_one(&pool).await.unwrap() == 1;
    until("the second waits for the first", waits).await;
    app.backend.go_on();
    first.await.unwrap().unwrap();
    let answered = second.await.unwrap().unwrap();
    replica.stop().await;
    answered
}

#[tokio::test]
async fn a_tentacle_is_deployed_by_one_server_at_a_time() {
    let app = App::on_postgres().await;
    let deployed = after_a_deploy_elsewhere(&app, ("wf_apply", of_price_watch("of the second"))).await;
    let hello = json!({"enclave": "price-watch", "name": "hello"});
    let told = app.call(&app.agent("ana"), "wf_describe", hello).await.unwrap();
    assert_eq!(told["version"], deployed["version"], "{told}");
    let runs = app.backend.world().tentacles[&("price-watch".to_owned(), "hello".to_owned())].clone();
    assert_eq!(told["version"], runs, "what runs is what the record names");
}

#[tokio::test]
async fn an_enclave_is_not_removed_while_another_server_deploys_into_it() {
    let app = App::on_postgres().await;
    let gone = json!({"name": "price-watch", "confirm": "price-watch"});
    assert_eq!(after_a_deploy_elsewhere(&app, ("enclave_deprovision", gone)).await["deleted"], true);
    assert!(app.backend.world().tentacles.is_empty() && app.backend.world().enclaves.is_empty());
}

crate::on_both_stores! {
    whoever_is_removed_through_one_is_removed_everywhere
    whoever_leaves_the_channel_has_left_everywhere
    a_narrower_mode_is_narrower_everywhere
    a_freeze_holds_everywhere
    what_is_gone_is_gone_everywhere
}
