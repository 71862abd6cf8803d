//! The record of each enclave in the state repo: whoever changes what, git soon has it, signed; and what git has is never applied.

use crate::app::{App, until};
use crate::git::{git, try_git};
use crate::issuer::TestKey;
use crate::state::{Repo, with_records};
use crate::team::{hello, price_watch, set_up};
use serde_json::{Value, json};
use state_repo::EnclaveRecord;
use std::time::Duration;
use wire::signing::SigningKey;
use wire::trail::{RecordHead, read_record_head};

pub(crate) const RECORD: &str = "enclaves/price-watch/enclave.yaml";

/// Often enough for a test not to wait.
pub(crate) const OFTEN: Duration = Duration::from_millis(10);

pub(crate) fn show(repo: &Repo, path: &str) -> Option<String> {
    let text = try_git(&repo.bare, &["show", &format!("main:{path}")]);
    text.ok().map(|text| text + "\n")
}

fn has_branch(repo: &Repo) -> bool {
    !git(&repo.bare, &["for-each-ref", "refs/heads/main"]).is_empty()
}

pub(crate) fn key(app: &App) -> SigningKey {
    SigningKey::read(&app.file("signing.pem")).unwrap()
}

/// The record in git, which the server must have signed.
pub(crate) fn record(app: &App, repo: &Repo) -> Option<EnclaveRecord> {
    if !has_branch(repo) {
        return None;
    }
    let key = key(app);
    let text = show(repo, RECORD)?;
    Some(EnclaveRecord::verified(text.as_bytes(), |kid| (kid == key.id()).then(|| key.public())).unwrap())
}

/// Waits until the record in git says this.
async fn until_it_says(app: &App, repo: &Repo, what: &str, says: impl Fn(&EnclaveRecord) -> bool) {
    until(what, async || record(app, repo).is_some_and(|record| says(&record))).await;
}

/// How the record is told to stand; nothing while the state repo has no branch.
async fn status(app: &App) -> Value {
    let told = app.call(&app.agent("ana"), "state_status", json!({"enclave": "price-watch"})).await;
    told.map_or(Value::Null, |told| told["record"].clone())
}

pub(crate) async fn until_in_sync(app: &App) {
    until("the record is in sync", async || status(app).await["state"] == "in_sync").await;
}

/// The newest head of an enclave's record.
fn head(app: &App, enclave: &str) -> Option<RecordHead> {
    let key = key(app);
    let files = std::fs::read_dir(app.file(app.heads)).unwrap().map(|entry| entry.unwrap().path());
    let lines =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "records")).flat_map(
            |path| std::fs::read_to_string(path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>(),
        );
    let heads =
        lines.map(|line| read_record_head(&line, |kid| (kid == key.id()).then(|| key.public())).unwrap());
    heads.filter(|head| head.enclave == enclave).max_by_key(|head| (head.generation, head.removed))
}

async fn whatever_changes_is_soon_in_git_and_signed(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    let channel = set_up(&app).await;
    let bound = |record: &EnclaveRecord, account: &str| {
        record
            .members
            .iter()
            .any(|member| member.account.as_deref() == Some(account) && member.subject.is_some())
    };
    until_it_says(&app, &repo, "who is in the channel", |record| {
        record.members.len() == 3 && bound(record, "UANA") && bound(record, "UBEN") && !bound(record, "UGIL")
    })
    .await;
    let first = record(&app, &repo).unwrap();
    assert_eq!(
        first.channel.as_ref().map(|channel| (channel.team.as_str(), channel.id.as_str())),
        Some(("T1", "C1"))
    );
    assert_eq!(first.owner.issuer, app.issuer.url);
    let commit = repo_after_fetch(&repo, "one");
    channel.say("ben", "wf_apply", json!({"name": "hello", "commit": commit})).await.unwrap();
    until_it_says(&app, &repo, "what runs", |record| {
        record.tentacles.first().is_some_and(|tentacle| {
            tentacle.commit.as_deref() == Some(commit.as_str())
                && tentacle.owner.subject != record.owner.subject
                && tentacle.reach.len() > 10
        })
    })
    .await;
    channel.say("ben", "wf_set_mode", json!({"name": "hello", "mode": "private"})).await.unwrap();
    until_it_says(&app, &repo, "a tentacle's mode", |record| {
        record.tentacles.first().and_then(|tentacle| tentacle.mode.as_deref()) == Some("rwx------")
    })
    .await;
    channel.say("ana", "enclave_freeze", json!({})).await.unwrap();
    until_it_says(&app, &repo, "that it is frozen", |record| record.frozen == ["owner"]).await;
    channel.say("ana", "enclave_unfreeze", json!({})).await.unwrap();
    let sync = json!({"new_enrollment": "approval", "new_quota_preset": "large", "remove_members": ["ben"]});
    channel.say("ana", "enclave_sync", sync).await.unwrap();
    until_it_says(&app, &repo, "enrollment, quota, a block, and whose the tentacle is now", |record| {
        (record.enrollment.as_str(), record.quota.as_str(), record.frozen.len()) == ("approval", "large", 0)
            && record.blocked.iter().any(|blocked| blocked.account.as_deref() == Some("UBEN"))
            && record.tentacles.iter().all(|tentacle| tentacle.owner.subject == record.owner.subject)
    })
    .await;
    app.sign_in("gil").await.unwrap();
    until_it_says(&app, &repo, "who signed in", |record| bound(record, "UGIL")).await;
    channel.say("ana", "wf_remove", json!({"name": "hello", "confirm": "hello"})).await.unwrap();
    until_it_says(&app, &repo, "that nothing runs", |record| record.tentacles.is_empty()).await;
    until_in_sync(&app).await;
    let (newest, head) = (record(&app, &repo).unwrap(), head(&app, "price-watch").unwrap());
    assert_eq!((head.generation, head.removed), (newest.generation, false));
    assert_eq!(head.digest, newest.digest().unwrap());
    let log = git(&repo.bare, &["log", "--format=%cn %s%n%(trailers:only)", "-1", "main", "--", RECORD]);
    assert!(log.starts_with("Tentacular server price-watch: its record"), "{log}");
    // No request asked for it: nobody can have answered one before it is there.
    let trailers = log.contains("Tentacular-Enclave: price-watch") && !log.contains("Tentacular-Request:");
    assert!(trailers, "{log}");
    // The source that ben pushed is as it was: only its own path is written.
    assert!(show(&repo, "enclaves/price-watch/hello/workflow.yaml").is_some());
    // A look is no change: nothing is written for it.
    let tip = git(&repo.bare, &["rev-parse", "main"]);
    channel.say("ana", "enclave_info", json!({})).await.unwrap();
    tokio::time::sleep(10 * OFTEN).await;
    assert_eq!(git(&repo.bare, &["rev-parse", "main"]), tip);
}

/// Somebody commits a tentacle on top of what is there.
pub(crate) fn repo_after_fetch(repo: &Repo, greeting: &str) -> String {
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["reset", "--quiet", "--hard", "origin/main"]);
    repo.push(greeting, "main")
}

/// A server that is killed at any moment, and a state repo that is away, delay a record and never lose it.
async fn a_kill_at_any_moment_loses_no_record(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    set_up(&app).await;
    until_in_sync(&app).await;
    for round in 0..8_u64 {
        let quota = if round % 2 == 0 { "small" } else { "large" };
        price_watch(&app).say("ana", "enclave_sync", json!({"new_quota_preset": quota})).await.unwrap();
        tokio::time::sleep(Duration::from_millis(round * 5)).await;
        app.kill().await;
        app.run().await;
        until_it_says(&app, &repo, "the quota", |record| record.quota == quota).await;
        until_in_sync(&app).await;
    }
    let away = app.file("away.git");
    std::fs::rename(&repo.bare, &away).unwrap();
    for quota in ["small", "medium", "small", "medium"] {
        price_watch(&app).say("ana", "enclave_sync", json!({"new_quota_preset": quota})).await.unwrap();
        tokio::time::sleep(3 * OFTEN).await;
    }
    app.kill().await;
    let before = git(&away, &["rev-list", "--count", "main"]).parse::<u32>().unwrap();
    std::fs::rename(&away, &repo.bare).unwrap();
    app.run().await;
    until_it_says(&app, &repo, "the last quota", |record| record.quota == "medium").await;
    until_in_sync(&app).await;
    let after = git(&repo.bare, &["rev-list", "--count", "main"]).parse::<u32>().unwrap();
    assert_eq!(after, before + 1, "what happened while git was away is one commit");
}

/// Puts a text in the record's place, as somebody with plain git would.
pub(crate) fn by_hand(repo: &Repo, text: Option<&str>) {
    git(&repo.clone, &["fetch", "--quiet", "origin"]);
    git(&repo.clone, &["reset", "--quiet", "--hard", "origin/main"]);
    match text {
        Some(text) => std::fs::write(repo.clone.join(RECORD), text).unwrap(),
        None => std::fs::remove_file(repo.clone.join(RECORD)).unwrap(),
    }
    git(&repo.clone, &["add", "--all"]);
    git(&repo.clone, &["commit", "--quiet", "-m", "by hand"]);
    git(&repo.clone, &["push", "--quiet", "origin", "HEAD:main"]);
}

async fn what_is_put_into_git_by_hand_is_shown_and_never_applied(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    let channel = set_up(&app).await;
    until_in_sync(&app).await;
    let older = show(&repo, RECORD).unwrap();
    channel.say("ana", "enclave_sync", json!({"remove_members": ["ben"]})).await.unwrap();
    until_it_says(&app, &repo, "the block", |record| record.blocked.len() == 1).await;
    until_in_sync(&app).await;
    let newest = show(&repo, RECORD).unwrap();
    let unsigned = newest.split("signature:").next().unwrap().to_owned();
    let widened = newest.replacen("mode: rwx", "mode: rwxrwxrwx # rwx", 1);
    let altered = newest.replacen("UBEN", "UGIL", 1);
    let before = app.database.holds().await;
    for (text, state, words) in [
        (Some(altered.as_str()), "altered", "altered"),
        (Some(widened.as_str()), "altered", "not applied"),
        (Some(unsigned.as_str()), "unsigned", "not signed"),
        (Some(older.as_str()), "older", "not applied"),
        (Some("owner: me\n"), "altered", "cannot be read"),
        (None, "missing", "removed the record"),
    ] {
        by_hand(&repo, text);
        tokio::time::sleep(5 * OFTEN).await;
        let told = status(&app).await;
        assert_eq!(told["state"], state, "{told}");
        assert!(told["says"].as_str().unwrap().contains(words), "{told}");
        assert!(told["offer"].as_str().unwrap().contains("the server writes it again"), "{told}");
        git(&repo.clone, &["reset", "--quiet", "--hard", "HEAD~1"]);
        git(&repo.clone, &["push", "--quiet", "--force", "origin", "HEAD:main"]);
        until_in_sync(&app).await;
    }
    let after = app.database.holds().await;
    assert_eq!(before["enclave"], after["enclave"]);
    assert_eq!(before["verdict"], after["verdict"]);
    // The next change puts it back on top of what somebody did: nothing is forced.
    by_hand(&repo, Some(&altered));
    let theirs = git(&repo.bare, &["rev-parse", "main"]);
    channel.say("ana", "enclave_sync", json!({"new_quota_preset": "large"})).await.unwrap();
    until("it is the server's again", async || status(&app).await["state"] == "in_sync").await;
    assert_eq!(record(&app, &repo).unwrap().quota, "large");
    git(&repo.bare, &["merge-base", "--is-ancestor", &theirs, "main"]);
}

/// As it is when the store was put back from a backup: git has the server's own word of a time that it knows nothing of.
async fn what_is_newer_than_the_store_is_never_written_over(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    let channel = set_up(&app).await;
    until_in_sync(&app).await;
    let mut lost = record(&app, &repo).unwrap();
    (lost.generation, lost.quota, lost.signature) = (lost.generation + 1_000, "large".to_owned(), None);
    let lost = lost.sign(&key(&app)).unwrap().to_yaml().unwrap();
    by_hand(&repo, Some(&lost));
    channel.say("ana", "enclave_sync", json!({"new_quota_preset": "small"})).await.unwrap();
    until("it is told", async || status(&app).await["state"] == "newer").await;
    tokio::time::sleep(20 * OFTEN).await;
    assert_eq!(show(&repo, RECORD).unwrap(), lost);
    // Once somebody has moved it away, the server's own is written.
    by_hand(&repo, None);
    until_it_says(&app, &repo, "the quota", |record| record.quota == "small").await;
}

fn today() -> jiff::civil::Date {
    jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

async fn an_enclave_that_is_shut_down_goes_to_the_archive(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    app.sign_in("ana").await.unwrap();
    let made = price_watch(&app).say("ana", "enclave_provision", json!({})).await.unwrap();
    assert_eq!(made.get("before"), None, "{made}");
    until_in_sync(&app).await;
    repo_after_fetch(&repo, "one");
    let first = record(&app, &repo).unwrap();
    let archive = |number: &str| {
        let listed = git(&repo.bare, &["ls-tree", "-r", "--name-only", "main"]);
        let place = format!("archive/price-watch-{}{number}", today());
        let here = listed.lines().filter(|line| line.starts_with("enclaves/price-watch/")).count();
        (here, listed.lines().filter(|line| line.starts_with(&format!("{place}/"))).count())
    };
    for number in ["", "-2"] {
        let away = app.file("away.git");
        std::fs::rename(&repo.bare, &away).unwrap();
        price_watch(&app).say("ana", "enclave_deprovision", json!({"confirm": "price-watch"})).await.unwrap();
        app.kill().await;
        std::fs::rename(&away, &repo.bare).unwrap();
        app.run().await;
        until("its folder is in the archive", async || {
            let (here, there) = archive(number);
            here == 0 && there > 0
        })
        .await;
        let gone = head(&app, "price-watch").unwrap();
        assert!(gone.removed && gone.generation > first.generation, "{gone:?}");
        // The channel is told what it had.
        let made = price_watch(&app).say("ana", "enclave_provision", json!({})).await.unwrap();
        assert_eq!(
            made["before"],
            json!({"name": "price-watch", "removed_on": today().to_string()}),
            "{made}"
        );
        until_in_sync(&app).await;
        let second = record(&app, &repo).unwrap();
        assert!(second.id != first.id && second.generation > gone.generation);
    }
}

/// What ran without a state repo is written down when there is one.
async fn an_enclave_from_before_the_state_repo_gets_its_record(mut app: App) {
    set_up(&app).await.say("ana", "wf_apply", hello("hello", "one")).await.unwrap();
    let repo = with_records(&mut app, OFTEN).await;
    until_it_says(&app, &repo, "what runs, and is not in git", |record| {
        record.tentacles.first().is_some_and(|tentacle| tentacle.commit.is_none())
    })
    .await;
}

/// A record of another enclave in its place is none, and keeps the right one from nowhere.
async fn another_enclave_s_record_is_no_record_of_this_one(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    let channel = set_up(&app).await;
    until_in_sync(&app).await;
    let mut other = record(&app, &repo).unwrap();
    (other.name, other.generation, other.signature) = ("others".parse().unwrap(), 1_000_000, None);
    by_hand(&repo, Some(&other.sign(&key(&app)).unwrap().to_yaml().unwrap()));
    let told = status(&app).await;
    assert_eq!(told["state"], "altered", "{told}");
    channel.say("ana", "enclave_sync", json!({"new_quota_preset": "small"})).await.unwrap();
    until_it_says(&app, &repo, "the quota", |record| record.quota == "small").await;
}

/// With another key each record is signed anew, though nothing of it has changed.
async fn another_key_signs_what_is_there(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    set_up(&app).await;
    until_in_sync(&app).await;
    let before = record(&app, &repo).unwrap();
    app.kill().await;
    std::fs::write(app.file("signing.pem"), TestKey::new("another").pem).unwrap();
    app.run().await;
    let now = key(&app);
    until("the record is signed with the new key", async || {
        let text = show(&repo, RECORD).unwrap();
        EnclaveRecord::verified(text.as_bytes(), |kid| (kid == now.id()).then(|| now.public())).is_ok()
    })
    .await;
    let after = record(&app, &repo).unwrap();
    assert_eq!((before.id, before.quota), (after.id, after.quota));
    until_in_sync(&app).await;
}

/// Two servers on one store write each record once.
async fn two_replicas_write_one_history(mut app: App) {
    let repo = with_records(&mut app, OFTEN).await;
    set_up(&app).await;
    let copy = app.file("other-copy").display().to_string();
    app.flags.retain(|flag| !flag.starts_with("--state-dir"));
    app.flags.push(Box::leak(format!("--state-dir={copy}").into_boxed_str()));
    let replica = app.replica().await;
    for quota in ["small", "large", "small", "large"] {
        price_watch(&app).say("ana", "enclave_sync", json!({"new_quota_preset": quota})).await.unwrap();
        until_it_says(&app, &repo, "the quota", |record| record.quota == quota).await;
    }
    until_in_sync(&app).await;
    let written = git(&repo.bare, &["log", "--format=%s", "main", "--", RECORD]);
    let mut each: Vec<_> = written.lines().filter(|line| line.contains("its record, generation")).collect();
    let all = each.len();
    each.sort_unstable();
    each.dedup();
    assert!(all >= 4 && each.len() == all, "{written}");
    replica.stop().await;
}

crate::on_both_stores! {
    another_enclave_s_record_is_no_record_of_this_one
    another_key_signs_what_is_there
    whatever_changes_is_soon_in_git_and_signed
    a_kill_at_any_moment_loses_no_record
    what_is_put_into_git_by_hand_is_shown_and_never_applied
    what_is_newer_than_the_store_is_never_written_over
    an_enclave_that_is_shut_down_goes_to_the_archive
    an_enclave_from_before_the_state_repo_gets_its_record
    two_replicas_write_one_history
}
