//! What is not as it should be is told in the enclave's channel, once: what somebody changed where it runs, and what came into
//! git and does not run. Nothing is deployed by itself.

use crate::app::{App, until};
use crate::approvals::{click, reaching};
use crate::by_hand::{change, scaled};
use crate::crowds::{from_elsewhere, trickle};
use crate::git::git;
use crate::state::{Repo, deploy, with_repo_and};
use crate::team::{hello, price_watch, set_up};
use hmac::{Hmac, KeyInit, Mac};
use mcp_server::Pace;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::Duration;
use wire::canonical;

const SECRET: &str = "a secret that both know";

/// Several looks of the server.
const A_WHILE: Duration = Duration::from_millis(1500);

fn quick() -> Pace {
    let (soon, later) = (Duration::from_millis(50), Duration::from_millis(600));
    Pace { reconcile_every: soon, left_alone: later, git_every: later, ..Pace::default() }
}

/// What the channel is told and has not acknowledged: the text, and whom alone it is for.
async fn told(app: &App) -> Vec<(String, Value)> {
    let waiting = app.relay("notices", json!({})).await.unwrap();
    let notices = waiting["notices"].as_array().unwrap().iter();
    notices.map(|notice| (notice["text"].as_str().unwrap().to_owned(), notice["user"].clone())).collect()
}

/// Waits until so much was told, and then a while whether more is.
async fn told_in_all(app: &App, count: usize) -> Vec<(String, Value)> {
    until("it is told", async || told(app).await.len() >= count).await;
    tokio::time::sleep(A_WHILE).await;
    let told = told(app).await;
    assert_eq!(told.len(), count, "{told:?}");
    told
}

#[tokio::test]
async fn what_somebody_changed_is_told_once_and_again_when_it_is_another() {
    let mut app = App::paced(quick()).await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    assert_eq!(told_in_all(&app, 0).await, []);
    change(&app, vec![scaled()]);
    let first = told_in_all(&app, 1).await;
    let (text, user) = &first[0];
    assert!(
        text.starts_with("Somebody changed, with `kubectl-edit`, hello where it runs.")
            && text.contains("tntc state repair hello -e price-watch"),
        "{text}"
    );
    assert_eq!(user, &Value::Null);
    // Nor does a server that begins anew tell it again.
    app.kill().await;
    app.run().await;
    told_in_all(&app, 1).await;
    let channel = price_watch(&app);
    channel.say("ana", "state_repair", json!({"name": "hello"})).await.unwrap();
    told_in_all(&app, 1).await;
    change(&app, vec![scaled()]);
    told_in_all(&app, 2).await;
    // What the channel may not see its owner hears alone.
    channel.say("ana", "state_repair", json!({"name": "hello"})).await.unwrap();
    channel.say("ana", "wf_set_mode", json!({"name": "hello", "mode": "private"})).await.unwrap();
    told_in_all(&app, 2).await;
    change(&app, vec![scaled()]);
    assert_eq!(told_in_all(&app, 3).await[2].1, json!("UANA"));
    // Nor may it see any of them where the enclave itself is closed to it.
    channel.say("ana", "state_repair", json!({"name": "hello"})).await.unwrap();
    channel.say("ana", "wf_set_mode", json!({"name": "hello", "mode": "member-read"})).await.unwrap();
    channel.say("ana", "enclave_sync", json!({"new_mode": "rwx------"})).await.unwrap();
    told_in_all(&app, 3).await;
    change(&app, vec![scaled()]);
    assert_eq!(told_in_all(&app, 4).await[3].1, json!("UANA"));
}

#[tokio::test]
async fn what_the_owner_wants_put_back_is_put_back_on_record_and_told() {
    let app = App::paced(quick()).await;
    let channel = set_up(&app).await;
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    let wanted = json!({"drift": "repair"});
    channel.say("ben", "enclave_drift", wanted.clone()).await.unwrap_err();
    channel.say("ana", "enclave_drift", json!({"drift": "perhaps"})).await.unwrap_err();
    let set = channel.say("ana", "enclave_drift", wanted).await.unwrap();
    assert_eq!((&set["before"], &set["drift"]), (&json!("report"), &json!("repair")));
    assert_eq!(channel.say("ana", "enclave_info", json!({})).await.unwrap()["drift"], "repair");
    change(&app, vec![scaled()]);
    let (text, _) = told_in_all(&app, 1).await.remove(0);
    assert_eq!(
        text,
        "Somebody changed hello where it runs, with `kubectl-edit`. It was put back, as this enclave's owner wants it."
    );
    assert_eq!(app.backend.world().by_hand.len(), 0);
    // The same again is put back again, and is no news within the hour.
    change(&app, vec![scaled()]);
    until("it is put back again", async || app.backend.world().by_hand.is_empty()).await;
    told_in_all(&app, 1).await;
    let trail = app.database.rows().await["trail"].join("\n");
    assert!(trail.contains("reconcile.repair"), "{trail}");
    // While it is frozen nothing is put back: it is told.
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    change(&app, vec![scaled()]);
    let (text, _) = told_in_all(&app, 2).await.remove(1);
    assert!(text.contains("state repair"), "{text}");
    assert_eq!(app.backend.world().by_hand.len(), 1);
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    told_in_all(&app, 3).await;
    assert_eq!(app.backend.world().by_hand.len(), 0);
}

/// A server that polls, with one version of `hello` in git that runs.
async fn polling(flags: &[String]) -> (App, Repo) {
    let mut app = App::paced(quick()).await;
    let repo = with_repo_and(&mut app, flags).await;
    let channel = set_up(&app).await;
    let one = repo.push("one", "main");
    deploy(&channel, &one).await.unwrap();
    (app, repo)
}

#[tokio::test]
async fn what_came_into_git_is_told_once_and_not_deployed() {
    let (mut app, repo) = polling(&["--state-poll=1".to_owned()]).await;
    assert_eq!(told_in_all(&app, 0).await, []);
    let running = async |app: &App| -> Value {
        let args = json!({"enclave": "price-watch", "name": "hello"});
        app.call(&app.agent("ana"), "wf_status", args).await.unwrap()["version"].clone()
    };
    let before = running(&app).await;
    let two = repo.push("two", "main");
    let (text, _) = told_in_all(&app, 1).await.remove(0);
    assert!(
        text.starts_with(
            "Git has another version of hello than the one that runs (in git: \"hello: two\" by Ana Sousa"
        ) && text.ends_with("Say `deploy hello` to run it."),
        "{text}"
    );
    assert_eq!(running(&app).await, before);
    // A commit that changes nothing of it, and a server that begins anew, tell nothing.
    std::fs::write(repo.clone.join("notes.md"), "x").unwrap();
    repo.commit("notes", "main");
    app.kill().await;
    app.run().await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    told_in_all(&app, 1).await;
    deploy(&price_watch(&app), &two).await.unwrap();
    // A new one, and the old one gone.
    std::fs::rename(
        repo.clone.join("enclaves/price-watch/hello"),
        repo.clone.join("enclaves/price-watch/greeter"),
    )
    .unwrap();
    repo.commit("another name", "main");
    let (text, _) = told_in_all(&app, 2).await.remove(1);
    assert!(text.contains("greeter is in git") && text.contains("hello was removed in git"), "{text}");
}

#[tokio::test]
async fn what_waits_for_its_owner_is_told_when_it_waits_no_more() {
    let (app, repo) = polling(&["--state-poll=1".to_owned()]).await;
    repo.write_files(&reaching(&["shop.example"]));
    let commit = repo.commit("hello: a shop", "main");
    let channel = price_watch(&app);
    let args = json!({"name": "hello", "commit": commit});
    let asked = channel.say("ben", "wf_apply", args).await.unwrap();
    assert_eq!(asked["status"], "needs_approval", "{asked}");
    tokio::time::sleep(Duration::from_secs(3)).await;
    told_in_all(&app, 0).await;
    let answer = json!({"approval": asked["approval"]["id"], "approve": false});
    click(&channel, "ana", answer).await.unwrap();
    let (text, _) = told_in_all(&app, 1).await.remove(0);
    assert!(text.contains("Git has another version of hello than the one that runs"), "{text}");
}

#[tokio::test]
async fn what_is_committed_and_deployed_while_git_is_looked_at_is_no_news() {
    let (app, repo) = polling(&[]).await;
    for name in ["greeter", "teller", "caller"] {
        repo.write("notes.md", name);
        repo.commit("notes", "main");
        // By now the server has seen that commit.
        tokio::time::sleep(Duration::from_millis(700)).await;
        for (path, text) in hello(name, "one")["files"].as_object().unwrap() {
            repo.write(&format!("enclaves/price-watch/{name}/{path}"), text.as_str().unwrap());
        }
        let commit = repo.commit(name, "main");
        let args = json!({"name": name, "commit": commit});
        assert_eq!(price_watch(&app).say("ana", "wf_apply", args).await.unwrap()["status"], "deployed");
        told_in_all(&app, 0).await;
    }
}

#[tokio::test]
async fn git_is_looked_at_where_nothing_is_said_and_what_cannot_be_read_there_is_told_once() {
    let (app, repo) = polling(&[]).await;
    let link = repo.clone.join("enclaves/price-watch/hello/nodes/elsewhere.ts");
    std::os::unix::fs::symlink("/etc/passwd", &link).unwrap();
    repo.commit("hello: a link", "main");
    let (text, user) = told_in_all(&app, 1).await.remove(0);
    assert!(
        text.starts_with("What git has of hello cannot be deployed (in git: \"hello: a link\" by Ana Sousa")
            && text.contains("is a symbolic link")
            && text.ends_with("What ran before goes on; mend it in git."),
        "{text}"
    );
    assert_eq!(user, Value::Null);
    // The same again is no news, and what is mended is.
    repo.write("notes.md", "x");
    repo.commit("notes", "main");
    told_in_all(&app, 1).await;
    std::fs::remove_file(&link).unwrap();
    repo.push("two", "main");
    assert!(told_in_all(&app, 2).await[1].0.contains("another version of hello"));
}

#[tokio::test]
async fn a_signed_call_makes_the_server_look_and_nothing_else_does() {
    let file = std::env::temp_dir().join(format!("tentacular-git-{}", uuid::Uuid::now_v7()));
    std::fs::write(&file, format!("{SECRET}\n")).unwrap();
    let off = "--state-poll=0".to_owned();
    let (app, repo) = polling(&[format!("--git-webhook={}", file.display()), off]).await;
    std::fs::remove_file(&file).unwrap();
    repo.push("two", "main");
    let push = async |secret: &str, body: &'static str| {
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let signature = format!("sha256={}", canonical::hex(&mac.finalize().into_bytes()));
        let call = reqwest::Client::new().post(format!("{}/git/webhook", app.url)).body(body);
        call.header("x-hub-signature-256", signature).send().await.unwrap().status().as_u16()
    };
    assert_eq!(push("another secret entirely", "{}").await, 401);
    let unsigned = reqwest::Client::new().post(format!("{}/git/webhook", app.url)).send().await.unwrap();
    assert_eq!(unsigned.status(), 401);
    assert_eq!(told_in_all(&app, 0).await, []);
    // Nothing of what is said is believed: what there is to tell is in git.
    let lies = r#"{"ref":"refs/heads/evil","after":"0123456789012345678901234567890123456789"}"#;
    assert_eq!(push(SECRET, lies).await, 202);
    assert!(told_in_all(&app, 1).await[0].0.contains("another version of hello"));
    assert_eq!(push(SECRET, lies).await, 202);
    told_in_all(&app, 1).await;
    // Calls of other webhooks that never come to their end are not in its way, and its own are in that of their address alone.
    let _slow = trickle(&app, "/hooks/price-watch/hello/pushes").await;
    assert_eq!(push(SECRET, lies).await, 202);
    let _slow = trickle(&app, "/git/webhook").await;
    assert_eq!(push(SECRET, lies).await, 429);
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(lies.as_bytes());
    let signature = format!("sha256={}", canonical::hex(&mac.finalize().into_bytes()));
    let call = from_elsewhere().post(format!("{}/git/webhook", app.url)).body(lies);
    assert_eq!(call.header("x-hub-signature-256", signature).send().await.unwrap().status(), 202);
}

#[tokio::test]
async fn without_a_secret_nobody_is_heard() {
    let (app, _repo) = polling(&[]).await;
    let call = reqwest::Client::new().post(format!("{}/git/webhook", app.url)).send().await.unwrap();
    assert_eq!(call.status(), 404);
}

/// Git is away for a while: that is in the log, and what came meanwhile is told when it is back.
#[tokio::test]
async fn what_was_pushed_while_git_was_away_is_told_when_it_is_back() {
    let (app, repo) = polling(&["--state-poll=1".to_owned()]).await;
    let away = app.file("away.git");
    std::fs::rename(&repo.bare, &away).unwrap();
    // Whoever has another way there pushes meanwhile.
    git(&repo.clone, &["remote", "set-url", "origin", away.to_str().unwrap()]);
    repo.push("two", "main");
    tokio::time::sleep(A_WHILE).await;
    assert_eq!(told(&app).await, []);
    std::fs::rename(&away, &repo.bare).unwrap();
    assert!(told_in_all(&app, 1).await[0].0.contains("hello: two"));
    // A frozen enclave is told when it is not frozen any more.
    git(&repo.clone, &["remote", "set-url", "origin", repo.bare.to_str().unwrap()]);
    let channel = price_watch(&app);
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    repo.push("three", "main");
    told_in_all(&app, 1).await;
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    assert!(told_in_all(&app, 2).await[1].0.contains("hello: three"));
}
