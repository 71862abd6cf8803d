//! What the relay reports of a channel comes late, out of order and by a clock of its own.

use crate::app::App;
use crate::approvals::reaching;
use crate::door::account;
use crate::team::{everybody_is_in, hello, set_up};
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::{Value, json};
use wire::FailureCode;

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
    app.database.change([older]).await;
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

/// What the channel is told is what is so.
async fn while_the_owner_is_out_members_go_on_and_nobody_decides_about_the_enclave(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    report(&app, Timestamp::now(), json!({"members": [person("ben"), person("cy")]})).await;
    let left = "ana, who owns this enclave, is not in the channel any more and is a visitor here until that changes. Until then \
                nobody can change its members, its mode or what it may reach; members go on as the mode allows. An operator can \
                offer it to another owner.";
    assert_eq!(told(&app, Value::Null).await, [left]);
    channel.say("ben", "wf_apply", hello("hello", "hi again")).await.unwrap();
    channel.say("ben", "wf_apply", hello("tea", "hi")).await.unwrap();
    channel.say("ben", "wf_run", json!({"name": "hello"})).await.unwrap();
    let reaching = channel.say("ben", "wf_apply", reaching(&["shop.example"])).await.unwrap();
    assert_eq!(reaching["status"], "needs_approval");
    let yes = json!({"approval": reaching["approval"]["id"], "approve": true});
    for whoever in ["ana", "ben"] {
        let refused = [
            channel.click(whoever, "reach_approve", yes.clone()).await,
            channel.say(whoever, "enclave_sync", json!({"new_mode": "private"})).await,
            channel.say(whoever, "enclave_sync", json!({"remove_members": ["UCY"]})).await,
        ];
        for refused in refused {
            assert_eq!(refused.unwrap_err().code, FailureCode::Denied, "{whoever}");
        }
    }
    channel.say("ana", "wf_apply", hello("hello", "mine")).await.unwrap_err();
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

async fn while_it_is_archived_another_class_of_account_takes_away_and_gives_nothing(app: App) {
    set_up(&app).await;
    app.sign_in("gil").await.unwrap();
    let is_in = async |name: &str| {
        app.call(&app.agent(name), "enclave_info", json!({"name": "price-watch"})).await.is_ok()
    };
    report(&app, Timestamp::now(), json!({"archived": true})).await;
    assert!(is_in("ben").await, "members count as they stood");
    let full = report(&app, Timestamp::now(), json!({"changed": [person("gil")]})).await;
    assert!(full["taken"] == false && !is_in("gil").await, "{full}");
    let guest = json!({"user": account("ben"), "class": "guest", "name": "ben"});
    let taken = report(&app, Timestamp::now(), json!({"changed": [guest]})).await;
    assert_eq!(taken["taken"], true);
    assert!(!is_in("ben").await);
    let told = told(&app, Value::Null).await;
    assert_eq!(told, ["ben is no full member of the workspace any more, and no longer a member."]);
    // Nobody has left by that: a channel that is archived has no members, and they are what they were.
    report(&app, Timestamp::now(), json!({"left": ["UANA"], "members": []})).await;
    assert!(is_in("ana").await);
}

async fn who_is_in_no_enclaves_channel_any_more_is_named(app: App) {
    set_up(&app).await;
    app.sign_in("cy").await.unwrap();
    app.channel("C2", "payroll", &account("cy")).say("cy", "enclave_provision", json!({})).await.unwrap();
    app.report("C2", &[("cy", "full"), ("ben", "full")]).await;
    let left = report(&app, Timestamp::now(), json!({"left": ["UBEN", "UGIL"]})).await;
    assert_eq!((&left["gone"], &left["nowhere"]), (&json!(["ben", "gil"]), &json!(["UGIL"])));
    // However often it is told.
    let left = report(&app, Timestamp::now(), json!({"left": ["UGIL"]})).await;
    assert_eq!((&left["gone"], &left["nowhere"]), (&Value::Null, &json!(["UGIL"])));
    let listed = report(&app, Timestamp::now(), json!({"members": [person("cy")]})).await;
    assert_eq!((&listed["gone"], &listed["nowhere"]), (&json!(["ana"]), &json!(["UANA"])));
    // An archived channel keeps its people.
    report(&app, Timestamp::now(), json!({"archived": true})).await;
    let left = report(&app, Timestamp::now(), json!({"left": ["UCY"]})).await;
    assert_eq!(left["nowhere"], Value::Null);
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
    assert_eq!(refused.code, FailureCode::Conflict);
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
    while_the_owner_is_out_members_go_on_and_nobody_decides_about_the_enclave
    whoever_leaves_is_told_of_in_one_line_with_what_they_owned
    another_class_of_account_counts_at_once_and_lets_nobody_in
    while_it_is_archived_another_class_of_account_takes_away_and_gives_nothing
    who_is_in_no_enclaves_channel_any_more_is_named
    a_channel_whose_id_changes_keeps_its_enclave
    the_owner_alone_hears_that_the_channel_cannot_be_spoken_in
    a_channel_that_was_deleted_is_not_told_as_one_that_comes_back
    a_channel_that_was_archived_before_it_was_deleted_is_told_of_again
    whoever_left_is_not_let_in_by_what_was_before
    only_the_whole_list_confirms_the_list
    a_clock_that_is_ahead_keeps_nothing_out
}
