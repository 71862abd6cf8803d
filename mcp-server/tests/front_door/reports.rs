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

crate::on_both_stores! {
    whoever_left_is_not_let_in_by_what_was_before
    only_the_whole_list_confirms_the_list
    a_clock_that_is_ahead_keeps_nothing_out
}
