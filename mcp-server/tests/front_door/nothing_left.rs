//! When an enclave is removed nothing of it is left: not in the backend and not in the store. What stays is the trail,
//! who the people are, and for a day that a request was made, so that it is not done again; not what was answered.

use crate::app::App;
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A word that only what happened in the enclave knows.
const SECRET: &str = "the-price-of-everything";

/// All rows but those that are meant to stay.
async fn rows(app: &App) -> BTreeMap<String, Vec<String>> {
    let mut rows = app.database.rows().await;
    for stays in ["trail", "generation", "used_assertion", "request"] {
        rows.remove(stays).unwrap();
    }
    rows
}

/// A life with everything in it that is stored.
async fn live(app: &App) {
    let channel = set_up(app).await;
    channel.say("ben", "wf_apply", hello("hello", SECRET)).await.unwrap();
    let run = json!({"name": "hello", "input": {"secret": SECRET}});
    let ran = channel.say("ben", "wf_run", run).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["echo"]["secret"], SECRET);
    let sync = json!({
        "new_channel_name": SECRET, "new_enrollment": "approval", "add_members": ["gil"], "remove_members": ["ben"]
    });
    channel.say("ana", "enclave_sync", sync).await.unwrap();
    app.operate("enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    app.operate("enclave_unfreeze", json!({"name": "price-watch"})).await.unwrap();
    let told = app.relay("notices", json!({})).await.unwrap();
    let ids: Vec<&Value> = told["notices"].as_array().unwrap().iter().map(|notice| &notice["id"]).collect();
    assert!(!ids.is_empty());
    app.relay("notices", json!({"acknowledge": ids})).await.unwrap();
}

async fn nothing_is_left_of_an_enclave_but_the_trail(app: App) {
    for person in ["ana", "ben"] {
        app.sign_in(person).await.unwrap();
    }
    let before = (rows(&app).await, app.backend.world().clone());
    live(&app).await;
    let full = rows(&app).await;
    for table in [
        "enclave",
        "channel_person",
        "verdict",
        "tentacle",
        "last_run",
        "run_history",
        "deploy_history",
        "version_source",
    ] {
        assert!(!full[table].is_empty(), "the life put nothing into {table}");
    }
    let channel = crate::team::price_watch(&app);
    channel.say("ana", "enclave_deprovision", json!({"confirm": "price-watch"})).await.unwrap();
    assert_eq!((rows(&app).await, app.backend.world().clone()), before);
}

async fn what_was_answered_about_it_is_not_kept_either(app: App) {
    live(&app).await;
    let channel = crate::team::price_watch(&app);
    let again = json!({"name": "hello"});
    let mut said = channel.assertion("ana", "wf_run", &again);
    app.send("ana", "wf_run", again.clone(), &said).await.unwrap();
    channel.say("ana", "enclave_deprovision", json!({"confirm": "price-watch"})).await.unwrap();
    let all = app.database.rows().await;
    for (table, rows) in &all {
        assert!(rows.iter().all(|row| !row.contains(SECRET)), "{table} still knows it: {rows:?}");
    }
    // a delivery that comes late is told so, and is not done again in the next enclave of that name
    channel.say("ana", "enclave_provision", json!({})).await.unwrap();
    channel.say("ana", "wf_apply", hello("hello", "anew")).await.unwrap();
    said.jti = uuid::Uuid::now_v7();
    let late = app.send("ana", "wf_run", again, &said).await.unwrap_err();
    assert!(late.message.contains("has been removed since"), "{}", late.message);
    assert!(app.backend.world().runs.is_empty());
}

crate::on_both_stores! {
    nothing_is_left_of_an_enclave_but_the_trail
    what_was_answered_about_it_is_not_kept_either
}
