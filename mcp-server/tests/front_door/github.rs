//! A state repo at GitHub: the server is an app there, which fetches with tokens that end and says at commits what became of
//! them.

use crate::app::{App, until};
use crate::git::git;
use crate::hub::{APP, Hub};
use crate::state::{Repo, deploy};
use crate::team::set_up;
use jiff::SignedDuration;
use serde_json::json;
use wire::FailureCode;

/// A server that is an app at the stand-in, with its key or with another.
pub(crate) async fn at_the_hub(app: &mut App, key: Option<&str>) -> (Hub, Repo) {
    app.kill().await;
    std::fs::create_dir(app.file("team")).unwrap();
    git(&app.file("team"), &["init", "--quiet", "--bare", "state.git"]);
    git(app.dir.path(), &["clone", "--quiet", "team/state.git", "clone"]);
    let repo = Repo { bare: app.file("team/state.git"), clone: app.file("clone") };
    let hub = Hub::start(app.dir.path()).await;
    std::fs::write(app.file("app.pem"), key.unwrap_or(&hub.key)).unwrap();
    for flag in [
        format!("--state-repo={}/team/state.git", hub.url),
        format!("--state-dir={}", app.file("state-copy").display()),
        format!("--github-app={APP}"),
        format!("--github-key={}", app.file("app.pem").display()),
        format!("--github-api={}", hub.url),
    ] {
        app.flags.push(Box::leak(flag.into_boxed_str()));
    }
    app.run().await;
    (hub, repo)
}

/// What is told at a commit, once there are so many words.
async fn told(hub: &Hub, commit: &str, count: usize) -> Vec<(String, String)> {
    until(&format!("{count} words at {commit}"), async || hub.told(commit).len() >= count).await;
    let told = hub.told(commit);
    assert!(told.iter().all(|(_, context, _)| context == "tentacular/price-watch/hello"), "{told:?}");
    told.into_iter().map(|(state, _, text)| (state, text)).collect()
}

#[tokio::test]
async fn a_commit_is_fetched_with_the_app_s_token_and_says_what_became_of_it() {
    let mut app = App::start().await;
    let (hub, repo) = at_the_hub(&mut app, None).await;
    let channel = set_up(&app).await;
    let one = repo.push("one", "main");
    assert_eq!(deploy(&channel, &one).await.unwrap()["status"], "deployed");
    let says = |state: &str, text: &str| (state.to_owned(), text.to_owned());
    let begun = says("pending", "hello is being deployed to price-watch");
    assert_eq!(told(&hub, &one, 2).await, [begun.clone(), says("success", "hello runs in price-watch")]);
    let two = repo.push("two", "main");
    app.backend.fail_at("before deploy");
    deploy(&channel, &two).await.unwrap_err();
    let failed = says("failure", "hello was not deployed to price-watch; what ran goes on");
    assert_eq!(told(&hub, &two, 2).await, [begun, failed]);
    // The enclave's record is pushed with a token, too.
    channel.say("ana", "enclave_sync", json!({"new_quota_preset": "small"})).await.unwrap();
    let record = ["ls-tree", "--name-only", "main", "enclaves/price-watch/enclave.yaml"];
    until("the record is at GitHub", async || !git(&repo.bare, &record).is_empty()).await;
    // One token served all of it, and stands nowhere.
    let tokens = hub.tokens();
    assert_eq!(tokens.len(), 1);
    assert!(!format!("{:?}", app.database.rows().await).contains(&tokens[0]));
    let copy = std::fs::read_to_string(app.file("state-copy/repo.git/config")).unwrap();
    assert!(!copy.contains("ghs_") && !copy.contains("x-access-token"), "{copy}");
}

#[tokio::test]
async fn a_token_that_ended_or_was_taken_back_is_replaced() {
    let mut app = App::start().await;
    let (hub, repo) = at_the_hub(&mut app, None).await;
    let channel = set_up(&app).await;
    for greeting in ["one", "two"] {
        let commit = repo.push(greeting, "main");
        assert_eq!(deploy(&channel, &commit).await.unwrap()["status"], "deployed");
        assert_eq!(told(&hub, &commit, 2).await.len(), 2);
        hub.take_back();
    }
    assert_eq!(hub.tokens().len(), 2);
    // One that is about to end is not begun with.
    hub.tokens_live(SignedDuration::from_secs(120));
    for greeting in ["three", "four"] {
        let before = hub.tokens().len();
        let commit = repo.push(greeting, "main");
        assert_eq!(deploy(&channel, &commit).await.unwrap()["status"], "deployed");
        assert!(hub.tokens().len() > before);
    }
}

#[tokio::test]
async fn a_github_that_says_no_is_told_and_one_that_takes_no_words_stops_nothing() {
    let mut app = App::start().await;
    let other = rsa::RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap();
    let other = rsa::pkcs1::EncodeRsaPrivateKey::to_pkcs1_pem(&other, rsa::pkcs1::LineEnding::LF).unwrap();
    let (hub, repo) = at_the_hub(&mut app, Some(&other)).await;
    let commit = {
        let channel = set_up(&app).await;
        let commit = repo.push("one", "main");
        let refused = deploy(&channel, &commit).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Unavailable);
        assert!(refused.text().contains("GitHub does not let this server in"), "{}", refused.text());
        commit
    };
    app.kill().await;
    std::fs::write(app.file("app.pem"), &hub.key).unwrap();
    hub.takes_statuses(false);
    app.run().await;
    let channel = crate::team::price_watch(&app);
    assert_eq!(deploy(&channel, &commit).await.unwrap()["status"], "deployed");
    assert_eq!(hub.told(&commit), []);
    let status = channel.say("ana", "wf_status", json!({"name": "hello"})).await.unwrap();
    assert_eq!(status["commit"]["id"], json!(commit));
}
