//! Somebody changes what runs past the server: status tells it, and whoever may deploy puts it back.

use crate::app::{App, until};
use crate::team::{hello, price_watch, set_up};
use mcp_server::backend::Apart;
use serde_json::{Value, json};
use wire::FailureCode;

const PLACE: [&str; 2] = ["price-watch", "hello"];

/// Somebody changes this of `hello`.
pub(crate) fn change(app: &App, apart: Vec<Apart>) {
    app.backend.world().by_hand.insert(PLACE.map(str::to_owned).into(), apart);
}

/// Somebody has scaled it.
pub(crate) fn scaled() -> Apart {
    let (object, field) = ("Deployment hello-1".to_owned(), "spec.replicas".to_owned());
    Apart::Changed { object, field, by: Some("kubectl-edit".to_owned()) }
}

fn gone() -> Apart {
    Apart::Gone { object: "NetworkPolicy hello-1".to_owned() }
}

async fn what_somebody_changed_is_told_and_put_back_by_whoever_may_deploy(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    let told = async |person: &str| -> Value {
        let status = channel.say(person, "state_status", json!({})).await.unwrap();
        status["tentacles"][0].clone()
    };
    assert_eq!(told("ben").await["state"], "not_in_git");
    change(&app, vec![scaled()]);
    let entry = told("ben").await;
    assert_eq!(
        (&entry["state"], &entry["offer"]),
        (&json!("changed_by_hand"), &json!("put it back as it was"))
    );
    assert_eq!(entry["says"], "somebody changed it where it runs, with `kubectl-edit`");
    let part = json!({"object": "Deployment hello-1", "field": "spec.replicas", "by": "kubectl-edit"});
    assert_eq!(entry["by_hand"], json!([part]));
    change(&app, vec![scaled(), gone()]);
    let entry = told("ben").await;
    assert_eq!(
        (&entry["state"], &entry["by_hand"][1]),
        (&json!("missing"), &json!({"object": "NetworkPolicy hello-1"}))
    );
    // Who may not see the tentacle hears nothing of it, and who may not deploy it puts nothing back.
    channel.say("ana", "wf_set_mode", json!({"name": "hello", "mode": "private"})).await.unwrap();
    let hidden = channel.say("ben", "state_status", json!({})).await.unwrap();
    assert_eq!(hidden["tentacles"], json!([]));
    let repair = json!({"name": "hello"});
    let refused = channel.say("ben", "state_repair", repair.clone()).await.unwrap_err();
    assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
    assert_eq!(told("ana").await["state"], "missing");
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    let frozen = channel.say("ana", "state_repair", repair.clone()).await.unwrap_err();
    assert!(frozen.message.contains("frozen"), "{frozen:?}");
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    let done = channel.say("ana", "state_repair", repair.clone()).await.unwrap();
    assert_eq!(done["put_back"], json!(["thing"]));
    assert_eq!(told("ana").await["state"], "not_in_git");
    assert_eq!(channel.say("ana", "state_repair", repair).await.unwrap()["put_back"], json!([]));
}

async fn what_cannot_be_looked_at_is_said_to_be_unknown(app: App) {
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    app.backend.fail_at("before apart");
    let status = channel.say("ana", "state_status", json!({})).await.unwrap();
    assert!(status["unseen"].as_str().unwrap().contains("not known"), "{status}");
    let status = channel.say("ana", "state_status", json!({})).await.unwrap();
    assert_eq!(status.get("unseen"), None);
}

/// The server dies in the middle: what it left comes to its end.
async fn a_repair_that_a_crash_cut_off_comes_to_its_end(mut app: App) {
    {
        let channel = set_up(&app).await;
        channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    }
    change(&app, vec![scaled()]);
    app.backend.stop_at("before put back");
    let door = app.door();
    let asking =
        tokio::spawn(
            async move { price_watch(&door).say("ana", "state_repair", json!({"name": "hello"})).await },
        );
    app.die_in(asking).await;
    assert_eq!(app.backend.world().by_hand.len(), 1);
    app.run().await;
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
    assert_eq!(app.backend.world().by_hand.len(), 0);
}

crate::on_both_stores! {
    what_somebody_changed_is_told_and_put_back_by_whoever_may_deploy
    what_cannot_be_looked_at_is_said_to_be_unknown
    a_repair_that_a_crash_cut_off_comes_to_its_end
}
