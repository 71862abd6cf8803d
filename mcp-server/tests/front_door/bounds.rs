//! How much a person may send: what is too much is refused in clear words, before anything is changed.

use crate::app::{App, OPERATOR};
use crate::rpc::Extras;
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use wire::{Failure, FailureCode};

fn people(count: usize) -> Vec<String> {
    (0..count).map(|number| format!("subject-{number}")).collect()
}

async fn provision(app: &App, name: &str, members: &Value) -> Result<Value, Failure> {
    app.call(&app.agent("cy"), "enclave_provision", json!({"name": name, "members": members})).await
}

async fn a_list_of_people_has_a_bound_and_names_each_once(app: App) {
    for members in [json!(people(201)), json!(["ben", " "]), json!(["a\u{0}b"]), json!(["a".repeat(201)])] {
        let refused = provision(&app, "payroll", &members).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{refused:?}");
    }
    let twice: Vec<String> = people(100).into_iter().chain(people(100)).collect();
    let made = provision(&app, "payroll", &json!(twice)).await.unwrap();
    assert_eq!(made["members"].as_array().unwrap().len(), 101, "each once, and the owner");
    assert_eq!(app.database.rows().await["enclave"].len(), 1);
    let channel = set_up(&app).await;
    for list in ["add_members", "remove_members"] {
        let refused = channel.say("ana", "enclave_sync", json!({list: people(201)})).await.unwrap_err();
        assert!(
            refused.code == FailureCode::Invalid && refused.message.contains("200 at most"),
            "{refused:?}"
        );
    }
    channel.say("ana", "enclave_sync", json!({"add_members": ["ben", "ben", "<@UBEN>"]})).await.unwrap();
    assert_eq!(app.database.rows().await["verdict"].len(), 1);
}

async fn a_shown_name_has_a_bound(app: App) {
    let channel = set_up(&app).await;
    for name in [String::new(), "\u{fc}".repeat(81)] {
        let refused =
            channel.say("ana", "enclave_sync", json!({"new_channel_name": name})).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{refused:?}");
    }
    channel.say("ana", "enclave_sync", json!({"new_channel_name": "\u{fc}".repeat(80)})).await.unwrap();
}

async fn a_reason_has_a_bound(app: App) {
    set_up(&app).await;
    let freeze = async |length: usize| {
        let extras = Extras { reason: Some("\u{fc}".repeat(length)), ..Extras::default() };
        app.call_with(OPERATOR, "enclave_freeze", json!({"name": "price-watch"}), extras).await
    };
    let before = app.database.holds().await;
    assert_eq!(freeze(501).await.unwrap_err().code, FailureCode::Invalid);
    assert_eq!(app.database.holds().await, before);
    freeze(500).await.unwrap();
}

async fn an_enclave_holds_so_many_tentacles(app: App) {
    const RECORD: &str = "owner_issuer, owner_subject, mode, description, version, deployed_by, deployed_via, \
                          created_at, deployed_at, reach, source_commit, deploys";
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let another = |number: usize| {
        format!(
            "INSERT INTO tentacle (enclave, name, {RECORD}) SELECT enclave, 'hello-{number}', {RECORD} FROM tentacle \
             WHERE name = 'hello'"
        )
    };
    app.database.change((1..100).map(another)).await;
    let refused = channel.say("ana", "wf_apply", hello("one-more", "hi")).await.unwrap_err();
    assert!(refused.code == FailureCode::Conflict && refused.message.contains("100"), "{refused:?}");
    channel.say("ana", "wf_apply", hello("hello", "another version")).await.unwrap();
    channel.say("ana", "wf_remove", json!({"name": "hello", "confirm": "hello"})).await.unwrap();
    channel.say("ana", "wf_apply", hello("one-more", "hi")).await.unwrap();
}

crate::on_both_stores! {
    a_list_of_people_has_a_bound_and_names_each_once
    a_shown_name_has_a_bound
    a_reason_has_a_bound
    an_enclave_holds_so_many_tentacles
}
