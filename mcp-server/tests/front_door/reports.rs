//! What the relay reports of a channel comes late, out of order and by a clock of its own.

use crate::app::App;
use crate::door::account;
use crate::team::{everybody_is_in, hello, set_up};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};

/// The relay reports this of #price-watch, as of then.
async fn report(app: &App, at: Timestamp, what: Value) -> Value {
    let mut args = json!({"team": "T1", "channel": "C1", "observed_at": at});
    args.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
    app.relay("channel_report", args).await.unwrap()
}

fn person(name: &str) -> Value {
    json!({"user": account(name), "class": "full", "name": name})
}

/// Whether ben is in, by what his own client may read.
async fn ben_is_in(app: &App) -> bool {
    app.call(&app.agent("ben"), "enclave_info", json!({"name": "price-watch"})).await.is_ok()
}

/// Whether somebody can change anything from elsewhere than the channel.
async fn can_deploy(app: &App, greeting: &str) -> bool {
    let mut args = hello("hello", greeting);
    args["enclave"] = json!("price-watch");
    app.call(&app.agent("ana"), "wf_apply", args).await.is_ok()
}

async fn whoever_left_is_not_let_in_by_what_was_before(app: App) {
    set_up(&app).await;
    let now = Timestamp::now();
    report(&app, now, json!({"left": ["UBEN"]})).await;
    assert!(!ben_is_in(&app).await);
    report(&app, now - 60.seconds(), json!({"left": ["UGIL"]})).await;
    for seconds in [90, 30, 1] {
        report(&app, now - seconds.seconds(), json!({"joined": [person("ben")]})).await;
        report(&app, now - seconds.seconds(), json!({"members": [person("ana"), person("ben")]})).await;
        assert!(!ben_is_in(&app).await, "by what was so {seconds} s before");
    }
    report(&app, Timestamp::now(), json!({"joined": [person("ben")]})).await;
    assert!(ben_is_in(&app).await);
}

async fn only_the_whole_list_confirms_the_list(app: App) {
    set_up(&app).await;
    assert!(can_deploy(&app, "first").await);
    let hours = SignedDuration::from_hours(2).as_millis();
    let older =
        format!("UPDATE enclave SET observed_at = observed_at - {hours}, heard_at = heard_at - {hours}");
    app.database.execute(&older).await;
    // read anew: everybody hears of a change
    for news in [json!({"joined": [person("cy")]}), json!({"left": ["UGIL"]}), json!({"name": "prices"})] {
        report(&app, Timestamp::now(), news.clone()).await;
        assert!(!can_deploy(&app, "second").await, "{news}");
    }
    everybody_is_in(&app).await;
    assert!(can_deploy(&app, "second").await);
}

async fn a_clock_that_is_ahead_keeps_nothing_out(app: App) {
    set_up(&app).await;
    let everybody = json!({"members": [person("ana"), person("ben")]});
    report(&app, Timestamp::now() + 24.hours(), everybody).await;
    assert!(ben_is_in(&app).await);
    report(&app, Timestamp::now(), json!({"members": [person("ana")]})).await;
    assert!(!ben_is_in(&app).await);
    report(&app, Timestamp::now(), json!({"joined": [person("ben")]})).await;
    assert!(ben_is_in(&app).await);
}

/// What waits to be told, to one person or (with `null`) in the channel.
async fn told(app: &App, user: Value) -> Vec<String> {
    app.told(user).await.iter().map(|notice| notice["text"].as_str().unwrap().to_owned()).collect()
}

async fn whoever_leaves_is_told_of_in_one_line_with_what_they_owned(app: App) {
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    channel.say("ben", "wf_apply", hello("tea", "hi")).await.unwrap();
    let answer = report(&app, Timestamp::now(), json!({"left": ["UBEN", "UGIL"]})).await;
    assert_eq!(answer["gone"], json!(["ben", "gil"]));
    let ben = "ben is not in the channel any more, and no longer a member. hello and tea are ana's now.";
    assert_eq!(told(&app, Value::Null).await, [ben], "gil had nothing to lose");
    let everybody = json!({"members": [person("ben")]});
    let answer = report(&app, Timestamp::now(), everybody).await;
    assert_eq!((&answer["gone"], &answer["arrived"]), (&json!(["ana"]), &json!(["ben"])));
    let told = told(&app, Value::Null).await;
    assert!(told[1].starts_with("ana, who owns this enclave, is not in the channel any more"), "{told:?}");
}

async fn another_class_of_account_counts_at_once_and_lets_nobody_in(app: App) {
    set_up(&app).await;
    let guest = |name: &str| json!({"user": account(name), "class": "guest", "name": name});
    report(&app, Timestamp::now(), json!({"changed": [guest("ben")]})).await;
    let info = app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap();
    assert_eq!(info["members"], json!(["ana"]));
    let told = told(&app, Value::Null).await;
    assert_eq!(told, ["ben is no full member of the workspace any more, and no longer a member."]);
    report(&app, Timestamp::now(), json!({"changed": [person("cy")]})).await;
    app.sign_in("cy").await.unwrap();
    app.call(&app.agent("cy"), "enclave_info", json!({"name": "price-watch"})).await.unwrap_err();
}

async fn a_channel_whose_id_changes_keeps_its_enclave(app: App) {
    set_up(&app).await;
    report(&app, Timestamp::now(), json!({"moved_to": "C7"})).await;
    let moved = app.channel("C7", "price-watch", &account("ana"));
    moved.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    let old = crate::team::price_watch(&app);
    old.say("ben", "enclave_info", json!({})).await.unwrap_err();
    // Not into a channel that has one.
    app.sign_in("cy").await.unwrap();
    let other = app.channel("C2", "payroll", &account("cy"));
    other.say("cy", "enclave_provision", json!({})).await.unwrap();
    let taken = json!({"team": "T1", "channel": "C7", "observed_at": Timestamp::now(), "moved_to": "C2"});
    let refused = app.relay("channel_report", taken).await.unwrap_err();
    assert_eq!(refused.code, wire::FailureCode::Conflict);
    other.say("cy", "enclave_info", json!({})).await.unwrap();
}

async fn the_owner_alone_hears_that_the_channel_cannot_be_spoken_in(app: App) {
    set_up(&app).await;
    report(&app, Timestamp::now(), json!({"archived": true})).await;
    let archived = told(&app, json!("UANA")).await;
    assert!(archived[0].starts_with("The channel #price-watch was archived"), "{archived:?}");
    assert_eq!(told(&app, Value::Null).await, Vec::<String>::new());
    report(&app, Timestamp::now(), json!({"archived": false})).await;
    assert_eq!(told(&app, Value::Null).await, ["This channel is in use again, and so is its enclave."]);
    report(&app, Timestamp::now(), json!({"unseen": true})).await;
    assert!(told(&app, json!("UANA")).await[1].starts_with("I was removed from #price-watch"));
}

async fn a_channel_that_was_deleted_is_not_told_as_one_that_comes_back(app: App) {
    set_up(&app).await;
    report(&app, Timestamp::now(), json!({"archived": true, "deleted": true})).await;
    let deleted = told(&app, json!("UANA")).await;
    assert_eq!(deleted.len(), 1, "{deleted:?}");
    assert!(deleted[0].starts_with("The channel #price-watch was deleted"), "{deleted:?}");
    assert!(!deleted[0].contains("unarchive"), "{deleted:?}");
    let info = app.operate("enclave_info", json!({"name": "price-watch"})).await.unwrap();
    assert_eq!(info["status"], "frozen", "{info}");
}

async fn a_channel_that_was_archived_before_it_was_deleted_is_told_of_again(app: App) {
    set_up(&app).await;
    report(&app, Timestamp::now(), json!({"archived": true})).await;
    report(&app, Timestamp::now(), json!({"archived": true, "deleted": true})).await;
    let told = told(&app, json!("UANA")).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[1].starts_with("The channel #price-watch was deleted"), "{told:?}");
}

crate::on_both_stores! {
    whoever_leaves_is_told_of_in_one_line_with_what_they_owned
    another_class_of_account_counts_at_once_and_lets_nobody_in
    a_channel_whose_id_changes_keeps_its_enclave
    the_owner_alone_hears_that_the_channel_cannot_be_spoken_in
    a_channel_that_was_deleted_is_not_told_as_one_that_comes_back
    a_channel_that_was_archived_before_it_was_deleted_is_told_of_again
    whoever_left_is_not_let_in_by_what_was_before
    only_the_whole_list_confirms_the_list
    a_clock_that_is_ahead_keeps_nothing_out
}
