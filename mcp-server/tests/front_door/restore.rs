//! Git rebuilds what was lost: the store, what runs, or both. What git says is believed as far as it is proven, and no further.

use crate::app::{App, OPERATOR, until};
use crate::backend::World;
use crate::git::git;
use crate::git_secrets::{Team, approved, called};
use crate::issuer::TestKey;
use crate::records::{OFTEN, RECORD, by_hand, key, record, repo_after_fetch, show, until_in_sync};
use crate::rpc::{Extras, Reply};
use crate::state::{Repo, with_records};
use crate::team::{everybody_is_in, price_watch, set_up};
use policy::Scope;
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use std::time::Duration;
use wire::{Failure, FailureCode};

const NAME: &str = "price-watch";

/// The token of somebody who may only read.
const READER: &str = "a-token-of-one-who-may-only-read-everything";

/// #price-watch with everything that a record can say, and one tentacle that runs from a commit.
async fn lived_in(app: &mut App) -> Repo {
    let repo = with_records(app, OFTEN).await;
    let channel = set_up(app).await;
    until_in_sync(app).await;
    for greeting in ["none", "one"] {
        let commit = repo_after_fetch(&repo, greeting);
        channel.say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap();
        until_in_sync(app).await;
    }
    channel.say("ben", "wf_set_mode", json!({"name": "hello", "mode": "team"})).await.unwrap();
    channel.say("ana", "enclave_drift", json!({"drift": "repair"})).await.unwrap();
    channel.say("ana", "enclave_sync", json!({"new_quota_preset": "large"})).await.unwrap();
    until_in_sync(app).await;
    repo
}

/// The store and all that runs are lost; what was is not told to anybody.
async fn lose_all(app: &mut App) {
    app.kill().await;
    app.database.lose().await;
    *app.backend.world() = World::default();
    app.run().await;
}

/// Whether an answer has the shape that its tool promises.
async fn fits(app: &App, tool: &str, answer: &Value) {
    let tools = app.tools(OPERATOR).await;
    let schema = &tools.iter().find(|listed| listed["name"] == tool).unwrap()["outputSchema"];
    let problems: Vec<_> = jsonschema::validator_for(schema)
        .unwrap()
        .iter_errors(answer)
        .map(|error| error.to_string())
        .collect();
    assert!(problems.is_empty(), "{tool}: {problems:?}");
}

async fn restore(app: &App) -> Result<Value, Failure> {
    app.operate("state_restore", json!({"name": NAME})).await
}

async fn listed(app: &App) -> Value {
    app.operate("state_restorable", json!({})).await.unwrap()["enclaves"][0].clone()
}

/// What anybody can see of the enclave.
async fn seen(app: &App) -> Value {
    let info = app.operate("enclave_info", json!({"name": NAME})).await.unwrap();
    let mut tentacle = app.operate("wf_describe", json!({"enclave": NAME, "name": "hello"})).await.unwrap();
    let shown = tentacle.as_object_mut().unwrap();
    // The sources of versions before the one that runs are lost.
    for lost in ["age", "versions"] {
        shown.remove(lost);
    }
    let fields = [
        "owner",
        "members",
        "visitors",
        "mode",
        "quota_preset",
        "enrollment",
        "status",
        "channel_name",
        "blocked",
    ];
    let info: Value = fields.into_iter().map(|field| (field.to_owned(), info[field].clone())).collect();
    json!({"info": info, "tentacle": tentacle})
}

async fn what_was_lost_is_as_it_was(mut app: App) {
    let repo = lived_in(&mut app).await;
    let (before, world, was) = (seen(&app).await, app.backend.world().clone(), record(&app, &repo).unwrap());
    lose_all(&mut app).await;
    let found = listed(&app).await;
    assert_eq!((&found["standing"], &found["tentacles"]), (&json!("proven"), &json!(["hello"])), "{found}");
    let done = restore(&app).await.unwrap();
    assert_eq!(
        (&done["status"], &done["tentacles"][0]["state"]),
        (&json!("restored"), &json!("restored")),
        "{done}"
    );
    assert!(done["left"].to_string().contains("backups"), "{done}");
    let told = app.relay("notices", json!({})).await.unwrap().to_string();
    assert!(told.contains("restored this enclave from git") && !told.contains("what was missing"), "{told}");
    fits(&app, "state_restore", &done).await;
    fits(&app, "state_restorable", &app.operate("state_restorable", json!({})).await.unwrap()).await;
    assert_eq!(seen(&app).await, before);
    {
        let now = app.backend.world();
        assert_eq!(
            (&now.enclaves, &now.tentacles, &now.mirrors),
            (&world.enclaves, &world.tentacles, &world.mirrors)
        );
    }
    // The record that is written from now on says the same of the same enclave, and is newer.
    until("a newer record", async || record(&app, &repo).unwrap().generation > was.generation).await;
    let mut now = record(&app, &repo).unwrap();
    let mut was = was;
    for record in [&mut now, &mut was] {
        (record.generation, record.signature) = (0, None);
    }
    assert_eq!(now, was);
    let found = listed(&app).await;
    assert_eq!((&found["standing"], &found["tentacles"]), (&json!("there"), &json!(["hello"])), "{found}");
    // A second time nothing is written.
    until_in_sync(&app).await;
    let (holds, world, tip) =
        (app.database.holds().await, app.backend.world().clone(), git(&repo.bare, &["rev-parse", "main"]));
    let again = restore(&app).await.unwrap();
    assert_eq!(
        (&again["status"], &again["tentacles"][0]["state"]),
        (&json!("unchanged"), &json!("there")),
        "{again}"
    );
    assert_eq!((app.database.holds().await, app.backend.world().clone()), (holds, world));
    assert_eq!(git(&repo.bare, &["rev-parse", "main"]), tip);
    // Everybody goes on once Slack has said who is here, and the version can be looked at and put back.
    let channel = price_watch(&app);
    let wider = json!({"enclave": NAME, "name": "hello", "mode": "rwxrwxr--"});
    let stale = app.call(&app.agent("ben"), "wf_set_mode", wider.clone()).await;
    assert_eq!(stale.unwrap_err().code, FailureCode::Denied);
    everybody_is_in(&app).await;
    app.call(&app.agent("ben"), "wf_set_mode", wider).await.unwrap();
    let history = channel.say("ana", "wf_history", json!({"name": "hello", "of": "deploys"})).await.unwrap();
    let first = &history["deploys"][0];
    let recorded = was.tentacles[0].deployed.as_ref().unwrap();
    assert_eq!((recorded.number, recorded.summary.as_deref()), (Some(2), Some("hello: one")));
    assert_eq!(
        (&first["number"], &first["by"], &first["via"]),
        (&json!(2), &json!("ben"), &json!(recorded.via))
    );
    assert_eq!((&first["started_at"], &first["runs"]), (&json!(recorded.at), &json!(true)), "{history}");
    assert_eq!(history["deploys"].as_array().unwrap().len(), 1, "{history}");
    let commit = repo_after_fetch(&repo, "two");
    let next = channel.say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap();
    assert_eq!((&next["status"], &next["new_reach"]), (&json!("deployed"), &json!([])), "{next}");
    let history = channel.say("ana", "wf_history", json!({"name": "hello", "of": "deploys"})).await.unwrap();
    assert_eq!(history["deploys"][0]["number"], 3, "{history}");
}

/// Whatever the lost server or the lost cluster was in the middle of.
async fn killed_anywhere_it_goes_on(mut app: App) {
    let repo = lived_in(&mut app).await;
    let before = seen(&app).await;
    for point in ["before namespace", "after policies", "after active", "before put back", "after put back"] {
        lose_all(&mut app).await;
        let found = listed(&app).await;
        assert_eq!(found["standing"], "proven", "{point}: {found}");
        app.backend.stop_at(point);
        let door = app.door();
        let asked = tokio::spawn(async move { door.operate("state_restore", json!({"name": NAME})).await });
        app.die_in(asked).await;
        app.run().await;
        let done = restore(&app).await.unwrap();
        let state =
            done["tentacles"][0]["state"].as_str().unwrap_or_else(|| panic!("{point}: {done}")).to_owned();
        assert!(["restored", "there"].contains(&state.as_str()), "{point}: {done}");
        assert_eq!(seen(&app).await, before, "{point}");
        assert_eq!(restore(&app).await.unwrap()["status"], "unchanged", "{point}");
        until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
        until_in_sync_again(&app, &repo).await;
    }
}

async fn until_in_sync_again(app: &App, repo: &Repo) {
    until("the record is in sync", async || {
        let told = app.operate("state_status", json!({"enclave": NAME})).await;
        told.is_ok_and(|told| told["record"]["state"] == "in_sync") && record(app, repo).is_some()
    })
    .await;
}

/// Each record that is not the newest of this server's comes back only when an operator has confirmed just that one.
async fn what_is_not_proven_is_confirmed_first(mut app: App) {
    let repo = lived_in(&mut app).await;
    let older = show(&repo, RECORD).unwrap();
    price_watch(&app).say("ana", "enclave_sync", json!({"remove_members": ["ben"]})).await.unwrap();
    until("the block", async || record(&app, &repo).unwrap().blocked.len() == 1).await;
    until_in_sync(&app).await;
    let newest = show(&repo, RECORD).unwrap();
    let altered = newest.replacen("quota: large", "quota: small", 1);
    let unsigned = altered.split("signature:").next().unwrap().to_owned();
    lose_all(&mut app).await;
    for (text, why, differs) in [
        (&altered, "altered after the server signed it", "+quota: small"),
        (&unsigned, "not signed", "-signature:"),
        (&older, "an older one", "-blocked:"),
    ] {
        by_hand(&repo, Some(text));
        let found = listed(&app).await;
        let says = found["says"].as_str().unwrap();
        assert!(found["standing"] == "to_confirm" && says.contains(why), "{found}");
        assert!(found["difference"].as_str().unwrap().contains(differs), "{found}");
        let refused = restore(&app).await.unwrap_err();
        assert!(
            refused.code == FailureCode::ConfirmationRequired && refused.message.contains(differs),
            "{refused:?}"
        );
        let wrong = json!({"name": NAME, "confirm": "0".repeat(64)});
        assert_eq!(
            app.operate("state_restore", wrong).await.unwrap_err().code,
            FailureCode::ConfirmationRequired
        );
        assert!(app.database.rows().await["enclave"].is_empty());
    }
    // The last of them is confirmed: exactly that one.
    let digest = listed(&app).await["digest"].clone();
    by_hand(&repo, Some(&altered));
    let other = app.operate("state_restore", json!({"name": NAME, "confirm": digest})).await.unwrap_err();
    assert_eq!(other.code, FailureCode::ConfirmationRequired);
    by_hand(&repo, Some(&older));
    let done = app.operate("state_restore", json!({"name": NAME, "confirm": digest})).await.unwrap();
    assert_eq!(done["status"], "restored", "{done}");
    let info = app.operate("enclave_info", json!({"name": NAME})).await.unwrap();
    assert!(info["members"].to_string().contains("ben"), "{info}");
}

/// Without the heads, with another key, or for an enclave that was shut down, nothing is proven; what is no record is none.
async fn nothing_is_proven_without_heads_or_with_another_key(mut app: App) {
    let repo = lived_in(&mut app).await;
    let newest = show(&repo, RECORD).unwrap();
    app.heads = "other-heads";
    lose_all(&mut app).await;
    let found = listed(&app).await;
    assert!(
        found["standing"] == "to_confirm"
            && found["says"].to_string().contains("the heads of records do not name it"),
        "{found}"
    );
    app.heads = "heads";
    let (pem, old) = (std::fs::read(app.file("signing.pem")).unwrap(), key(&app).id().to_owned());
    std::fs::write(app.file("signing.pem"), TestKey::new("another").pem).unwrap();
    lose_all(&mut app).await;
    let found = listed(&app).await;
    assert!(found["standing"] == "to_confirm" && found["says"].to_string().contains(&old), "{found}");
    std::fs::write(app.file("signing.pem"), pem).unwrap();
    lose_all(&mut app).await;
    for (text, why) in [
        (Some("owner: me\n".to_owned()), "cannot be read"),
        (Some(newest.replacen("name: price-watch", "name: others", 1)), "another enclave"),
        (None, "no record"),
    ] {
        by_hand(&repo, text.as_deref());
        let found = listed(&app).await;
        assert!(found["standing"] == "impossible" && found["says"].to_string().contains(why), "{found}");
        assert_eq!(restore(&app).await.unwrap_err().code, FailureCode::Invalid);
        if text.is_none() {
            std::fs::write(repo.clone.join(RECORD), &newest).unwrap();
            repo.commit("back", "main");
        }
    }
    assert_eq!(restore(&app).await.unwrap()["status"], "restored");
    // One that was shut down, and whose folder somebody took out of the archive.
    until_in_sync_again(&app, &repo).await;
    let last = show(&repo, RECORD).unwrap();
    everybody_is_in(&app).await;
    price_watch(&app).say("ana", "enclave_deprovision", json!({"confirm": NAME})).await.unwrap();
    until("it is in the archive", async || show(&repo, RECORD).is_none()).await;
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["reset", "--quiet", "--hard", "origin/main"]);
    repo.write(RECORD, &last);
    repo.commit("back from the archive", "main");
    lose_all(&mut app).await;
    let found = listed(&app).await;
    assert!(found["standing"] == "to_confirm", "{found}");
}

/// What cannot come back is said, tentacle by tentacle; its owner and its mode stay, and the rest comes.
async fn what_cannot_come_back_is_said(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    let channel = set_up(&app).await;
    until_in_sync(&app).await;
    let commit = repo_after_fetch(&repo, "one");
    channel.say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap();
    until("what runs", async || record(&app, &repo).unwrap().tentacles.len() == 1).await;
    until_in_sync(&app).await;
    // The branch moves back: what runs is not on it any more.
    let record_now = show(&repo, RECORD).unwrap();
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["reset", "--quiet", "--hard", &format!("{commit}~1")]);
    lose_all(&mut app).await;
    repo.write(RECORD, &record_now);
    repo.commit("moved back", "main");
    let done = restore(&app).await.unwrap();
    let hello = &done["tentacles"][0];
    assert!(done["status"] == "restored" && hello["state"] == "not_restored", "{done}");
    assert!(hello["says"].to_string().contains("not on the branch"), "{done}");
    until_in_sync_again(&app, &repo).await;
    let kept = &record(&app, &repo).unwrap().tentacles[0];
    assert_eq!((kept.commit.as_deref(), kept.mode.as_deref()), (Some(commit.as_str()), Some("rwxrwx---")));
    // Somebody pushes it again: the same request goes on where it was. What it reaches is nothing that needs a yes.
    everybody_is_in(&app).await;
    let commit = repo_after_fetch(&repo, "one");
    let next =
        price_watch(&app).say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap();
    assert_eq!(next["status"], "deployed", "{next}");
}

/// A frozen enclave comes back frozen, and what is in it when that is over, without another word.
async fn what_was_frozen_is_frozen(mut app: App) {
    let repo = lived_in(&mut app).await;
    app.operate("enclave_freeze", json!({"name": NAME})).await.unwrap();
    until("that it is frozen", async || record(&app, &repo).unwrap().frozen == ["operator"]).await;
    until_in_sync(&app).await;
    app.pace.reconcile_every = Duration::from_millis(20);
    lose_all(&mut app).await;
    let waiting = async |app: &App| app.database.rows().await["open_effect"].len();
    for _ in 0..2 {
        let done = restore(&app).await.unwrap();
        assert!(done["frozen"] == true && done["tentacles"][0]["state"] == "waits", "{done}");
        assert_eq!(waiting(&app).await, 1);
    }
    app.kill().await;
    app.run().await;
    assert!(app.backend.world().tentacles.is_empty());
    app.operate("enclave_unfreeze", json!({"name": NAME})).await.unwrap();
    until("it is there again", async || waiting(&app).await == 0).await;
    assert_eq!(app.backend.world().tentacles.len(), 1);
    let done = restore(&app).await.unwrap();
    assert_eq!(
        (&done["status"], &done["tentacles"][0]["state"]),
        (&json!("unchanged"), &json!("there")),
        "{done}"
    );
}

/// Only an operator with that scope and a reason: nobody by what they are in the enclave, and git is not even asked.
async fn only_an_operator_restores(mut app: App) {
    let _repo = lived_in(&mut app).await;
    lose_all(&mut app).await;
    app.break_glass(&[(READER, &[Scope::Read]), (OPERATOR, &Scope::ALL)]);
    let reason = || Extras { reason: Some("the cluster is gone".to_owned()), ..Extras::default() };
    for tool in ["state_restorable", "state_restore"] {
        let args = if tool == "state_restore" { json!({"name": NAME}) } else { json!({}) };
        // To a person it is no tool at all.
        let person = app.tool(&app.agent("ana"), tool, &args, &Extras::default()).await;
        assert!(matches!(person, Reply::NoTool(_)), "{tool}: {person:?}");
        let reader = app.tool(READER, tool, &args, &reason()).await;
        assert!(matches!(reader, Reply::NoTool(_)), "{tool}: {reader:?}");
        let unreasoned = app.call(OPERATOR, tool, args).await.unwrap_err();
        assert_eq!(unreasoned.code, FailureCode::Denied, "{tool}");
    }
    assert!(app.database.rows().await["enclave"].is_empty());
}

/// One of the same name that was made since is not taken for it, and is not touched.
async fn one_of_the_same_name_is_another(mut app: App) {
    let repo = lived_in(&mut app).await;
    let was = show(&repo, RECORD).unwrap();
    app.pace.records_every = std::time::Duration::from_secs(3600);
    lose_all(&mut app).await;
    set_up(&app).await;
    let found = listed(&app).await;
    assert!(
        found["standing"] == "impossible" && found["says"].to_string().contains("somebody made another"),
        "{found}"
    );
    let (holds, world) = (app.database.holds().await, app.backend.world().clone());
    assert_eq!(restore(&app).await.unwrap_err().code, FailureCode::Conflict);
    assert_eq!((app.database.holds().await, app.backend.world().clone()), (holds, world));
    assert_eq!(show(&repo, RECORD).unwrap(), was);
}

/// Only what runs is lost: the store is right, and git is asked for nothing but what was in it.
async fn a_lost_cluster_is_made_again_as_the_store_says(mut app: App) {
    let repo = lived_in(&mut app).await;
    let (before, world) = (seen(&app).await, app.backend.world().clone());
    *app.backend.world() = World::default();
    // Somebody wrote another record into git: the store knows better.
    let altered = show(&repo, RECORD).unwrap().replacen("quota: large", "quota: small", 1);
    by_hand(&repo, Some(&altered));
    app.backend.world().enclaves.clone_from(&world.enclaves);
    let done = restore(&app).await.unwrap();
    assert_eq!(
        (&done["status"], &done["tentacles"][0]["state"]),
        (&json!("made_again"), &json!("restored")),
        "{done}"
    );
    assert_eq!(seen(&app).await, before);
    assert_eq!(app.backend.world().tentacles, world.tentacles);
    // Its channel hears of each use of emergency access, and of a second one that does nothing it does not.
    let told = async || app.relay("notices", json!({})).await.unwrap().to_string();
    assert!(told().await.contains("made what was missing of the tentacle `hello` again"), "{}", told().await);
    let before = told().await;
    assert_eq!(restore(&app).await.unwrap()["status"], "unchanged");
    assert_eq!(told().await, before);
}

/// A restore that has to wait for a deploy does not put back what that one has replaced.
async fn a_deploy_that_comes_first_is_not_undone(mut app: App) {
    let repo = lived_in(&mut app).await;
    until_in_sync(&app).await;
    let commit = repo_after_fetch(&repo, "two");
    app.backend.world().tentacles.clear();
    app.backend.stop_first_at("before deploy");
    let door = app.door();
    let deploying = tokio::spawn(async move {
        price_watch(&door).say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await
    });
    app.backend.until_waiting(1).await;
    let door = app.door();
    let restoring =
        tokio::spawn(async move { door.operate("state_restore", json!({"name": NAME})).await.unwrap() });
    until("both have begun", async || app.database.rows().await["open_effect"].len() == 2).await;
    app.backend.go_on();
    let deployed = deploying.await.unwrap().unwrap();
    let done = restoring.await.unwrap();
    let hello = &done["tentacles"][0];
    assert_eq!(hello["state"], "not_restored", "{done}");
    assert!(hello["says"].to_string().contains("another version of `hello` was deployed"), "{done}");
    let runs = app.backend.world().tentacles.values().next().cloned();
    assert_eq!(runs.as_deref(), deployed["version"].as_str());
    assert_eq!(seen(&app).await["tentacle"]["version"], deployed["version"]);
}

/// A server that writes records, and a tentacle whose webhook is signed with a secret; the commit is on the branch already.
async fn with_a_hook(app: &mut App, in_git: Option<&str>) -> Team {
    let team = Team::new(app).await;
    app.kill().await;
    app.pace.records_every = OFTEN;
    app.run().await;
    let channel = set_up(app).await;
    if in_git.is_none() {
        let set = json!({"name": "github.webhook_secret", "value": "canary-1"});
        channel.say("ana", "secret_set", set).await.unwrap();
    }
    until_in_sync(app).await;
    git(&team.repo.clone, &["fetch", "--quiet", "origin"]);
    git(&team.repo.clone, &["reset", "--quiet", "--hard", "origin/main"]);
    let sealed = in_git.map(|value| team.ours(value));
    let commit = team.commit(sealed.as_deref());
    assert_eq!(approved(&channel, &commit).await.unwrap()["status"], "deployed");
    assert_eq!(called(app, "canary-1").await, 202);
    until_in_sync(app).await;
    team
}

/// Secrets in git come back with the age key, and only with it; what was approved is not asked for again.
async fn secrets_in_git_come_back_with_the_age_key(mut app: App) {
    let team = with_a_hook(&mut app, Some("canary-1")).await;
    let key = std::fs::read(app.file("age.key")).unwrap();
    std::fs::write(app.file("age.key"), wire::seal::new_age_key().expose_secret()).unwrap();
    lose_all(&mut app).await;
    let done = restore(&app).await.unwrap();
    let hello = &done["tentacles"][0];
    assert!(
        hello["state"] == "not_restored" && hello["says"].to_string().contains("not encrypted to this key"),
        "{done}"
    );
    assert_ne!(called(&app, "canary-1").await, 202);
    until_in_sync_again(&app, &team.repo).await;
    std::fs::write(app.file("age.key"), key).unwrap();
    app.kill().await;
    app.run().await;
    let done = restore(&app).await.unwrap();
    assert_eq!(
        (&done["status"], &done["tentacles"][0]["state"]),
        (&json!("made_again"), &json!("restored")),
        "{done}"
    );
    assert_eq!((called(&app, "canary-1").await, called(&app, "canary-2").await), (202, 401));
    assert!(!format!("{:?}", app.database.rows().await).contains("canary"));
}

/// What was set on the server is lost with it: it is said which, and once it is set again the same request goes on.
async fn secrets_of_the_server_are_asked_for(mut app: App) {
    let team = with_a_hook(&mut app, None).await;
    lose_all(&mut app).await;
    let done = restore(&app).await.unwrap();
    let hello = &done["tentacles"][0];
    assert!(
        hello["state"] == "not_restored" && hello["says"].to_string().contains("github.webhook_secret"),
        "{done}"
    );
    until_in_sync_again(&app, &team.repo).await;
    everybody_is_in(&app).await;
    let set = json!({"name": "github.webhook_secret", "value": "canary-1"});
    price_watch(&app).say("ana", "secret_set", set).await.unwrap();
    assert_eq!(restore(&app).await.unwrap()["tentacles"][0]["state"], "restored");
    assert_eq!(called(&app, "canary-1").await, 202);
}

crate::on_both_stores! {
    one_of_the_same_name_is_another
    secrets_in_git_come_back_with_the_age_key
    secrets_of_the_server_are_asked_for
    what_was_lost_is_as_it_was
    killed_anywhere_it_goes_on
    what_is_not_proven_is_confirmed_first
    nothing_is_proven_without_heads_or_with_another_key
    what_cannot_come_back_is_said
    what_was_frozen_is_frozen
    only_an_operator_restores
    a_lost_cluster_is_made_again_as_the_store_says
    a_deploy_that_comes_first_is_not_undone
}
