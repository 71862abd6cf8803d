//! New reach: asked for, approved by a click of the owner's, used once, and void in every other case.

use crate::app::App;
use crate::door::InChannel;
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use wire::assertion::Kind;
use wire::{Failure, FailureCode};

on_both_stores! {
    new_reach_waits_for_the_owners_click_and_is_used_once
    an_approval_is_for_this_asker_this_version_and_what_runs_now
    an_approval_outlives_a_version_that_fails_its_fixtures
    what_is_approved_anew_after_fixtures_that_failed_is_what_is_more_or_somebody_elses
    an_approval_is_void_for_good_when_something_else_came_to_run
    a_deploy_of_which_nobody_knows_how_it_ended_can_be_repeated_and_no_other
    a_token_alone_approves_nothing
    what_an_agent_chose_approves_nothing
    a_refusal_an_old_question_and_a_decided_one_are_void
    less_reach_and_the_same_need_nobody
    a_range_that_is_looked_at_less_waits_for_the_owner
    secrets_that_are_missing_are_named_and_none_is_told
    who_does_not_see_the_channel_brings_the_question_there
}

/// `hello`, which reaches these hosts.
pub(crate) fn reaching(hosts: &[&str]) -> Value {
    let mut args = hello("hello", "hi");
    let yaml = args["files"]["workflow.yaml"].as_str().unwrap().to_owned();
    let dependencies: String = hosts
        .iter()
        .enumerate()
        .map(|(n, host)| format!("    d{n}: {{protocol: https, host: {host}}}\n"))
        .collect();
    args["files"]["workflow.yaml"] =
        format!("{yaml}contract:\n  version: '1'\n  dependencies:\n{dependencies}").into();
    args
}

/// Ana clicks a button, or somebody else does.
pub(crate) async fn click(channel: &InChannel<'_>, person: &str, args: Value) -> Result<Value, Failure> {
    by(channel, person, Kind::Click, "reach_approve", args).await
}

async fn by(
    channel: &InChannel<'_>,
    person: &str,
    kind: Kind,
    tool: &str,
    args: Value,
) -> Result<Value, Failure> {
    let mut said = channel.assertion(person, tool, &args);
    said.kind = kind;
    channel.door().send(person, tool, args, &said).await
}

/// Asks to deploy, which must wait; answers the approval's id.
async fn ask(channel: &InChannel<'_>, person: &str, args: &Value) -> String {
    let asked = channel.say(person, "wf_apply", args.clone()).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    asked["approval"]["id"].as_str().unwrap().to_owned()
}

fn yes(id: &str) -> Value {
    json!({"approval": id, "approve": true})
}

async fn new_reach_waits_for_the_owners_click_and_is_used_once(app: App) {
    let channel = set_up(&app).await;
    let args = reaching(&["shop.example"]);
    let asked = channel.say("ben", "wf_apply", args.clone()).await.unwrap();
    assert_eq!(asked["status"], "needs_approval");
    assert_eq!(asked["approval"]["changes"], json!(["hello connects to shop.example:443"]));
    assert_eq!(asked["approval"]["owner"], "ana");
    assert!(app.backend.world().tentacles.is_empty(), "nothing was deployed");
    let id = asked["approval"]["id"].as_str().unwrap();
    assert_eq!(ask(&channel, "ben", &args).await, id, "the same question is the same one");

    let denied = click(&channel, "ben", yes(id)).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied, "{denied:?}");
    let decided = click(&channel, "ana", yes(id)).await.unwrap();
    assert_eq!((&decided["approved"], &decided["asked_by"]), (&json!(true), &json!("ben")));
    assert_eq!(decided["asked_by_you"], false);
    let deployed = channel.say("ben", "wf_apply", args.clone()).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");

    // Used up: when it is gone, the same again is asked anew.
    let gone = json!({"name": "hello", "confirm": "hello"});
    channel.say("ben", "wf_remove", gone).await.unwrap();
    assert_ne!(ask(&channel, "ben", &args).await, id);
}

async fn an_approval_is_for_this_asker_this_version_and_what_runs_now(app: App) {
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "first")).await.unwrap();
    let (args, mut other) = (reaching(&["shop.example"]), reaching(&["shop.example"]));
    other["files"]["README.md"] = json!("another content with the same reach");
    let id = ask(&channel, "ben", &args).await;
    click(&channel, "ana", yes(&id)).await.unwrap();
    // Another content, and another asker, the owner herself: each is a question of its own.
    assert_ne!(ask(&channel, "ben", &other).await, id);
    assert_ne!(ask(&channel, "ana", &args).await, id);
    // Something else runs meanwhile.
    channel.say("ben", "wf_apply", hello("hello", "second")).await.unwrap();
    assert_ne!(ask(&channel, "ben", &args).await, id);
    assert_eq!(app.backend.world().tentacles.len(), 1);
}

/// The same with other code.
fn mended(args: &Value) -> Value {
    let mut mended = args.clone();
    mended["files"]["README.md"] = json!("mended");
    mended
}

/// Ben has asked for `args`, ana has approved it, and the version has failed its fixtures.
async fn approved_and_failed(app: &App, channel: &InChannel<'_>, args: &Value) -> String {
    let id = ask(channel, "ben", args).await;
    click(channel, "ana", yes(&id)).await.unwrap();
    app.backend.fail_fixtures();
    let failed = channel.say("ben", "wf_apply", args.clone()).await.unwrap_err();
    assert!(failed.message.contains("it expected 3, and got 4"), "{failed:?}");
    let remedy = failed.remedy.unwrap();
    assert!(remedy.contains("stays approved for whatever reaches the same"), "{remedy}");
    id
}

async fn an_approval_outlives_a_version_that_fails_its_fixtures(app: App) {
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "first")).await.unwrap();
    let args = reaching(&["shop.example"]);
    approved_and_failed(&app, &channel, &args).await;
    // It fails once more, and then the mended one comes to serve: nobody is asked again.
    app.backend.fail_fixtures();
    channel.say("ben", "wf_apply", mended(&args)).await.unwrap_err();
    let deployed = channel.say("ben", "wf_apply", mended(&args)).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");
    // That used it up: what ran before comes back, and the same is asked anew.
    channel.say("ben", "wf_apply", hello("hello", "first")).await.unwrap();
    for again in [&args, &mended(&args)] {
        let asked = channel.say("ben", "wf_apply", again.clone()).await.unwrap();
        assert_eq!(asked["status"], "needs_approval", "{asked}");
    }
}

async fn what_is_approved_anew_after_fixtures_that_failed_is_what_is_more_or_somebody_elses(app: App) {
    let channel = set_up(&app).await;
    let args = reaching(&["shop.example"]);
    let id = approved_and_failed(&app, &channel, &args).await;
    // More reach, other reach, and another asker, the owner herself.
    for more in [&["shop.example", "news.example"][..], &["news.example"]] {
        assert_ne!(ask(&channel, "ben", &reaching(more)).await, id);
    }
    assert_ne!(ask(&channel, "ana", &args).await, id);
    // It cannot be decided twice, and an agent of the asker's decides nothing.
    let twice = click(&channel, "ana", yes(&id)).await.unwrap_err();
    assert_eq!(twice.code, FailureCode::Conflict, "{twice:?}");
    let waits = ask(&channel, "ben", &reaching(&["news.example"])).await;
    let denied = by(&channel, "ben", Kind::Agent, "reach_approve", yes(&waits)).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    // A removal, and a day, end it.
    app.database.execute("UPDATE approval SET expires_at = 1 WHERE state = 'returned'").await;
    assert_ne!(ask(&channel, "ben", &args).await, id);
    let other = reaching(&["other.example"]);
    let id = approved_and_failed(&app, &channel, &other).await;
    channel.say("ben", "wf_remove", json!({"name": "hello", "confirm": "hello"})).await.unwrap();
    assert_ne!(ask(&channel, "ben", &other).await, id);
    assert!(app.backend.world().tentacles.is_empty());
}

async fn an_approval_is_void_for_good_when_something_else_came_to_run(app: App) {
    let channel = set_up(&app).await;
    let deploys = async |args: Value| {
        let deployed = channel.say("ben", "wf_apply", args).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{deployed}");
    };
    deploys(hello("hello", "first")).await;
    let (args, other) = (reaching(&["shop.example"]), reaching(&["news.example"]));
    let returned = approved_and_failed(&app, &channel, &args).await;
    let approved = ask(&channel, "ben", &other).await;
    click(&channel, "ana", yes(&approved)).await.unwrap();
    let waiting = ask(&channel, "ana", &args).await;
    deploys(hello("hello", "second")).await;
    deploys(hello("hello", "first")).await;
    // What ran when they were asked for runs again, and they stay void.
    assert_ne!(ask(&channel, "ben", &args).await, returned);
    assert_ne!(ask(&channel, "ben", &other).await, approved);
    let void = click(&channel, "ana", yes(&waiting)).await.unwrap_err();
    assert_eq!(void.code, FailureCode::Conflict, "{void:?}");
}

async fn a_deploy_of_which_nobody_knows_how_it_ended_can_be_repeated_and_no_other(app: App) {
    let channel = set_up(&app).await;
    for (point, host) in [("before deploy", "shop.example"), ("after deploy", "news.example")] {
        let args = reaching(&[host]);
        let id = ask(&channel, "ben", &args).await;
        click(&channel, "ana", yes(&id)).await.unwrap();
        app.backend.fail_at(point);
        let failed = channel.say("ben", "wf_apply", args.clone()).await.unwrap_err();
        assert!(failed.remedy.unwrap().contains("stays approved for this same version"), "{point}");
        assert_ne!(ask(&channel, "ben", &mended(&args)).await, id, "{point}");
        let deployed = channel.say("ben", "wf_apply", args).await.unwrap();
        assert_eq!(deployed["status"], "deployed", "{point}: {deployed}");
    }
}

async fn a_token_alone_approves_nothing(app: App) {
    let channel = set_up(&app).await;
    let id = ask(&channel, "ana", &reaching(&["shop.example"])).await;
    for client in ["agents", "tntc"] {
        let token = app.issuer.token("ana", client);
        let denied = app.call(&token, "reach_approve", yes(&id)).await.unwrap_err();
        assert_eq!(denied.code, FailureCode::Denied);
        assert!(denied.message.contains("a token alone"), "{denied:?}");
    }
    // The owner's own deploy waits for her own click, too.
    let waits = channel.say("ana", "wf_apply", reaching(&["shop.example"])).await.unwrap();
    assert_eq!(waits["approval"]["id"], id);
}

async fn what_an_agent_chose_approves_nothing(app: App) {
    let channel = set_up(&app).await;
    let id = ask(&channel, "ana", &reaching(&["shop.example"])).await;
    for kind in [Kind::Agent, Kind::Message, Kind::Command] {
        let denied = by(&channel, "ana", kind, "reach_approve", yes(&id)).await.unwrap_err();
        assert_eq!(denied.code, FailureCode::Denied, "{kind:?}");
    }
}

async fn a_refusal_an_old_question_and_a_decided_one_are_void(app: App) {
    let channel = set_up(&app).await;
    let args = reaching(&["shop.example"]);
    let first = ask(&channel, "ben", &args).await;
    click(&channel, "ana", json!({"approval": first, "approve": false})).await.unwrap();
    let second = ask(&channel, "ben", &args).await;
    assert_ne!(second, first);
    for void in [first.as_str(), "01890a5d-ac96-774b-bcce-b302099a8057"] {
        let conflict = click(&channel, "ana", yes(void)).await.unwrap_err();
        assert_eq!(conflict.code, FailureCode::Conflict, "{conflict:?}");
    }
    click(&channel, "ana", yes(&second)).await.unwrap();
    let again = click(&channel, "ana", yes(&second)).await.unwrap_err();
    assert_eq!(again.code, FailureCode::Conflict, "decided once");
    app.database.execute("UPDATE approval SET expires_at = 1").await;
    assert_ne!(ask(&channel, "ben", &args).await, second, "a day has passed");
    assert!(app.backend.world().tentacles.is_empty());
}

async fn less_reach_and_the_same_need_nobody(app: App) {
    let channel = set_up(&app).await;
    let both = reaching(&["shop.example", "news.example"]);
    let id = ask(&channel, "ana", &both).await;
    click(&channel, "ana", yes(&id)).await.unwrap();
    let deploy = async |args: Value| channel.say("ben", "wf_apply", args).await.unwrap()["status"].clone();
    assert_eq!(channel.say("ana", "wf_apply", both.clone()).await.unwrap()["status"], "deployed");
    let mut same = both.clone();
    same["files"]["README.md"] = json!("changed");
    assert_eq!(deploy(same).await, "deployed");
    assert_eq!(deploy(reaching(&["shop.example"])).await, "deployed");
    // What was given up is new again.
    assert_eq!(deploy(both).await, "needs_approval");
}

async fn a_range_that_is_looked_at_less_waits_for_the_owner(app: App) {
    let channel = set_up(&app).await;
    let speaking = |protocol: &str| {
        let mut args = reaching(&["shop.example"]);
        let yaml = args["files"]["workflow.yaml"].as_str().unwrap();
        let range =
            format!("protocol: {protocol}, type: dynamic-target, cidr: 203.0.113.0/24, dynPorts: [8443/TCP]");
        args["files"]["workflow.yaml"] = yaml.replace("protocol: https, host: shop.example", &range).into();
        args
    };
    let id = ask(&channel, "ben", &speaking("https")).await;
    click(&channel, "ana", yes(&id)).await.unwrap();
    assert_eq!(channel.say("ben", "wf_apply", speaking("https")).await.unwrap()["status"], "deployed");
    for (protocol, how) in [("http", "without encryption"), ("tcp", "with a protocol of its own")] {
        let asked = channel.say("ben", "wf_apply", speaking(protocol)).await.unwrap();
        let change = format!("hello connects to any address of 203.0.113.0/24 on port 8443/TCP {how}");
        assert_eq!(asked["approval"]["changes"], json!([change]), "{asked}");
    }
}

async fn secrets_that_are_missing_are_named_and_none_is_told(app: App) {
    let channel = set_up(&app).await;
    let mut args = hello("hello", "hi");
    let yaml = args["files"]["workflow.yaml"].as_str().unwrap().to_owned();
    let shop = "    shop: {protocol: https, host: shop.example, auth: {type: api-token, secret: shop.key}}\n";
    args["files"]["workflow.yaml"] =
        format!("{yaml}contract:\n  version: '1'\n  dependencies:\n{shop}").into();
    let asked = channel.say("ana", "wf_apply", args.clone()).await.unwrap();
    assert_eq!(asked["missing_secrets"], json!(["shop.key"]));
    assert_eq!(asked["new_reach"][1], "hello reads the secret shop.key");
    let id = asked["approval"]["id"].as_str().unwrap();
    let approved = by(&channel, "ana", Kind::Click, "reach_approve", yes(id)).await;
    approved.unwrap();
    let refused = channel.say("ana", "wf_apply", args.clone()).await;
    // The approval is not used up by a deploy that could not begin.
    let refused = refused.unwrap_err();
    assert!(refused.message.contains("shop.key"), "{refused:?}");

    let key = json!({"name": "shop.key", "value": "sword fish"});
    let denied = channel.say("ben", "secret_set", key.clone()).await.unwrap_err();
    assert_eq!(denied.code, FailureCode::Denied);
    let by_agent = by(&channel, "ana", Kind::Agent, "secret_set", key.clone()).await.unwrap_err();
    assert_eq!(by_agent.code, FailureCode::ClickRequired);
    channel.say("ana", "secret_set", key).await.unwrap();
    let listed = channel.say("ben", "secret_list", json!({})).await.unwrap();
    assert_eq!(listed["secrets"][0]["name"], "shop.key");
    assert!(!listed.to_string().contains("sword"));
    assert_eq!(app.backend.world().secrets_changed, [("price-watch".to_owned(), "shop.key".to_owned())]);
    assert_eq!(channel.say("ana", "wf_apply", args).await.unwrap()["status"], "deployed");
    assert!(!format!("{:?}", app.database.rows().await).contains("sword fish"), "it is sealed at rest");

    let gone = json!({"name": "shop.key", "confirm": "shop.key"});
    channel.say("ana", "secret_remove", gone.clone()).await.unwrap();
    let missing = channel.say("ana", "secret_remove", gone).await.unwrap_err();
    assert_eq!(missing.code, FailureCode::NotFound);
    let odd = channel.say("ana", "secret_set", json!({"name": "no point", "value": "x"})).await.unwrap_err();
    assert_eq!(odd.code, FailureCode::Invalid);
}

async fn who_does_not_see_the_channel_brings_the_question_there(app: App) {
    set_up(&app).await;
    let mut args = reaching(&["shop.example"]);
    args["enclave"] = json!("price-watch");
    let asked = app.call(&app.agent("ben"), "wf_apply", args.clone()).await.unwrap();
    let notices = app.relay("notices", json!({})).await.unwrap();
    let notice = &notices["notices"][0];
    assert_eq!(notice["approval"], asked["approval"]["id"], "{notices}");
    assert!(notice["text"].as_str().unwrap().contains("hello connects to shop.example:443"), "{notice}");
    // Once.
    app.call(&app.agent("ben"), "wf_apply", args.clone()).await.unwrap();
    assert_eq!(app.relay("notices", json!({})).await.unwrap()["notices"].as_array().unwrap().len(), 1);
    let id = asked["approval"]["id"].as_str().unwrap();
    click(&price_watch(&app), "ana", yes(id)).await.unwrap();
    assert_eq!(app.call(&app.agent("ben"), "wf_apply", args).await.unwrap()["status"], "deployed");
}
