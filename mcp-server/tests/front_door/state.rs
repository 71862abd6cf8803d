//! Deploys from a state repo: what runs is what a commit of its branch holds, whatever a client says. The other side is the
//! real git.

use crate::app::{App, until};
use crate::door::InChannel;
use crate::git::{git, try_git};
use crate::team::{hello, set_up};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;
use wire::{Failure, FailureCode};

/// A bare repository in the app's folder, and somebody's clone of it.
pub(crate) struct Repo {
    pub(crate) bare: PathBuf,
    pub(crate) clone: PathBuf,
}

const FOLDER: &str = "enclaves/price-watch/hello";

impl Repo {
    fn new(app: &App) -> Self {
        let (bare, clone) = (app.file("state.git"), app.file("clone"));
        git(app.dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(app.dir.path(), &["clone", "--quiet", "state.git", "clone"]);
        Self { bare, clone }
    }

    /// Writes a file into the clone.
    pub(crate) fn write(&self, path: &str, text: &str) {
        let file = self.clone.join(path);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    }

    /// Removes a file from the clone, if it is there.
    pub(crate) fn remove(&self, path: &str) {
        let _ = std::fs::remove_file(self.clone.join(path));
    }

    /// Commits the scaffolded tentacle with this greeting, and pushes it to `branch`; answers the commit.
    pub(crate) fn push(&self, greeting: &str, branch: &str) -> String {
        self.write_files(&hello("hello", greeting));
        self.commit(&format!("hello: {greeting}"), branch)
    }

    /// Writes the files that somebody would deploy as `hello` into the clone.
    pub(crate) fn write_files(&self, args: &Value) {
        for (path, text) in args["files"].as_object().unwrap() {
            self.write(&format!("{FOLDER}/{path}"), text.as_str().unwrap());
        }
    }

    pub(crate) fn commit(&self, message: &str, branch: &str) -> String {
        git(&self.clone, &["add", "--all"]);
        git(&self.clone, &["commit", "--quiet", "-m", message]);
        // A server that was just started may be writing a record at this very moment.
        let push = ["push", "--quiet", "--force", "origin", &format!("HEAD:{branch}")];
        let pushed = (0..20).any(|_| try_git(&self.clone, &push).is_ok());
        assert!(pushed, "{message} cannot be pushed");
        git(&self.clone, &["rev-parse", "HEAD"])
    }
}

/// The version that the server must find for the scaffolded tentacle with this greeting.
fn version(greeting: &str) -> String {
    let args = hello("hello", greeting);
    let files = args["files"].as_object().unwrap().iter();
    let files = files.map(|(path, text)| (path.clone(), text.as_str().unwrap().as_bytes().to_vec()));
    workflow::Bundle::new(files).unwrap().content_hash().to_string()
}

/// A server with a state repo that writes no records in the meantime.
pub(crate) async fn with_repo(app: &mut App) -> Repo {
    with_repo_and(app, &[]).await
}

/// The same, started with these flags besides.
pub(crate) async fn with_repo_and(app: &mut App, flags: &[String]) -> Repo {
    with(app, flags, Duration::from_secs(3600)).await
}

/// A server with a state repo that looks so often whether it has records to write.
pub(crate) async fn with_records(app: &mut App, every: Duration) -> Repo {
    with(app, &[], every).await
}

async fn with(app: &mut App, flags: &[String], every: Duration) -> Repo {
    app.kill().await;
    app.pace.records_every = every;
    let repo = Repo::new(app);
    let flag = |name: &str, value: String| -> &'static str {
        Box::leak(format!("--{name}={value}").into_boxed_str())
    };
    app.flags.push(flag("state-repo", format!("file://{}", repo.bare.display())));
    app.flags.push(flag("state-dir", app.file("state-copy").display().to_string()));
    app.flags.extend(flags.iter().map(|flag| -> &'static str { Box::leak(flag.clone().into_boxed_str()) }));
    app.run().await;
    repo
}

pub(crate) async fn deploy(channel: &InChannel<'_>, commit: &str) -> Result<Value, Failure> {
    channel.say("ana", "wf_apply", json!({"name": "hello", "commit": commit})).await
}

async fn asked(app: &App, tool: &str, args: Value) -> Value {
    app.call(&app.agent("ana"), tool, args).await.unwrap()
}

fn in_price_watch(more: Value) -> Value {
    let mut args = more;
    args["enclave"] = json!("price-watch");
    args["name"] = json!("hello");
    args
}

async fn what_a_commit_holds_is_deployed_and_told(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let one = repo.push("one", "main");
    let two = repo.push("two", "main");
    for (commit, greeting) in [(&two, "two"), (&one, "one")] {
        let deployed = deploy(&channel, commit).await.unwrap();
        assert_eq!(
            (&deployed["status"], &deployed["version"]),
            (&json!("deployed"), &json!(version(greeting)))
        );
        assert_eq!(&deployed["commit"]["id"], commit);
        let status = asked(&app, "wf_status", in_price_watch(json!({}))).await;
        let told = status["source"].as_str().unwrap();
        assert!(told.starts_with(&format!("in git: \"hello: {greeting}\" by Ana Sousa, 20")), "{told}");
        assert_eq!(
            (&status["commit"]["id"], &status["version"]),
            (&json!(commit), &json!(version(greeting)))
        );
        let described = asked(&app, "wf_describe", in_price_watch(json!({}))).await;
        assert_eq!((&described["readme"], &described["source"]), (&json!(greeting), &json!(told)));
    }
    let history = asked(&app, "wf_history", in_price_watch(json!({"of": "deploys"}))).await;
    let told: Vec<_> =
        history["deploys"].as_array().unwrap().iter().map(|deploy| &deploy["commit"]["summary"]).collect();
    assert_eq!(told, [&json!("hello: one"), &json!("hello: two")]);
    // The same content from a later commit runs already, and is told to be from there.
    std::fs::write(repo.clone.join("notes.md"), "x").unwrap();
    git(&repo.clone, &["reset", "--quiet", "--hard", &one]);
    std::fs::write(repo.clone.join("notes.md"), "x").unwrap();
    let later = repo.commit("notes", "main");
    assert_eq!(deploy(&channel, &later).await.unwrap()["status"], "unchanged");
    let status = asked(&app, "wf_status", in_price_watch(json!({}))).await;
    assert_eq!(status["commit"]["id"], json!(later));
}

/// A client says something else than the commit does, in each way in which it can.
async fn a_client_s_claim_about_content_is_never_used(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let commit = repo.push("true", "main");
    let code = json!({"kind": "ConfigMap", "metadata": {"name": "hello-code"}, "data": hello("hello", "false")["files"]});
    let mut claims = vec![
        hello("hello", "false"),
        json!({"name": "hello", "manifests": [code.clone()]}),
        json!({"name": "hello"}),
    ];
    for claim in [hello("hello", "false"), json!({"name": "hello", "manifests": [code]})] {
        let mut with_commit = claim;
        with_commit["commit"] = json!(commit);
        claims.push(with_commit);
    }
    for claim in claims {
        let refused = channel.say("ana", "wf_apply", claim.clone()).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{claim}");
        assert!(
            refused.text().contains("state repo") && refused.text().contains("tntc deploy"),
            "{}",
            refused.text()
        );
    }
    // A question about files is answered, to whoever may deploy, and nothing comes of it.
    let mut question = hello("hello", "false");
    question["dry_run"] = json!(true);
    let checked = channel.say("ana", "wf_apply", question.clone()).await.unwrap();
    assert_eq!((&checked["status"], &checked["version"]), (&json!("checked"), &json!(version("false"))));
    let gil = channel.say("gil", "wf_apply", question).await.unwrap_err();
    assert!(matches!(gil.code, FailureCode::Denied | FailureCode::SignInRequired), "{gil:?}");
    let list = asked(&app, "wf_list", json!({"enclave": "price-watch"})).await;
    assert_eq!(list["workflows"], json!([]));
    // What it claims beside the commit is nothing that the server knows.
    let claimed =
        json!({"name": "hello", "commit": commit, "version": version("false"), "content_hash": "sha256:00"});
    match channel.say("ana", "wf_apply", claimed).await {
        Ok(deployed) => assert_eq!(deployed["version"], json!(version("true"))),
        Err(refused) => assert_eq!(refused.code, FailureCode::Invalid),
    }
}

async fn only_commits_of_the_branch_are_deployed(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let good = repo.push("good", "main");
    let aside = repo.push("aside", "aside");
    let mut expected = vec![
        (aside, "is not on the branch `main`"),
        ("0123456789012345678901234567890123456789".to_owned(), "is not on the branch `main`"),
        (good[..12].to_owned(), "all its 40 hexadecimal digits"),
        ("main".to_owned(), "all its 40 hexadecimal digits"),
        ("--upload-pack=touch canary".to_owned(), "all its 40 hexadecimal digits"),
    ];
    git(&repo.clone, &["reset", "--quiet", "--hard", &good]);
    std::os::unix::fs::symlink("/etc/passwd", repo.clone.join(FOLDER).join("nodes/out.ts")).unwrap();
    expected.push((repo.commit("a link", "main"), "symbolic link"));
    git(&repo.clone, &["rm", "--quiet", "-r", "--cached", FOLDER]);
    std::fs::remove_dir_all(repo.clone.join(FOLDER)).unwrap();
    std::fs::write(repo.clone.join("README.md"), "x").unwrap();
    expected.push((repo.commit("gone", "main"), "there is no `enclaves/price-watch/hello`"));
    for (commit, why) in expected {
        let refused = deploy(&channel, &commit).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{commit}");
        assert!(
            refused.message.contains(why) && (refused.remedy.is_some() || why.starts_with("all")),
            "{}",
            refused.text()
        );
    }
    deploy(&channel, &good).await.unwrap();
    // Somebody moves the branch back: what was on it is not any more.
    git(&repo.bare, &["update-ref", "refs/heads/main", &format!("{good}^{{commit}}")]);
    let later = repo.push("later", "main");
    git(&repo.bare, &["update-ref", "refs/heads/main", &good]);
    assert!(deploy(&channel, &later).await.unwrap_err().message.contains("is not on the branch"));
}

async fn who_may_not_deploy_makes_the_server_fetch_nothing(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let commit = repo.push("one", "main");
    app.sign_in("cy").await.unwrap();
    let args = json!({"name": "hello", "commit": commit, "enclave": "price-watch"});
    for person in ["gil", "cy"] {
        channel.say(person, "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap_err();
    }
    app.call(&app.agent("cy"), "wf_apply", args).await.unwrap_err();
    let packs = || std::fs::read_dir(app.file("state-copy/repo.git/objects/pack")).map_or(0, Iterator::count);
    assert_eq!(packs(), 0);
    deploy(&channel, &commit).await.unwrap();
    assert_ne!(packs(), 0);
}

async fn a_state_repo_that_is_away_is_told_and_a_copy_that_is_damaged_is_made_anew(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let commit = repo.push("one", "main");
    let away = app.file("away.git");
    std::fs::rename(&repo.bare, &away).unwrap();
    let refused = deploy(&channel, &commit).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Unavailable, "{}", refused.text());
    assert!(!refused.text().contains(&app.dir.path().display().to_string()), "{}", refused.text());
    std::fs::rename(&away, &repo.bare).unwrap();
    deploy(&channel, &commit).await.unwrap();
    app.kill().await;
    let copy = app.file("state-copy/repo.git");
    std::fs::remove_file(copy.join("HEAD")).unwrap();
    std::fs::write(copy.join("config.lock"), "").unwrap();
    app.run().await;
    let two = repo.push("two", "main");
    let deployed = deploy(&crate::team::price_watch(&app), &two).await.unwrap();
    assert_eq!(deployed["version"], json!(version("two")));
}

async fn a_deploy_that_a_crash_cut_off_ends_as_that_commit(mut app: App) {
    let repo = with_repo(&mut app).await;
    let commit = {
        let _channel = set_up(&app).await;
        repo.push("one", "main")
    };
    app.backend.stop_at("before deploy");
    let (door, asked_for) = (app.door(), commit.clone());
    let asking = tokio::spawn(async move { deploy(&crate::team::price_watch(&door), &asked_for).await });
    app.backend.until_waiting(1).await;
    asking.abort();
    app.kill().await;
    app.backend.go_on();
    // What it takes to finish it is in the store: the state repo is not asked again.
    std::fs::rename(&repo.bare, app.file("away.git")).unwrap();
    app.run().await;
    until("nothing is open", async || app.database.rows().await["open_effect"].is_empty()).await;
    let status = asked(&app, "wf_status", in_price_watch(json!({}))).await;
    assert_eq!((&status["version"], &status["commit"]["id"]), (&json!(version("one")), &json!(commit)));
}

async fn without_a_state_repo_a_commit_is_not_taken(app: App) {
    let channel = set_up(&app).await;
    let refused = deploy(&channel, "0123456789012345678901234567890123456789").await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Invalid);
    assert!(
        refused.text().contains("no state repo") && refused.text().contains("--from-disk"),
        "{}",
        refused.text()
    );
    channel.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    let status = asked(&app, "wf_status", in_price_watch(json!({}))).await;
    assert_eq!((&status["source"], status.get("commit")), (&json!("not in git"), None));
}

/// One tentacle in each way in which git and cluster can stand to each other.
async fn each_difference_of_git_and_cluster_has_its_sentence_and_its_offer(mut app: App) {
    let channel = set_up(&app).await;
    let named = |name: &str, greeting: &str| hello(name, greeting);
    for name in ["same-anyway", "by-hand", "other-by-hand"] {
        channel.say("ana", "wf_apply", named(name, "one")).await.unwrap();
    }
    let none = asked(&app, "state_status", json!({"enclave": "price-watch"})).await;
    assert_eq!((none.get("head"), &none["tentacles"][0]["state"]), (None, &json!("not_in_git")));
    let repo = with_repo(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let put = |name: &str, greeting: &str| {
        for (path, text) in named(name, greeting)["files"].as_object().unwrap() {
            let file = repo.clone.join("enclaves/price-watch").join(name).join(path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, text.as_str().unwrap()).unwrap();
        }
    };
    for name in ["same", "same-anyway", "older", "removed"] {
        put(name, "one");
    }
    let first = repo.commit("first", "main");
    for name in ["same", "older", "removed"] {
        channel.say("ana", "wf_apply", json!({"name": name, "commit": first})).await.unwrap();
    }
    for name in ["older", "other-by-hand", "not-yet"] {
        put(name, "two");
    }
    std::fs::remove_dir_all(repo.clone.join("enclaves/price-watch/removed")).unwrap();
    std::fs::create_dir_all(repo.clone.join("enclaves/price-watch/broken")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", repo.clone.join("enclaves/price-watch/broken/workflow.yaml"))
        .unwrap();
    let head = repo.commit("second", "main");
    let status = asked(&app, "state_status", json!({"enclave": "price-watch"})).await;
    assert_eq!((&status["head"]["id"], &status["head"]["summary"]), (&json!(head), &json!("second")));
    let told: Vec<_> = status["tentacles"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            (
                entry["name"].as_str().unwrap(),
                entry["state"].as_str().unwrap(),
                entry["offer"].as_str().unwrap_or("-"),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("broken", "unreadable_in_git", "mend it in git"),
            ("by-hand", "not_in_git", "commit it"),
            ("not-yet", "not_deployed", "deploy it"),
            ("older", "older_runs", "deploy it"),
            ("other-by-hand", "not_in_git", "deploy what is in git, or commit what runs"),
            ("removed", "removed_in_git", "remove it, or put it back in git"),
            ("same", "in_sync", "-"),
            ("same-anyway", "in_sync", "-"),
        ]
    );
    let says = |name: &str| {
        let all = status["tentacles"].as_array().unwrap();
        all.iter().find(|entry| entry["name"] == name).unwrap()["says"].as_str().unwrap().to_owned()
    };
    assert!(
        says("older").contains("in git: \"first\" by Ana Sousa") && says("broken").contains("symbolic link")
    );
    // A tentacle that somebody may not see is not shown to them as one that is only in git.
    channel.say("ana", "wf_set_mode", json!({"name": "older", "mode": "private"})).await.unwrap();
    let seen = channel.say("ben", "state_status", json!({})).await.unwrap();
    let names: Vec<_> =
        seen["tentacles"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap()).collect();
    assert!(!names.contains(&"older") && names.contains(&"same") && names.contains(&"not-yet"), "{names:?}");
}

/// A tentacle that was given another name in git, and one that only looks like it.
async fn what_was_renamed_in_git_is_told_under_both_names(mut app: App) {
    let repo = with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let one = repo.push("one", "main");
    deploy(&channel, &one).await.unwrap();
    let folder = |name: &str| repo.clone.join("enclaves/price-watch").join(name);
    git(&repo.clone, &["mv", FOLDER, "enclaves/price-watch/greeter"]);
    let workflow = std::fs::read_to_string(folder("greeter").join("workflow.yaml")).unwrap();
    std::fs::write(
        folder("greeter").join("workflow.yaml"),
        workflow.replace("name: \"hello\"", "name: \"greeter\""),
    )
    .unwrap();
    repo.commit("another name", "main");
    let told = async || -> Vec<(String, String, String)> {
        let status = asked(&app, "state_status", json!({"enclave": "price-watch"})).await;
        let word = |entry: &Value, key: &str| entry[key].as_str().unwrap_or("-").to_owned();
        let entries = status["tentacles"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| (word(entry, "name"), word(entry, "state"), word(entry, "offer")))
            .collect()
    };
    let row = |name: &str, state: &str, offer: &str| (name.to_owned(), state.to_owned(), offer.to_owned());
    let offer = "deploy `greeter`, then remove `hello`";
    assert_eq!(told().await, [row("greeter", "renamed", offer), row("hello", "renamed", offer)]);
    // With other content it is another tentacle.
    std::fs::write(folder("greeter").join("README.md"), "other").unwrap();
    repo.commit("other content", "main");
    let removed = row("hello", "removed_in_git", "remove it, or put it back in git");
    assert_eq!(told().await, [row("greeter", "not_deployed", "deploy it"), removed]);
}

crate::on_both_stores! {
    what_was_renamed_in_git_is_told_under_both_names
    each_difference_of_git_and_cluster_has_its_sentence_and_its_offer
    what_a_commit_holds_is_deployed_and_told
    a_client_s_claim_about_content_is_never_used
    only_commits_of_the_branch_are_deployed
    who_may_not_deploy_makes_the_server_fetch_nothing
    a_state_repo_that_is_away_is_told_and_a_copy_that_is_damaged_is_made_anew
    a_deploy_that_a_crash_cut_off_ends_as_that_commit
    without_a_state_repo_a_commit_is_not_taken
}
