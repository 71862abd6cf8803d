//! A store that can only be read: every change is refused and says why, every look is answered.

use crate::app::{App, Replica};
use crate::database::Database;
use crate::rpc::Extras;
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::{Failure, FailureCode};

/// A server on the same store, which it cannot write to.
async fn read_only(app: &App) -> Replica {
    let name = match &app.database {
        Database::Sqlite(url) => return app.replica_on(&format!("{url}?mode=ro")).await,
        Database::Postgres { name, .. } => format!("reader_of_{name}"),
    };
    let role = format!("CREATE ROLE {name} SUPERUSER LOGIN");
    app.database.execute(&role).await;
    let mut url = url::Url::parse(&app.database.url()).unwrap();
    url.set_username(&name).unwrap();
    let replica = app.replica_on(url.as_str()).await;
    // From now on it cannot: as it is when the primary has gone and only a standby answers.
    app.database.execute(&format!("ALTER ROLE {name} SET default_transaction_read_only = on")).await;
    let end = format!("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '{name}'");
    app.database.execute(&end).await;
    replica
}

fn says_why(refused: &Failure) {
    assert_eq!(refused.code, FailureCode::Unavailable, "{refused:?}");
    assert_eq!(
        refused.message,
        "the server's store can only be read at the moment, so nothing can be changed"
    );
}

/// Everything that is there, as ana and the operator see it.
async fn looks(door: &crate::door::Door) -> Vec<Value> {
    let of = |mut args: Value| {
        args["enclave"] = json!("price-watch");
        args
    };
    let mut seen = Vec::new();
    for (tool, args) in [
        ("whoami", json!({})),
        ("enclave_info", json!({"name": "price-watch"})),
        ("enclave_list", json!({})),
        ("wf_list", of(json!({}))),
        ("wf_status", of(json!({"name": "hello"}))),
        ("wf_logs", of(json!({"name": "hello"}))),
        ("why", of(json!({"action": "run", "tentacle": "hello"}))),
    ] {
        seen.push(door.call(&door.agent("ana"), tool, args).await.unwrap());
    }
    seen.push(door.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap());
    seen.push(door.relay("channel_map", json!({})).await.unwrap());
    seen
}

/// Every change, made as ana, as the operator and as the relay.
async fn changes(door: &crate::door::Door) -> Vec<Result<Value, Failure>> {
    let mut apply = hello("hello", "new");
    apply["enclave"] = json!("price-watch");
    let (ana, named) = (door.agent("ana"), json!({"name": "price-watch", "confirm": "price-watch"}));
    let tentacle = json!({"enclave": "price-watch", "name": "hello", "confirm": "hello"});
    let mut made = Vec::new();
    for (tool, args) in [
        ("enclave_provision", json!({"name": "another"})),
        ("enclave_sync", json!({"name": "price-watch", "remove_members": ["ben"]})),
        ("enclave_freeze", named.clone()),
        ("enclave_deprovision", named.clone()),
        ("wf_apply", apply),
        ("wf_run", tentacle.clone()),
        ("wf_remove", tentacle),
    ] {
        made.push(door.call(&ana, tool, args).await);
    }
    made.push(door.operate("enclave_freeze", named).await);
    made.push(door.relay("notices", json!({"acknowledge": [uuid::Uuid::now_v7()]})).await);
    let left =
        json!({"team": "T1", "channel": "C1", "observed_at": jiff::Timestamp::now(), "left": ["UBEN"]});
    made.push(door.relay("channel_report", left).await);
    made
}

async fn looks_are_answered_and_changes_are_refused(app: App) {
    set_up(&app).await.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let replica = read_only(&app).await;
    let before = (app.database.holds().await, app.backend.world().clone());
    assert_eq!(looks(&replica).await, looks(&app).await);
    for refused in changes(&replica).await {
        says_why(&refused.unwrap_err());
    }
    assert_eq!((app.database.holds().await, app.backend.world().clone()), before);
    // the other server still can: nothing was left locked
    app.call(&app.agent("ana"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
}

/// That an assertion was used cannot be written down, so that none is taken: not even for a look.
async fn the_kraken_is_told_too(app: App) {
    set_up(&app).await;
    let replica = read_only(&app).await;
    for (tool, args) in [("enclave_info", json!({})), ("enclave_freeze", json!({}))] {
        says_why(&price_watch(&replica).say("ana", tool, args).await.unwrap_err());
    }
    let said = replica.signing_in("cy");
    let extras = Extras { assertion: Some(replica.signed(&said)), ..Extras::default() };
    let token = replica.issuer.token("cy", "kraken");
    says_why(&replica.call_with(&token, "account_bind", json!({}), extras).await.unwrap_err());
}

crate::on_both_stores! {
    looks_are_answered_and_changes_are_refused
    the_kraken_is_told_too
}
