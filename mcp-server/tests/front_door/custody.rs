//! A tentacle's mode, its owner, and a fresh copy of it.

use crate::app::App;
use crate::team::{hello, set_up};
use serde_json::json;
use wire::FailureCode;

#[tokio::test]
async fn a_mode_is_the_tentacle_owners_and_only_tightening_passes_a_freeze() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ben", "wf_apply", hello("hello", "hi")).await.unwrap();
    channel.say("ana", "wf_apply", hello("other", "hi")).await.unwrap();
    let to = |name: &str, mode: &str| json!({"name": name, "mode": mode});
    let told = channel.say("ben", "wf_set_mode", to("hello", "member-read")).await.unwrap();
    assert_eq!((&told["before"], &told["mode"]), (&json!("rwxrwx---"), &json!("rwxr-x---")));
    let refused = channel.say("ben", "wf_set_mode", to("other", "private")).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied);
    let unknown = channel.say("ben", "wf_set_mode", to("hello", "rwz")).await.unwrap_err();
    assert_eq!(unknown.code, FailureCode::Invalid);
    // a deploy does not bring the old mode back
    channel.say("ben", "wf_apply", hello("hello", "changed")).await.unwrap();
    let status = channel.say("ben", "wf_status", json!({"name": "hello"})).await.unwrap();
    assert_eq!((&status["mode"], &status["owner"]), (&json!("rwxr-x---"), &json!("ben")));
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    channel.say("ben", "wf_set_mode", to("hello", "private")).await.unwrap();
    let wider = channel.say("ben", "wf_set_mode", to("hello", "member-edit")).await.unwrap_err();
    assert!(wider.message.contains("frozen"), "{wider:?}");
}

#[tokio::test]
async fn a_tentacle_is_given_to_a_member_and_to_nobody_else() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    for visitor in ["cy", "gil"] {
        app.sign_in(visitor).await.unwrap();
    }
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let to = |to: &str| json!({"name": "hello", "to": to});
    for (visitor, why) in
        [("UGIL", "a guest"), ("UCY", "not in the channel"), ("UNOBODY", "has not signed in")]
    {
        let refused = channel.say("ana", "wf_transfer", to(visitor)).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Conflict, "{visitor}: {refused:?}");
        assert!(refused.message.contains(why), "{visitor}: {refused:?}");
    }
    channel.say("ben", "wf_transfer", to("UBEN")).await.unwrap_err();
    let told = channel.say("ana", "wf_transfer", to("<@UBEN>")).await.unwrap();
    assert_eq!((&told["from"], &told["to"]), (&json!("ana"), &json!("ben")));
    let mine = json!({"name": "hello", "mode": "private"});
    channel.say("ben", "wf_set_mode", mine).await.unwrap();
    // whoever leaves takes nothing along
    app.report("C1", &[("ana", "full")]).await;
    let status = channel.say("ana", "wf_status", json!({"name": "hello"})).await.unwrap();
    assert_eq!(status["owner"], "ana");
}

#[tokio::test]
async fn a_restart_is_for_those_who_may_run_it() {
    let app = App::start().await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "hi")).await.unwrap();
    let told = channel.say("ben", "wf_restart", json!({"deployment": "hello"})).await.unwrap();
    assert_eq!(told["restarted"], true);
    assert_eq!(app.backend.world().restarts.values().sum::<u32>(), 1);
    channel.say("gil", "wf_restart", json!({"name": "hello"})).await.unwrap_err();
    app.operate("wf_restart", json!({"enclave": "price-watch", "name": "hello"})).await.unwrap();
    let notices = app.relay("notices", json!({})).await.unwrap().to_string();
    assert!(notices.contains("is restarting the tentacle"), "{notices}");
}
