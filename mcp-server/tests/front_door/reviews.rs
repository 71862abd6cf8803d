//! An enclave that wants what comes to run reviewed: pull requests at the stand-in, which merges with the real git. What nobody else
//! has approved does not run, however it came to the branch.

use crate::app::{App, until};
use crate::door::InChannel;
use crate::git::git;
use crate::github::at_the_hub;
use crate::hub::{How, Hub};
use crate::state::{Repo, deploy};
use crate::team::set_up;
use serde_json::{Value, json};
use std::time::Duration;
use wire::{Failure, FailureCode};

const BRANCH: &str = "kraken/price-watch/hello/1";

/// A server at the stand-in, with an enclave in which "one" runs and from now on reviews are wanted.
async fn reviewed(app: &mut App) -> (Hub, Repo) {
    app.pace.records_every = Duration::from_secs(3600);
    app.pace.reviews_every = Duration::from_millis(100);
    let (hub, repo) = at_the_hub(app, None).await;
    let channel = set_up(app).await;
    let one = repo.push("one", "main");
    assert_eq!(deploy(&channel, &one).await.unwrap()["status"], "deployed");
    let said = channel.say("ana", "enclave_review", json!({"required": true})).await.unwrap();
    assert_eq!(said, json!({"name": "price-watch", "before": false, "required": true}));
    (hub, repo)
}

/// Pushes a change to a branch of its own and asks for a review of it.
async fn propose(channel: &InChannel<'_>, repo: &Repo, greeting: &str, branch: &str) -> Value {
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["checkout", "--quiet", "-B", "work", "origin/main"]);
    repo.push(greeting, branch);
    ask(channel, branch).await.unwrap()
}

async fn ask(channel: &InChannel<'_>, branch: &str) -> Result<Value, Failure> {
    let args = json!({"name": "hello", "branch": branch, "summary": "hello: two"});
    channel.say("ana", "review_ask", args).await
}

async fn status(channel: &InChannel<'_>, number: &Value) -> Value {
    channel.say("ben", "review_status", json!({"name": "hello", "number": number})).await.unwrap()
}

/// What the relay has to tell of reviews, once it is so much.
async fn moved(app: &App, count: usize) -> Vec<String> {
    let told = async || {
        let notices = app.relay("notices", json!({})).await.unwrap();
        let of = notices["notices"].as_array().unwrap().iter().filter(|notice| notice["review"].is_u64());
        of.map(|notice| notice["text"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    until(&format!("{count} news of reviews"), async || told().await.len() >= count).await;
    told().await
}

fn refused_for(refused: &Failure, why: &str) {
    assert_eq!(refused.code, FailureCode::Conflict, "{}", refused.text());
    assert!(refused.text().contains(why), "{}", refused.text());
}

async fn runs(channel: &InChannel<'_>) -> String {
    let status = channel.say("ana", "wf_status", json!({"name": "hello"})).await.unwrap();
    status["source"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_nobody_has_reviewed_does_not_run() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let two = repo.push("two", "main");
    let refused = deploy(&channel, &two).await.unwrap_err();
    refused_for(&refused, "came to the branch without a pull request");
    // To check it needs nothing, and to try it out runs it.
    let checked = json!({"name": "hello", "commit": two, "dry_run": true});
    assert_eq!(channel.say("ana", "wf_apply", checked).await.unwrap()["status"], "checked");
    let files = crate::team::hello("hello", "three");
    refused_for(
        &channel.say("ana", "reach_observe", files).await.unwrap_err(),
        "are reviewed before they run",
    );
    assert!(runs(&channel).await.contains("hello: one"));
    // What runs already is no change, and goes on being no change while GitHub is away.
    hub.answers(false);
    let refused = deploy(&channel, &two).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Unavailable, "{}", refused.text());
    hub.answers(true);
    let refused = channel.say("ben", "enclave_review", json!({"required": false})).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Denied);
    channel.say("ana", "enclave_review", json!({"required": false})).await.unwrap();
    assert_eq!(deploy(&channel, &two).await.unwrap()["status"], "deployed");
}

#[tokio::test]
async fn what_was_asked_for_is_followed_to_its_end_also_where_reviews_are_not_wanted_any_more() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let asked = propose(&channel, &repo, "two", "kraken/price-watch/hello/1").await;
    assert_eq!(moved(&app, 1).await.len(), 1);
    channel.say("ana", "enclave_review", json!({"required": false})).await.unwrap();
    hub.merge(asked["number"].as_u64().unwrap(), How::Merge);
    let news = moved(&app, 2).await;
    assert!(news.iter().any(|said| said.contains("is merged")), "{news:?}");
}

#[tokio::test]
async fn what_somebody_else_has_approved_and_merged_runs_however_it_was_merged() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    for (turn, how) in [How::Merge, How::Squash, How::Rebase].into_iter().enumerate() {
        let branch = format!("kraken/price-watch/hello/{turn}");
        let greeting = format!("{how:?}");
        let asked = propose(&channel, &repo, &greeting, &branch).await;
        assert_eq!((&asked["state"], &asked["title"]), (&json!("open"), &json!("hello: two")), "{asked}");
        assert_eq!(ask(&channel, &branch).await.unwrap()["number"], asked["number"]);
        let number = asked["number"].as_u64().unwrap();
        hub.check(number, "tntc", None);
        hub.review("ben", number, "APPROVED");
        hub.check(number, "tntc", Some("success"));
        let now = status(&channel, &asked["number"]).await;
        assert_eq!(
            (&now["approved_by"], &now["checks"]),
            (&json!(["ben"]), &json!({"are": "passed"})),
            "{now}"
        );
        assert_eq!(now["missing"], Value::Null);
        let merged = hub.merge(number, how);
        // Others change something else in the meantime.
        git(&repo.clone, &["fetch", "--quiet", "origin"]);
        git(&repo.clone, &["checkout", "--quiet", "-B", "work", "origin/main"]);
        repo.write("enclaves/study/notes.md", &greeting);
        let later = repo.commit("study: notes", "main");
        let now = status(&channel, &asked["number"]).await;
        assert_eq!((&now["state"], &now["merged_as"]), (&json!("merged"), &json!(merged)));
        for commit in [&merged, &later] {
            let deployed = deploy(&channel, commit).await.unwrap();
            assert!(
                ["deployed", "unchanged"].contains(&deployed["status"].as_str().unwrap()),
                "{how:?}: {deployed}"
            );
        }
    }
    assert_eq!(hub.pulls().len(), 3);
}

#[tokio::test]
async fn what_only_looks_reviewed_does_not_run() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let mut turn = 0;
    let mut next = async |name: &str| {
        turn += 1;
        let branch = format!("kraken/price-watch/hello/{turn}");
        let asked = propose(&channel, &repo, name, &branch).await;
        (asked["number"].as_u64().unwrap(), branch)
    };
    let deployed = async |commit: &str| deploy(&channel, commit).await.unwrap_err();

    let (number, _) = next("nobody").await;
    refused_for(&deployed(&hub.merge(number, How::Merge)).await, "nobody else has approved");
    let (number, _) = next("herself").await;
    hub.review("ana", number, "APPROVED");
    refused_for(&deployed(&hub.merge(number, How::Squash)).await, "nobody else has approved");
    let (number, _) = next("a reader").await;
    hub.review("gil", number, "APPROVED");
    hub.review("somebody", number, "APPROVED");
    refused_for(&deployed(&hub.merge(number, How::Merge)).await, "nobody else has approved");
    let (number, _) = next("taken back").await;
    hub.review("ben", number, "APPROVED");
    hub.review("cleo", number, "CHANGES_REQUESTED");
    refused_for(&deployed(&hub.merge(number, How::Merge)).await, "cleo wants something changed");
    let (number, branch) = next("approved too early").await;
    hub.review("ben", number, "APPROVED");
    repo.push("and changed after that", &branch);
    refused_for(&deployed(&hub.merge(number, How::Merge)).await, "nobody else has approved");
    let (number, _) = next("changed by the merge").await;
    hub.review("ben", number, "APPROVED");
    let by_hand = |clone: &std::path::PathBuf| {
        std::fs::write(clone.join("enclaves/price-watch/hello/README.md"), "what nobody has seen").unwrap();
    };
    let merged = hub.merge_with(number, How::Merge, by_hand);
    refused_for(&deployed(&merged).await, "what was merged is not what was approved");
    let (number, branch) = next("by a stranger").await;
    git(&repo.clone, &["commit", "--quiet", "--amend", "--no-edit", "--author=X <x@nowhere.example>"]);
    git(&repo.clone, &["push", "--quiet", "--force", "origin", &format!("HEAD:{branch}")]);
    hub.review("ben", number, "APPROVED");
    refused_for(&deployed(&hub.merge(number, How::Merge)).await, "does not know whose its commits are");
    assert!(runs(&channel).await.contains("hello: one"));
}

#[tokio::test]
async fn two_changes_of_one_tentacle_that_git_brings_together_were_both_reviewed() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let asked = propose(&channel, &repo, "two", BRANCH).await;
    // Another one is merged first, of another file.
    git(&repo.clone, &["checkout", "--quiet", "-B", "work", "origin/main"]);
    repo.write("enclaves/price-watch/hello/NOTES.md", "notes");
    repo.commit("hello: notes", "kraken/price-watch/hello/2");
    let other = ask(&channel, "kraken/price-watch/hello/2").await.unwrap();
    let mut merged = String::new();
    for asked in [&other, &asked] {
        let number = asked["number"].as_u64().unwrap();
        hub.review("ben", number, "APPROVED");
        merged = hub.merge(number, How::Squash);
    }
    assert_eq!(deploy(&channel, &merged).await.unwrap()["status"], "deployed");
}

/// On a branch of its own, on top of what the branch has: writes this file of hello, has it approved by somebody else, and merges it.
async fn approved(
    channel: &InChannel<'_>,
    (hub, repo): (&Hub, &Repo),
    (file, text): (&str, &str),
    how: How,
) -> String {
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["checkout", "--quiet", "-B", "work", "origin/main"]);
    repo.write(&format!("enclaves/price-watch/hello/{file}"), text);
    let branch = format!("kraken/price-watch/hello/{}", hub.pulls().len());
    repo.commit(&format!("hello: {file}"), &branch);
    let number = ask(channel, &branch).await.unwrap()["number"].as_u64().unwrap();
    hub.review("ben", number, "APPROVED");
    hub.merge(number, how)
}

#[tokio::test]
async fn a_review_of_a_later_change_clears_nothing_beneath_it() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let runs_from = git(&repo.clone, &["rev-parse", "HEAD"]);
    repo.write("enclaves/price-watch/hello/nodes/more.ts", "export const seen = 'by nobody';\n");
    let pushed = repo.commit("hello: more", "main");
    refused_for(&deploy(&channel, &pushed).await.unwrap_err(), "without a pull request");
    for (turn, how) in [How::Merge, How::Squash, How::Rebase].into_iter().enumerate() {
        let text = format!("Read me {turn} times.\n");
        let merged = approved(&channel, (&hub, &repo), ("README.md", &text), how).await;
        let refused = deploy(&channel, &merged).await.unwrap_err();
        refused_for(&refused, "one that this stands on was not");
        refused_for(
            &refused,
            &format!("of commit {pushed} (`hello: more`, by Ana Sousa), it came to the branch"),
        );
        assert!(refused.text().contains(&format!("git checkout {runs_from} --")), "{}", refused.text());
    }
    // Nor does a branch that took it in first, nor a merge by hand that says of another branch that it is the first.
    git(&repo.clone, &["checkout", "--quiet", "-B", "work", &runs_from]);
    repo.write("enclaves/price-watch/hello/NOTES.md", "notes\n");
    git(&repo.clone, &["add", "--all"]);
    git(&repo.clone, &["commit", "--quiet", "-m", "hello: notes"]);
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["merge", "--quiet", "--no-edit", "origin/main"]);
    git(&repo.clone, &["push", "--quiet", "origin", "HEAD:kraken/price-watch/hello/taken-in"]);
    let asked = ask(&channel, "kraken/price-watch/hello/taken-in").await.unwrap();
    let number = asked["number"].as_u64().unwrap();
    hub.review("ben", number, "APPROVED");
    let turned = |clone: &std::path::PathBuf| {
        let tree = git(clone, &["write-tree"]);
        let side =
            git(clone, &["commit-tree", &format!("{runs_from}^{{tree}}"), "-p", &runs_from, "-m", "side"]);
        let parents = ["-p", &side, "-p", "HEAD", "-p", "FETCH_HEAD", "-m", "merged"];
        let merged = git(clone, &[&["commit-tree", &tree][..], &parents[..]].concat());
        git(clone, &["reset", "--quiet", "--hard", &merged]);
        repo_note(clone);
    };
    let merged = hub.merge_with(number, How::Squash, turned);
    for commit in [&merged, &git(&repo.bare, &["rev-parse", &format!("{merged}^")])] {
        let refused = deploy(&channel, commit).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Conflict, "{}", refused.text());
    }
    assert!(runs(&channel).await.contains("hello: one"));

    // What the refusal says to do does it: nothing new is reviewed by being put back, and then all is shown.
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["checkout", "--quiet", "-B", "work", "origin/main"]);
    let folder = "enclaves/price-watch/hello";
    git(&repo.clone, &["rm", "-rq", folder]);
    git(&repo.clone, &["checkout", &runs_from, "--", folder]);
    let back = repo.commit("hello: as it runs", "main");
    assert_eq!(deploy(&channel, &back).await.unwrap()["status"], "unchanged");
    let more = ("nodes/more.ts", "export const seen = 'by ben';\n");
    let merged = approved(&channel, (&hub, &repo), more, How::Merge).await;
    assert_eq!(deploy(&channel, &merged).await.unwrap()["status"], "deployed");
}

/// Something elsewhere, so that there is a commit to be made.
fn repo_note(clone: &std::path::Path) {
    std::fs::create_dir_all(clone.join("enclaves/study")).unwrap();
    std::fs::write(clone.join("enclaves/study/note.md"), "a note\n").unwrap();
}

#[tokio::test]
async fn changes_that_were_each_reviewed_run_together_and_what_ran_before_reviews_is_where_they_begin() {
    let mut app = App::start().await;
    app.pace.records_every = Duration::from_secs(3600);
    app.pace.reviews_every = Duration::from_millis(100);
    let (hub, repo) = at_the_hub(&mut app, None).await;
    let channel = set_up(&app).await;
    let one = repo.push("one", "main");
    deploy(&channel, &one).await.unwrap();
    let two = repo.push("two", "main");
    deploy(&channel, &two).await.unwrap();
    channel.say("ana", "enclave_review", json!({"required": true})).await.unwrap();

    // A branch that begins here, of several commits, is merged last.
    git(&repo.clone, &["checkout", "--quiet", "-B", "long", &two]);
    repo.write("enclaves/price-watch/hello/LONG.md", "long\n");
    git(&repo.clone, &["add", "--all"]);
    git(&repo.clone, &["commit", "--quiet", "-m", "hello: long"]);
    repo.write("enclaves/price-watch/hello/LONG.md", "longer\n");
    let long = "kraken/price-watch/hello/long";
    repo.commit("hello: longer", long);
    let asked = ask(&channel, long).await.unwrap();
    let number = asked["number"].as_u64().unwrap();
    hub.review("ben", number, "APPROVED");

    let mut last = String::new();
    for (turn, how) in [How::Merge, How::Squash, How::Rebase].into_iter().enumerate() {
        let (file, text) = (format!("NOTE-{turn}.md"), format!("{how:?}\n"));
        last = approved(&channel, (&hub, &repo), (&file, &text), how).await;
    }
    assert_eq!(deploy(&channel, &last).await.unwrap()["status"], "deployed");
    let merged = hub.merge(number, How::Rebase);
    assert_eq!(deploy(&channel, &merged).await.unwrap()["status"], "deployed");

    // What ran before reviews were wanted was not reviewed, and comes back as a change that is.
    let refused = deploy(&channel, &one).await.unwrap_err();
    refused_for(&refused, "came to the branch without a pull request");
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["checkout", "--quiet", "-B", "back", "origin/main"]);
    git(&repo.clone, &["rm", "-rq", "enclaves/price-watch/hello"]);
    git(&repo.clone, &["checkout", &one, "--", "enclaves/price-watch/hello"]);
    let back = "kraken/price-watch/hello/back";
    repo.commit("hello: back to version 1", back);
    let number = ask(&channel, back).await.unwrap()["number"].as_u64().unwrap();
    hub.review("ben", number, "APPROVED");
    let merged = hub.merge(number, How::Squash);
    assert_eq!(deploy(&channel, &merged).await.unwrap()["status"], "deployed");
}

#[tokio::test]
async fn the_channel_hears_of_each_step_of_a_review_once_and_whose_it_is_not_is_not_told() {
    let mut app = App::start().await;
    let (hub, repo) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    let asked = propose(&channel, &repo, "two", BRANCH).await;
    let number = asked["number"].as_u64().unwrap();
    assert!(moved(&app, 1).await[0].contains("it waits for a review"));
    hub.review("ben", number, "APPROVED");
    let told = moved(&app, 2).await;
    assert!(told[1].contains("ben approved it"), "{told:?}");
    // Nothing new: nothing is told, however often it is looked.
    let calls = hub.calls();
    until("it was looked at again", async || hub.calls() > calls + 12).await;
    assert_eq!(moved(&app, 2).await.len(), 2);
    hub.merge(number, How::Merge);
    let told = moved(&app, 3).await;
    assert!(told[2].contains("is merged") && told[2].contains("deploy hello"), "{told:?}");
    // One of another tentacle, or of no proposal at all.
    let other = json!({"name": "tea", "number": number});
    let refused = channel.say("ana", "review_status", other).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::NotFound);
    for branch in ["main", "kraken/price-watch/tea/1", "kraken/other/hello/1"] {
        let refused = ask(&channel, branch).await.unwrap_err();
        assert_eq!(refused.code, FailureCode::Invalid, "{branch}: {}", refused.text());
    }
    // Whoever may not deploy asks for no review either.
    let args = json!({"name": "hello", "branch": BRANCH, "summary": "x"});
    let refused = channel.say("gil", "review_ask", args).await.unwrap_err();
    assert!(matches!(refused.code, FailureCode::Denied | FailureCode::SignInRequired), "{refused:?}");
}

#[tokio::test]
async fn where_nothing_can_be_reviewed_no_review_can_be_wanted() {
    let mut app = App::start().await;
    crate::state::with_repo(&mut app).await;
    let channel = set_up(&app).await;
    let refused = channel.say("ana", "enclave_review", json!({"required": true})).await.unwrap_err();
    refused_for(&refused, "not at GitHub");
    channel.say("ana", "enclave_review", json!({"required": false})).await.unwrap();
}

#[tokio::test]
async fn where_no_enclave_wants_reviews_github_is_not_asked() {
    let mut app = App::start().await;
    let (hub, _) = reviewed(&mut app).await;
    let channel = crate::team::price_watch(&app);
    until("it was looked", async || hub.calls() > 2).await;
    channel.say("ana", "enclave_review", json!({"required": false})).await.unwrap();
    // One look may be under way.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let calls = hub.calls();
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(hub.calls(), calls);
}
