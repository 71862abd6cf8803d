//! Secrets that lie in git beside a tentacle: taken at the commit that is deployed, and from nowhere that they do not belong.

use crate::app::{App, until};
use crate::by_hand::{change, scaled};
use crate::clockwork::with_triggers;
use crate::door::InChannel;
use crate::hooks::hex_hmac;
use crate::state::{Repo, deploy, with_repo_and};
use crate::team::{hello, price_watch, set_up};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use state_repo::{AgeKey, Recipient};
use wire::FailureCode;

const HOOK: &str = "type: webhook, name: pushes, provider: github";
const FILE: &str = "enclaves/price-watch/hello/.secrets/github.enc.yaml";

/// A server whose age key is in a file, and its state repo.
pub(crate) struct Team {
    pub(crate) repo: Repo,
    server: Recipient,
}

impl Team {
    pub(crate) async fn new(app: &mut App) -> Self {
        let key = wire::seal::new_age_key();
        std::fs::write(app.file("age.key"), key.expose_secret()).unwrap();
        let flag = format!("--state-age-key={}", app.file("age.key").display());
        let repo = with_repo_and(app, &[flag]).await;
        Self { repo, server: AgeKey::read(&key).unwrap().recipient() }
    }

    /// Encrypts this value of the webhook's secret for a tentacle of an enclave.
    fn sealed(&self, place: (&str, &str), value: &str, to: &Recipient) -> String {
        let values = [("webhook_secret".to_owned(), SecretString::from(value))].into();
        let (enclave, tentacle) = (place.0.parse().unwrap(), place.1.parse().unwrap());
        state_repo::seal(&enclave, &tentacle, &values, std::slice::from_ref(to)).unwrap()
    }

    pub(crate) fn ours(&self, value: &str) -> String {
        self.sealed(("price-watch", "hello"), value, &self.server)
    }

    /// Commits the tentacle with this file of secrets, where there is one; answers the commit.
    pub(crate) fn commit(&self, file: Option<&str>) -> String {
        let args = with_triggers("hello", "hi", &[HOOK]);
        for (path, text) in args["files"].as_object().unwrap() {
            self.repo.write(&format!("enclaves/price-watch/hello/{path}"), text.as_str().unwrap());
        }
        match file {
            Some(text) => self.repo.write(FILE, text),
            None => self.repo.remove(FILE),
        }
        self.repo.write("notes.md", &uuid::Uuid::now_v7().to_string());
        self.repo.commit("hello", "main")
    }
}

/// Ana deploys a commit, and approves of what it reaches.
pub(crate) async fn approved(channel: &InChannel<'_>, commit: &str) -> Result<Value, wire::Failure> {
    let answer = deploy(channel, commit).await?;
    if answer["status"] != "needs_approval" {
        return Ok(answer);
    }
    let approve = json!({"approval": answer["approval"]["id"], "approve": true});
    channel.click("ana", "reach_approve", approve).await.unwrap();
    deploy(channel, commit).await
}

/// What the server answers to a call of the webhook that is signed with this.
pub(crate) async fn called(app: &App, secret: &str) -> u16 {
    let body = json!({"ref": uuid::Uuid::now_v7()}).to_string();
    let request = app
        .http
        .post(format!("{}/hooks/price-watch/hello/pushes", app.url))
        .header("X-Hub-Signature-256", format!("sha256={}", hex_hmac(secret, &[&body])))
        .header("X-GitHub-Delivery", uuid::Uuid::now_v7().to_string())
        .header("X-GitHub-Event", "push")
        .body(body);
    request.send().await.unwrap().status().as_u16()
}

/// Neither the store nor the signed heads have a value of them.
async fn keeps_none_in_clear(app: &App) {
    let rows = format!("{:?}", app.database.rows().await);
    assert!(rows.contains("ENC[AES256_GCM") && !rows.contains("canary"), "{rows}");
}

async fn a_secret_in_git_is_used_from_the_commit_that_is_deployed(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    let one = team.commit(Some(&team.ours("canary-1")));
    let told = channel.say("ana", "state_status", json!({})).await.unwrap();
    assert_eq!(told["recipient"], json!(team.server.to_string()));
    let deployed = approved(&channel, &one).await.unwrap();
    assert_eq!((&deployed["status"], &deployed["missing_secrets"]), (&json!("deployed"), &json!([])));
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (202, 401));
    assert_eq!(deploy(&channel, &one).await.unwrap()["status"], "unchanged");
    // The same code with another value of the secret is deployed anew, and until then it is told that there is one.
    let stands = async || {
        let told = channel.say("ana", "state_status", json!({})).await.unwrap();
        told["tentacles"][0]["state"].as_str().unwrap().to_owned()
    };
    assert_eq!(stands().await, "in_sync");
    let two = team.commit(Some(&team.ours("canary-2")));
    let told = channel.say("ana", "state_status", json!({})).await.unwrap();
    let entry = &told["tentacles"][0];
    assert_eq!((&entry["state"], &entry["offer"]), (&json!("other_secrets"), &json!("deploy it")), "{told}");
    assert!(!told.to_string().contains("canary"));
    let again = approved(&channel, &two).await.unwrap();
    assert_eq!((&again["status"], &again["version"]), (&json!("deployed"), &deployed["version"]));
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (401, 202));
    assert_eq!(stands().await, "in_sync");
    // What is in git goes before what was set in the enclave, and what was set serves where git has none.
    let set = json!({"name": "github.webhook_secret", "value": "canary-3"});
    channel.say("ana", "secret_set", set).await.unwrap();
    assert_eq!((called(&app, "canary-2").await, called(&app, "canary-3").await), (202, 401));
    let none = team.commit(None);
    assert_eq!(stands().await, "other_secrets");
    assert_eq!(approved(&channel, &none).await.unwrap()["status"], "deployed");
    assert_eq!((called(&app, "canary-2").await, called(&app, "canary-3").await), (401, 202));
    assert!(app.database.rows().await["git_secret"].is_empty());
}

/// Going back to a version brings back its files, and leaves its secrets as they are now.
async fn whether_an_older_commit_can_come_back_is_asked_of_the_secrets_of_now(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    let another = AgeKey::read(&wire::seal::new_age_key()).unwrap().recipient();
    let before_the_key_changed =
        team.commit(Some(&team.sealed(("price-watch", "hello"), "canary-1", &another)));
    let check = async || {
        let args = json!({"name": "hello", "commit": before_the_key_changed, "dry_run": true});
        channel.say("ana", "wf_apply", args).await
    };
    assert!(check().await.is_err());
    team.commit(Some(&team.ours("canary-2")));
    let checked = check().await.unwrap();
    assert_eq!((&checked["status"], &checked["missing_secrets"]), (&json!("checked"), &json!([])));
    team.commit(None);
    assert_eq!(check().await.unwrap()["missing_secrets"], json!(["github.webhook_secret"]));
    // What is deployed has what lies beside it.
    assert!(deploy(&channel, &before_the_key_changed).await.is_err());
}

async fn a_file_that_is_not_for_here_stops_the_deploy_and_shows_nothing(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    let ours = team.ours("canary-1");
    let other = AgeKey::read(&wire::seal::new_age_key()).unwrap().recipient();
    let swapped = |text: &str| {
        text.replacen("webhook_secret: ENC[AES256_GCM,data:", "webhook_secret: ENC[AES256_GCM,data:AAAA", 1)
    };
    for (what, file, why) in [
        ("copied", team.sealed(("price-watch", "other"), "canary-1", &team.server), "copied from there"),
        (
            "renamed",
            team.sealed(("price-watch", "other"), "canary-1", &team.server).replace("other", "hello"),
            "MAC",
        ),
        (
            "cut elsewhere",
            ours.replace("\"price-watch\"\ntentacle: \"hello\"", "\"price-watchh\"\ntentacle: \"ello\""),
            "copied from there",
        ),
        (
            "sealed for another, and called ours",
            team.sealed(("price-watchh", "ello"), "canary-1", &team.server)
                .replace("\"price-watchh\"\ntentacle: \"ello\"", "\"price-watch\"\ntentacle: \"hello\""),
            "belongs to `enclaves/price-watchh/ello`",
        ),
        (
            "for others",
            team.sealed(("price-watch", "hello"), "canary-1", &other),
            "is not encrypted to this key",
        ),
        ("altered", swapped(&ours), "`webhook_secret` was altered"),
        (
            "in clear",
            "enclave: price-watch\ntentacle: hello\nwebhook_secret: canary-1\n".to_owned(),
            "no YAML that SOPS",
        ),
        ("a value in clear", ours.replace("sops:", "b: canary-1\nsops:"), "`b` is in clear"),
        ("too large", "x".repeat(300 * 1024), "bytes"),
    ] {
        let refused = approved(&channel, &team.commit(Some(&file))).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{what}: {refused:?}");
        assert!(refused.text().contains(why) && refused.remedy.is_some(), "{what}: {}", refused.text());
        assert!(!refused.text().contains("canary"), "{what}: {}", refused.text());
    }
    let linked = team.commit(Some(&ours));
    approved(&channel, &linked).await.unwrap();
    assert_eq!(called(&app, "canary-1").await, 202);
    keeps_none_in_clear(&app).await;
}

async fn a_secret_that_is_nowhere_is_told_with_both_ways_to_set_it(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    let refused = approved(&channel, &team.commit(None)).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Conflict);
    for told in ["github.webhook_secret", "tntc secret set", "tntc secrets set"] {
        assert!(refused.text().contains(told), "{}", refused.text());
    }
    let with_another_key = team.ours("canary-1").replace("webhook_secret", "other");
    let refused = approved(&channel, &team.commit(Some(&with_another_key))).await.unwrap_err();
    assert!(refused.text().contains("`other` was altered"), "{}", refused.text());
}

async fn a_server_without_the_key_takes_none_and_one_that_lost_it_says_so(mut app: App) {
    let team = Team::new(&mut app).await;
    {
        let channel = set_up(&app).await;
        approved(&channel, &team.commit(Some(&team.ours("canary-1")))).await.unwrap();
    }
    app.kill().await;
    let flag = app.flags.iter().position(|flag| flag.starts_with("--state-age-key")).unwrap();
    app.flags.remove(flag);
    app.run().await;
    assert_eq!(called(&app, "canary-1").await, 503);
    let channel = price_watch(&app);
    let refused = approved(&channel, &team.commit(Some(&team.ours("canary-1")))).await.unwrap_err();
    assert!(refused.text().contains("--state-age-key"), "{}", refused.text());
    let told = channel.say("ana", "state_status", json!({})).await.unwrap();
    assert_eq!(told.get("recipient"), None);
}

async fn a_deploy_that_a_crash_cut_off_ends_with_the_secrets_of_its_commit(mut app: App) {
    let team = Team::new(&mut app).await;
    let commit = {
        let channel = set_up(&app).await;
        approved(&channel, &team.commit(Some(&team.ours("canary-1")))).await.unwrap();
        team.commit(Some(&team.ours("canary-2")))
    };
    app.backend.stop_at("before deploy");
    let door = app.door();
    let asking = tokio::spawn(async move { deploy(&price_watch(&door), &commit).await });
    app.die_in(asking).await;
    app.run().await;
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (401, 202));
}

/// The file of secrets that the backend was given last.
fn given(app: &App) -> Option<String> {
    let place = ("price-watch".to_owned(), "hello".to_owned());
    app.backend.world().given[&place].get("github").cloned()
}

/// The version is the same, so that only the secrets tell what serves from what was to serve.
async fn secrets_of_a_deploy_that_failed_do_not_serve(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    let (before, after) = (team.ours("canary-1"), team.ours("canary-2"));
    let one = team.commit(Some(&before));
    approved(&channel, &one).await.unwrap();
    assert_eq!(given(&app), Some(before.clone()));
    let two = team.commit(Some(&after));
    for point in ["before deploy", "after deploy"] {
        app.backend.fail_at(point);
        let failed = approved(&channel, &two).await.unwrap_err();
        assert!(failed.text().contains("cannot be reached"), "{failed:?}");
        assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (202, 401));
        assert_eq!(app.database.rows().await["git_secret"].len(), 1);
        // What is put back is what serves.
        change(&app, vec![scaled()]);
        let repair = channel.say("ana", "state_repair", json!({"name": "hello"})).await.unwrap();
        assert_eq!(repair["put_back"], json!(["thing"]));
        assert_eq!(given(&app), Some(before.clone()));
    }
    assert_eq!(deploy(&channel, &one).await.unwrap()["status"], "unchanged");
    assert_eq!(approved(&channel, &two).await.unwrap()["status"], "deployed");
    assert_eq!(given(&app), Some(after));
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (401, 202));
    assert_eq!(deploy(&channel, &two).await.unwrap()["status"], "unchanged");
}

/// Until it has come to its end, what ran before has its secrets; and the one that is cut off is deployed, not put back.
async fn secrets_of_a_deploy_under_way_do_not_serve_yet(mut app: App) {
    let team = Team::new(&mut app).await;
    let after = team.ours("canary-2");
    let commit = {
        let channel = set_up(&app).await;
        approved(&channel, &team.commit(Some(&team.ours("canary-1")))).await.unwrap();
        team.commit(Some(&after))
    };
    app.backend.stop_at("before deploy");
    let door = app.door();
    let asking = tokio::spawn(async move { deploy(&price_watch(&door), &commit).await });
    app.backend.until_waiting(1).await;
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (202, 401));
    app.die_in(asking).await;
    app.run().await;
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (401, 202));
    assert_eq!(given(&app), Some(after));
}

/// A repair that the server's death cut off gives it what it had.
async fn a_repair_that_a_crash_cut_off_gives_the_secrets_that_serve(mut app: App) {
    let team = Team::new(&mut app).await;
    let file = team.ours("canary-1");
    {
        let channel = set_up(&app).await;
        approved(&channel, &team.commit(Some(&file))).await.unwrap();
    }
    change(&app, vec![scaled()]);
    app.backend.stop_at("before put back");
    let door = app.door();
    let asking =
        tokio::spawn(
            async move { price_watch(&door).say("ana", "state_repair", json!({"name": "hello"})).await },
        );
    app.die_in(asking).await;
    app.run().await;
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
    // A deploy would have left alone what was changed.
    assert!(app.backend.world().by_hand.is_empty());
    assert_eq!((given(&app), called(&app, "canary-1").await), (Some(file), 202));
}

/// A tentacle that reads no secret is deployed whatever lies beside it.
async fn what_no_contract_asks_for_is_not_opened(mut app: App) {
    let team = Team::new(&mut app).await;
    let channel = set_up(&app).await;
    for (path, text) in hello("hello", "hi")["files"].as_object().unwrap() {
        team.repo.write(&format!("enclaves/price-watch/hello/{path}"), text.as_str().unwrap());
    }
    team.repo.write(FILE, "anything");
    let commit = team.repo.commit("hello", "main");
    assert_eq!(deploy(&channel, &commit).await.unwrap()["status"], "deployed");
    assert!(app.database.rows().await["git_secret"].is_empty());
}

crate::on_both_stores! {
    a_secret_in_git_is_used_from_the_commit_that_is_deployed
    whether_an_older_commit_can_come_back_is_asked_of_the_secrets_of_now
    a_file_that_is_not_for_here_stops_the_deploy_and_shows_nothing
    a_secret_that_is_nowhere_is_told_with_both_ways_to_set_it
    a_server_without_the_key_takes_none_and_one_that_lost_it_says_so
    a_deploy_that_a_crash_cut_off_ends_with_the_secrets_of_its_commit
    secrets_of_a_deploy_that_failed_do_not_serve
    secrets_of_a_deploy_under_way_do_not_serve_yet
    a_repair_that_a_crash_cut_off_gives_the_secrets_that_serve
    what_no_contract_asks_for_is_not_opened
}
