//! Several at once: one of them wins, nothing is half-done, and nothing is done that was taken back meanwhile.

use crate::app::{App, until};
use crate::approvals::reaching;
use crate::backend::STEPS;
use crate::door::{Door, account};
use crate::team::{hello, set_up};
use futures::future::join_all;
use serde_json::{Value, json};
use wire::{Failure, FailureCode};

/// One call in a task of its own.
pub(crate) fn at_once(
    door: &Door,
    person: &str,
    tool: &str,
    args: Value,
) -> tokio::task::JoinHandle<Result<Value, Failure>> {
    let (door, person, tool) = (door.clone(), person.to_owned(), tool.to_owned());
    tokio::spawn(async move { door.call(&door.agent(&person), &tool, args).await })
}

fn codes(answers: &[Result<Value, Failure>]) -> Vec<FailureCode> {
    answers.iter().filter_map(|answer| answer.as_ref().err()).map(|failure| failure.code).collect()
}

/// The store and the backend have the same enclaves with the same versions of tentacles, and nothing is open.
async fn agree(app: &App) {
    let rows = app.database.rows().await;
    assert_eq!(rows["open_effect"], [""; 0]);
    let world = app.backend.world().clone();
    let named = |row: &String, column: &str| {
        let found = row.split(' ').find_map(|field| field.strip_prefix(&format!("{column}=")));
        found.unwrap().to_owned()
    };
    let enclaves: Vec<String> = rows["enclave"].iter().map(|row| named(row, "name")).collect();
    assert_eq!(enclaves, world.enclaves.keys().cloned().collect::<Vec<_>>());
    let tentacles: Vec<_> = rows["tentacle"]
        .iter()
        .map(|row| ((named(row, "enclave"), named(row, "name")), named(row, "version")))
        .collect();
    assert_eq!(tentacles, world.tentacles.clone().into_iter().collect::<Vec<_>>());
}

#[tokio::test]
async fn eight_racing_calls_make_one_enclave() {
    let app = App::start().await;
    app.sign_in("ana").await.unwrap();
    let channel = app.channel("C1", "price-watch", &account("ana"));
    let answers = join_all((0..8).map(|_| channel.say("ana", "enclave_provision", json!({})))).await;
    assert_eq!(codes(&answers), [FailureCode::Conflict; 7]);
    assert_eq!(app.backend.world().enclaves["price-watch"], STEPS);
    agree(&app).await;
}

#[tokio::test]
async fn a_channel_has_one_enclave_whatever_names_race_for_it() {
    let app = App::start().await;
    app.sign_in("ana").await.unwrap();
    let channel = app.channel("C1", "price-watch", &account("ana"));
    let names: Vec<Value> = (0..8).map(|n| json!({"name": format!("name-{n}")})).collect();
    let answers = join_all(names.into_iter().map(|args| channel.say("ana", "enclave_provision", args))).await;
    assert_eq!(codes(&answers), [FailureCode::Conflict; 7]);
    agree(&app).await;
}

#[tokio::test]
async fn a_name_has_one_owner_whoever_races_for_it() {
    let app = App::start().await;
    let people: Vec<String> = (0..8).map(|n| format!("person{n}")).collect();
    let wanted = json!({"name": "price-watch"});
    let asked = people.iter().map(|person| at_once(&app, person, "enclave_provision", wanted.clone()));
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    let refused: Vec<&Failure> = answers.iter().filter_map(|answer| answer.as_ref().err()).collect();
    assert_eq!(refused.len(), 7);
    assert!(refused.iter().all(|failure| failure.message == "the name `price-watch` is taken"));
    agree(&app).await;
}

#[tokio::test]
async fn ten_enclaves_are_the_most_also_when_twenty_are_asked_for_at_once() {
    let app = App::start().await;
    let replica = app.replica().await;
    let doors: [&Door; 2] = [&app, &replica];
    let asked = (0..20).map(|n| {
        let wanted = json!({"name": format!("enclave-{n}")});
        at_once(doors[n % 2], "ana", "enclave_provision", wanted)
    });
    let answers: Vec<_> = join_all(asked).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(codes(&answers), [FailureCode::Denied; 10]);
    let refused = answers.iter().find_map(|answer| answer.as_ref().err()).unwrap();
    assert!(refused.message.contains("10"), "{}", refused.message);
    assert_eq!(app.backend.world().enclaves.len(), 10);
    agree(&app).await;
    // one that goes makes room for one
    app.call(&app.agent("ben"), "enclave_provision", json!({"name": "of-ben"})).await.unwrap();
    let one = app.backend.world().enclaves.keys().find(|name| *name != "of-ben").cloned().unwrap();
    let gone = json!({"name": one, "confirm": one});
    app.call(&app.agent("ana"), "enclave_deprovision", gone).await.unwrap();
    app.call(&app.agent("ana"), "enclave_provision", json!({"name": "another"})).await.unwrap();
    assert!(app.call(&app.agent("ana"), "enclave_provision", json!({"name": "more"})).await.is_err());
}

#[tokio::test]
async fn what_is_somebody_elses_is_refused_without_a_hint() {
    let app = App::start().await;
    set_up(&app).await;
    app.backend.world().foreign.push("payments".to_owned());
    let before = (app.database.holds().await, app.backend.world().clone());
    let mut told = Vec::new();
    for name in ["price-watch", "payments"] {
        let refused =
            app.call(&app.agent("cy"), "enclave_provision", json!({"name": name})).await.unwrap_err();
        told.push(json!(refused).to_string().replace(name, "NAME"));
    }
    assert_eq!(told[0], told[1]);
    assert_eq!((app.database.holds().await, app.backend.world().clone()), before);
}

#[tokio::test]
async fn an_enclave_that_is_removed_while_it_is_made_is_gone() {
    let app = App::start().await;
    for step in STEPS {
        app.backend.stop_first_at(&format!("after {step}"));
        let making = at_once(&app, "ana", "enclave_provision", json!({"name": "brief"}));
        app.backend.until_waiting(1).await;
        let removing =
            at_once(&app, "ana", "enclave_deprovision", json!({"name": "brief", "confirm": "brief"}));
        let removal = async || app.database.rows().await["enclave"][0].contains("state=deprovisioning");
        until("the removal has begun", removal).await;
        app.backend.go_on();
        assert_eq!(making.await.unwrap().unwrap_err().code, FailureCode::Conflict, "{step}");
        assert_eq!(removing.await.unwrap().unwrap()["deleted"], true, "{step}");
        assert!(app.backend.world().enclaves.is_empty(), "{step}");
        agree(&app).await;
    }
}

#[tokio::test]
async fn steps_of_one_stage_are_taken_side_by_side_and_none_is_left_behind_when_another_fails() {
    let app = App::start().await;
    app.backend.stop_at("before policies");
    app.backend.fail_at("before quota");
    let making = at_once(&app, "ana", "enclave_provision", json!({"name": "both"}));
    app.backend.until_waiting(1).await;
    app.backend.until_failed().await;
    app.backend.go_on();
    assert_eq!(making.await.unwrap().unwrap_err().code, FailureCode::Unavailable);
    assert_eq!(app.backend.world().enclaves["both"], ["namespace", "policies"]);
    app.call(&app.agent("ana"), "enclave_provision", json!({"name": "both"})).await.unwrap();
    assert_eq!(app.backend.world().enclaves["both"], STEPS);
    agree(&app).await;
}

#[tokio::test]
async fn a_removal_that_waited_leaves_the_next_enclave_of_that_name_alone() {
    let app = App::start().await;
    let ana = app.agent("ana");
    let name = json!({"name": "again", "confirm": "again"});
    app.call(&ana, "enclave_provision", json!({"name": "again"})).await.unwrap();
    app.backend.stop_first_at("before deprovision");
    let first = at_once(&app, "ana", "enclave_deprovision", name.clone());
    app.backend.until_waiting(1).await;
    let second = at_once(&app, "ana", "enclave_deprovision", name.clone());
    let both = async || app.database.rows().await["open_effect"].len() == 2;
    until("both have begun", both).await;
    let another = app.replica().await;
    app.backend.go_on();
    assert_eq!(first.await.unwrap().unwrap()["deleted"], true);
    let made = another.call(&ana, "enclave_provision", json!({"name": "again"})).await;
    assert_eq!(second.await.unwrap().unwrap()["deleted"], true);
    // it was made before, after or between the two: what is there is whole
    assert!(made.is_ok() || made.is_err_and(|failure| failure.code == FailureCode::Conflict));
    for (name, steps) in &app.backend.world().enclaves {
        assert_eq!(steps[..], STEPS, "{name}");
    }
    agree(&app).await;
}

#[tokio::test]
async fn a_freeze_is_not_lifted_by_one_who_was_slow_to_make_the_enclave() {
    let app = App::start().await;
    let ana = app.agent("ana");
    app.backend.stop_first_at("after active");
    let slow = at_once(&app, "ana", "enclave_provision", json!({"name": "cold"}));
    app.backend.until_waiting(1).await;
    let replica = app.replica().await;
    replica.call(&ana, "enclave_provision", json!({"name": "cold"})).await.unwrap();
    replica.call(&ana, "enclave_freeze", json!({"name": "cold"})).await.unwrap();
    app.backend.go_on();
    slow.await.unwrap().unwrap();
    let info = app.call(&ana, "enclave_info", json!({"name": "cold"})).await.unwrap();
    assert_eq!((&info["status"], &info["frozen_by"]), (&json!("frozen"), &json!(["owner"])));
}

#[tokio::test]
async fn deploys_that_race_leave_the_record_and_the_backend_with_the_same_version() {
    let app = App::start().await;
    set_up(&app).await;
    for round in 0..3 {
        let asked = (0..6).map(|n| {
            let mut args = hello("hello", &format!("{round} {n}"));
            args["enclave"] = json!("price-watch");
            at_once(&app, "ana", "wf_apply", args)
        });
        for answer in join_all(asked).await {
            assert_eq!(answer.unwrap().unwrap()["status"], "deployed");
        }
        agree(&app).await;
    }
}

#[tokio::test]
async fn a_deploy_and_a_removal_that_race_leave_both_or_nothing() {
    let app = App::start().await;
    set_up(&app).await;
    let deploy = |greeting: &str| {
        let mut args = hello("hello", greeting);
        args["enclave"] = json!("price-watch");
        args
    };
    let remove = json!({"enclave": "price-watch", "name": "hello", "confirm": "hello"});
    for point in ["before deploy", "after deploy", "before remove", "after remove"] {
        app.call(&app.agent("ana"), "wf_apply", deploy("there")).await.unwrap();
        app.backend.stop_first_at(point);
        let mut calls = [("wf_apply", deploy(point)), ("wf_remove", remove.clone())];
        if point.ends_with("remove") {
            calls.reverse();
        }
        let [(first, its_args), (second, other_args)] = calls;
        let first = at_once(&app, "ana", first, its_args);
        app.backend.until_waiting(1).await;
        let second = at_once(&app, "ana", second, other_args);
        until("both have begun", async || app.database.rows().await["open_effect"].len() == 2).await;
        app.backend.go_on();
        first.await.unwrap().unwrap();
        let other = second.await.unwrap();
        assert!(other.is_ok() || codes(&[other]) == [FailureCode::Conflict], "{point}");
        agree(&app).await;
    }
}

/// A first deploy goes on, and another one waits for its turn: both have begun.
async fn one_that_waits(
    app: &App,
    first: Value,
    (person, second): (&str, Value),
) -> [tokio::task::JoinHandle<Result<Value, Failure>>; 2] {
    app.backend.stop_first_at("before deploy");
    let first = at_once(app, "ana", "wf_apply", first);
    app.backend.until_waiting(1).await;
    let second = at_once(app, person, "wf_apply", second);
    until("both have begun", async || app.database.rows().await["open_effect"].len() == 2).await;
    [first, second]
}

fn in_price_watch(mut args: Value) -> Value {
    args["enclave"] = json!("price-watch");
    args
}

#[tokio::test]
async fn a_deploy_that_waited_is_decided_again_when_its_turn_comes() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "enclave_sync", json!({"new_mode": "rwxrwx---"})).await.unwrap();
    let deploy = |greeting: &str| in_price_watch(hello("hello", greeting));
    app.call(&app.agent("ana"), "wf_apply", deploy("one")).await.unwrap();
    app.call(&app.agent("ben"), "wf_apply", deploy("of ben")).await.unwrap();
    let [first, second] = one_that_waits(&app, deploy("two"), ("ben", deploy("three"))).await;
    channel.say("ana", "enclave_sync", json!({"remove_members": ["ben"]})).await.unwrap();
    app.backend.go_on();
    let first = first.await.unwrap().unwrap();
    let refused = second.await.unwrap().unwrap_err();
    assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
    let serves: Vec<String> = app.backend.world().tentacles.values().cloned().collect();
    assert_eq!(json!(serves), json!([first["version"]]));
    agree(&app).await;
}

#[tokio::test]
async fn a_deploy_that_waited_brings_back_nothing_that_was_given_up_meanwhile() {
    let app = App::start().await;
    set_up(&app).await;
    let reaching = |hosts: &[&str], greeting: &str| {
        let mut args = in_price_watch(reaching(hosts));
        args["files"]["README.md"] = json!(greeting);
        args
    };
    let both = ["a.example", "b.example"];
    app.call(&app.agent("ana"), "wf_apply", reaching(&both, "one")).await.unwrap();
    // How an owner says so is another test's.
    app.database.execute("UPDATE approval SET state = 'approved'").await;
    let deployed = app.call(&app.agent("ana"), "wf_apply", reaching(&both, "one")).await.unwrap();
    assert_eq!(deployed["status"], "deployed");
    let less = reaching(&["a.example"], "two");
    let [first, second] = one_that_waits(&app, less, ("ana", reaching(&both, "three"))).await;
    app.backend.go_on();
    first.await.unwrap().unwrap();
    let refused = second.await.unwrap().unwrap_err();
    assert_eq!(refused.code, FailureCode::Conflict, "{refused:?}");
    assert!(refused.message.contains("came to run in the meantime"), "{refused:?}");
    agree(&app).await;
    // Asked again it needs the owner.
    let asked = app.call(&app.agent("ana"), "wf_apply", reaching(&both, "three")).await.unwrap();
    assert_eq!(asked["status"], "needs_approval");
}

#[tokio::test]
async fn an_enclave_that_is_removed_takes_the_deploys_with_it_that_have_begun() {
    let app = App::start().await;
    set_up(&app).await;
    let mut args = hello("hello", "late");
    args["enclave"] = json!("price-watch");
    app.backend.stop_first_at("before deploy");
    let deploying = at_once(&app, "ana", "wf_apply", args);
    app.backend.until_waiting(1).await;
    let gone = json!({"name": "price-watch", "confirm": "price-watch"});
    let removing = at_once(&app, "ana", "enclave_deprovision", gone);
    let begun = async || app.database.rows().await["enclave"][0].contains("state=deprovisioning");
    until("the removal has begun", begun).await;
    app.backend.go_on();
    assert_eq!(removing.await.unwrap().unwrap()["deleted"], true);
    // it was done and then removed with the rest
    assert!(deploying.await.unwrap().is_ok());
    assert!(app.backend.world().tentacles.is_empty());
    agree(&app).await;
}
