//! An enclave's life, as people in a channel meet it.

use crate::app::App;
use crate::approvals::reaching;
use crate::door::account;
use crate::team::{everybody_is_in, hello, set_up};
use serde_json::{Value, json};
use wire::FailureCode;

fn names(value: &Value, list: &str) -> Vec<String> {
    value[list].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}

async fn the_person_who_made_the_channel_makes_its_enclave(app: App) {
    app.sign_in("ana").await.unwrap();
    app.sign_in("ben").await.unwrap();
    let channel = app.channel("C1", "price-watch", &account("ana"));
    let denied = channel.say("ben", "enclave_provision", json!({})).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    assert!(denied.message.contains("only the person who made the channel can"), "{}", denied.message);
    let made = channel.say("ana", "enclave_provision", json!({})).await.unwrap();
    assert_eq!(
        (&made["name"], &made["status"], &made["owner"]),
        (&json!("price-watch"), &json!("active"), &json!("ana"))
    );
    assert_eq!(made["resources_created"], json!(["namespace", "policies", "quota", "active"]));
    let again = channel.say("ana", "enclave_provision", json!({})).await.unwrap_err();
    assert_eq!(again.code, FailureCode::Conflict);
}

async fn membership_follows_the_channel_and_the_owners_word(app: App) {
    let channel = set_up(&app).await;
    let info = channel.say("ben", "enclave_info", json!({})).await.unwrap();
    assert_eq!(info["your_class"], "member");
    assert_eq!(info["members"], json!(["ana", "ben"]));
    assert_eq!(
        info["people"][2],
        json!({"name": "gil", "account": "UGIL", "class": "visitor", "because": "has not signed in"})
    );
    // removed, though still in the channel
    channel.say("ana", "enclave_sync", json!({"remove_members": ["<@UBEN>"]})).await.unwrap();
    let denied = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert!(denied.message.contains("ana removed you"), "{}", denied.message);
    assert_eq!(denied.remedy.unwrap(), "the owner, ana, can add you back");
    // the block survives another sign-in and another report
    app.sign_in("ben").await.unwrap();
    everybody_is_in(&app).await;
    assert!(channel.say("ben", "enclave_info", json!({})).await.is_err());
    channel.say("ana", "enclave_sync", json!({"add_members": ["ben"]})).await.unwrap();
    assert!(channel.say("ben", "enclave_info", json!({})).await.is_ok());
    // leaving ends it at once
    app.report("C1", &[("ana", "full"), ("gil", "guest")]).await;
    let denied = channel.say("ben", "enclave_info", json!({})).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::NotFound);
}

async fn a_list_tells_the_newest_run_that_the_caller_may_see(app: App) {
    let channel = set_up(&app).await;
    let newest = async |person: &str| {
        channel.say(person, "enclave_list", json!({})).await.unwrap()["enclaves"][0]["newest_run"].clone()
    };
    assert_eq!(newest("ana").await, Value::Null);
    for name in ["seen", "hidden"] {
        channel.say("ana", "wf_apply", hello(name, "hi")).await.unwrap();
        channel.say("ana", "wf_run", json!({"name": name})).await.unwrap();
    }
    channel.say("ana", "wf_set_mode", json!({"name": "hidden", "mode": "rwx------"})).await.unwrap();
    assert_eq!(
        (&newest("ana").await["tentacle"], &newest("ben").await["tentacle"]),
        (&json!("hidden"), &json!("seen"))
    );
    assert_eq!(newest("ben").await["success"], true);
}

async fn a_list_tells_of_each_enclave_its_own(app: App) {
    let first = set_up(&app).await;
    let second = app.channel("C2", "teas", &account("ana"));
    let bens = app.channel("C3", "wool", &account("ben"));
    second.say("ana", "enclave_provision", json!({})).await.unwrap();
    bens.say("ben", "enclave_provision", json!({})).await.unwrap();
    app.report("C2", &[("ana", "full"), ("ben", "full")]).await;
    app.report("C3", &[("ana", "full"), ("ben", "full")]).await;
    for (channel, name) in [(&first, "one"), (&second, "two"), (&second, "three")] {
        channel.say("ana", "wf_apply", hello(name, "hi")).await.unwrap();
        channel.say("ana", "wf_run", json!({"name": name})).await.unwrap();
    }
    for host in ["a.example", "b.example"] {
        second.say("ben", "wf_apply", reaching(&[host])).await.unwrap();
    }
    bens.say("ana", "wf_apply", reaching(&["a.example"])).await.unwrap();
    let listed = app.call(&app.agent("ana"), "enclave_list", json!({})).await.unwrap();
    let told = |entry: &Value| {
        let newest = entry["newest_run"]["tentacle"].as_str().unwrap_or_default().to_owned();
        (entry["name"].as_str().unwrap().to_owned(), entry["approvals_waiting"].as_u64().unwrap(), newest)
    };
    let told: Vec<_> = listed["enclaves"].as_array().unwrap().iter().map(told).collect();
    let wanted = [("price-watch", 0, "one"), ("teas", 2, "three"), ("wool", 0, "")];
    assert_eq!(told, wanted.map(|(name, count, newest)| (name.to_owned(), count, newest.to_owned())));
    // What waits is each owner's to know.
    let bens_list = app.call(&app.agent("ben"), "enclave_list", json!({})).await.unwrap();
    let counts = bens_list["enclaves"].as_array().unwrap().iter().map(|it| it["approvals_waiting"].clone());
    assert_eq!(counts.collect::<Vec<_>>(), [0, 0, 1]);
}

async fn a_guest_stays_a_visitor(app: App) {
    let channel = set_up(&app).await;
    app.sign_in("gil").await.unwrap();
    let denied = channel.say("gil", "enclave_info", json!({})).await.unwrap_err();
    assert!(denied.message.contains("guests stay visitors"), "{}", denied.message);
}

async fn a_stranger_reaches_nothing_and_learns_nothing(app: App) {
    set_up(&app).await;
    let cy = app.agent("cy");
    for name in ["price-watch", "no-such-enclave"] {
        let denied = app.call(&cy, "enclave_info", json!({"name": name})).await.unwrap_err();
        assert_eq!(denied.message, format!("there is no enclave `{name}` that you can see"));
    }
    let listed = app.call(&cy, "enclave_list", json!({})).await.unwrap();
    assert_eq!(listed["enclaves"], json!([]));
    let taken = app.call(&cy, "enclave_provision", json!({"name": "price-watch"})).await.unwrap_err();
    assert_eq!(taken.message, "the name `price-watch` is taken");
}

async fn the_same_rights_hold_in_an_mcp_client(app: App) {
    set_up(&app).await;
    let listed = app.call(&app.agent("ben"), "enclave_list", json!({})).await.unwrap();
    assert_eq!(names(&listed, "enclaves"), ["price-watch"]);
    assert_eq!(listed["enclaves"][0]["your_class"], "member");
    let denied =
        app.call(&app.agent("ben"), "enclave_freeze", json!({"name": "price-watch"})).await.unwrap_err();
    assert_eq!(denied.remedy.unwrap(), "ask ana");
}

async fn a_freeze_stops_grants_and_not_revocation(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    let denied = channel.say("ana", "enclave_sync", json!({"add_members": ["gil"]})).await.unwrap_err();
    assert!(denied.message.contains("is frozen by its owner"), "{}", denied.message);
    channel.say("ana", "enclave_sync", json!({"remove_members": ["ben"]})).await.unwrap();
    channel.say("ana", "enclave_sync", json!({"new_mode": "private"})).await.unwrap();
    assert!(channel.say("ana", "enclave_sync", json!({"new_mode": "open-run"})).await.is_err());
    let thawed = channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    assert_eq!(thawed["status"], "active");
    assert_eq!(app.backend.world().mirrors["price-watch"], "rwx------ active");
}

async fn all_fields_change_or_none(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    let both = json!({"remove_members": ["ben"], "new_quota_preset": "large"});
    channel.say("ana", "enclave_sync", both).await.unwrap_err();
    assert!(channel.say("ben", "enclave_info", json!({})).await.is_ok(), "ben was not removed either");
}

async fn shutting_down_must_be_confirmed_and_leaves_nothing(app: App) {
    let channel = set_up(&app).await;
    let asked = channel.say("ana", "enclave_deprovision", json!({})).await.unwrap_err();
    assert_eq!(asked.code, FailureCode::ConfirmationRequired);
    let wrong = channel.say("ana", "enclave_deprovision", json!({"confirm": "price"})).await.unwrap_err();
    assert_eq!(wrong.code, FailureCode::ConfirmationRequired);
    let gone = channel.say("ana", "enclave_deprovision", json!({"confirm": "price-watch"})).await.unwrap();
    assert_eq!(gone["deleted"], true);
    assert!(app.backend.world().enclaves.is_empty());
    assert_eq!(channel.say("ana", "enclave_info", json!({})).await.unwrap_err().code, FailureCode::NotFound);
    channel.say("ana", "enclave_provision", json!({})).await.unwrap();
}

async fn emergency_access_is_told_to_the_channel(app: App) {
    set_up(&app).await;
    let frozen = app.operate("enclave_freeze", json!({"name": "price-watch"})).await.unwrap();
    assert_eq!(frozen["frozen_by"], json!(["operator"]));
    let told = app.relay("notices", json!({})).await.unwrap();
    let notice = &told["notices"][0];
    assert_eq!(
        notice["text"],
        "An operator (olga) used emergency access and froze this enclave. Reason: the owner is on holiday"
    );
    let left = app.relay("notices", json!({"acknowledge": [notice["id"]]})).await.unwrap();
    assert_eq!(left["notices"], json!([]));
}

async fn a_decision_is_explained_layer_by_layer(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "enclave_sync", json!({"new_mode": "private"})).await.unwrap();
    let why = channel.say("ana", "why", json!({"person": "ben", "action": "deploy"})).await.unwrap();
    assert_eq!(why["allowed"], false);
    assert_eq!(
        why["steps"],
        json!([
            "ben is a member of `price-watch`",
            "the enclave: mode rwx------ (private) does not let members change"
        ])
    );
    assert_eq!(why["remedy"], "the owner, ana, can set a wider mode");
}

crate::on_both_stores! {
    the_person_who_made_the_channel_makes_its_enclave
    membership_follows_the_channel_and_the_owners_word
    a_guest_stays_a_visitor
    a_list_tells_the_newest_run_that_the_caller_may_see
    a_list_tells_of_each_enclave_its_own
    a_stranger_reaches_nothing_and_learns_nothing
    the_same_rights_hold_in_an_mcp_client
    a_freeze_stops_grants_and_not_revocation
    all_fields_change_or_none
    shutting_down_must_be_confirmed_and_leaves_nothing
    emergency_access_is_told_to_the_channel
    a_decision_is_explained_layer_by_layer
}
