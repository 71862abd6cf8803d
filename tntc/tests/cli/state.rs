//! The state repo from the command line: made, committed to, pushed and deployed from. The other side is the real git.

use crate::program::{Program, arg};
use crate::stub::Stub;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use workflow::scaffold;

pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    let output = Command::new("git")
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    assert!(output.status.success(), "git {args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A state repo of ana's with one tentacle on its disk, and a bare one to push to.
pub(crate) async fn with_a_repo(program: &Program) -> PathBuf {
    program.write(".gitconfig", "[user]\n\tname = Ana Sousa\n\temail = ana@team.example\n");
    let state = program.home.path().join("team");
    program.ok(&["state", "init", "--repo-path", arg(&state)]).await;
    git(program.home.path(), &["init", "--quiet", "--bare", "state.git"]);
    git(&state, &["remote", "add", "origin", arg(&program.home.path().join("state.git"))]);
    for file in scaffold::hello(&"hello".parse().unwrap()) {
        program.write(&format!("team/enclaves/price-watch/hello/{}", file.path), &file.text);
    }
    state
}

fn applied() -> serde_json::Value {
    json!({
        "name": "hello", "enclave": "price-watch", "namespace": "price-watch", "status": "deployed", "version": "sha256:00",
        "applied": [], "created": 1, "updated": 0, "deleted": 0, "source": "in git: \"hello\" by Ana Sousa, 2026-03-09",
        "not_enforced": [],
    })
}

#[tokio::test]
async fn a_state_repo_is_made_once_and_never_over_somebody_s_work() {
    let program = Program::new(None);
    let state = program.home.path().join("team");
    let made = program.ok(&["state", "init", "--repo-path", arg(&state), "-o", "json"]).await;
    assert_eq!(made.json()["made"], json!(true));
    assert!(made.err.contains("tntc state push"), "{}", made.err);
    let head = git(&state, &["rev-parse", "HEAD"]);
    let again = program.ok(&["state", "init", "--repo-path", arg(&state), "-o", "json"]).await;
    assert_eq!((&again.json()["made"], git(&state, &["rev-parse", "HEAD"])), (&json!(false), head));
    program.write("work/thesis.txt", "mine");
    let refused = program.run(&["state", "init", "--repo-path", "work"]).await;
    assert_eq!(refused.code, 1);
    assert!(refused.err.contains("thesis.txt") && refused.err.contains("next:"), "{}", refused.err);
    // Its own check, run by the program itself: a tentacle that is none fails it.
    program.write("team/enclaves/a/b/workflow.yaml", "name: b\n");
    let tntc = env!("CARGO_BIN_EXE_tntc");
    let check = Command::new(state.join("check.sh")).env("TNTC", tntc).output().unwrap();
    let told = String::from_utf8_lossy(&check.stdout).into_owned();
    assert!(check.status.code() == Some(1) && told.contains("workflow.yaml:"), "{told}");
}

#[tokio::test]
async fn what_is_on_the_disk_goes_to_git_and_from_there_to_the_server() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let state = with_a_repo(&program).await;
    let dir = state.join("enclaves/price-watch/hello");
    let deploy = ["deploy", arg(&dir), "-e", "price-watch"];
    let here = ["--repo-path", arg(&state)];
    let uncommitted = program.run(&deploy).await;
    assert_eq!(uncommitted.code, 1);
    assert!(
        uncommitted.err.contains("not committed") && uncommitted.err.contains("tntc state commit"),
        "{}",
        uncommitted.err
    );
    let commit =
        program.ok(&[&["state", "commit", "-m", "hello", "-o", "json"][..], &here].concat()).await.json();
    assert_eq!((&commit["summary"], &commit["author"]), (&json!("hello"), &json!("Ana Sousa")));
    let nothing = program.run(&[&["state", "commit", "-m", "hello"][..], &here].concat()).await;
    assert!(nothing.code == 1 && nothing.err.contains("nothing to commit"), "{nothing:?}");
    let unpushed = program.run(&deploy).await;
    assert!(unpushed.code == 1 && unpushed.err.contains("not pushed"), "{}", unpushed.err);
    assert!(stub.calls().is_empty());
    let pushed = program.ok(&[&["state", "push", "-o", "json"][..], &here].concat()).await.json();
    assert_eq!(pushed, json!({"commit": commit["commit"], "pushed": true}));
    assert_eq!(git(&program.home.path().join("state.git"), &["rev-parse", "main"]), commit["commit"]);
    stub.answers("wf_apply", applied());
    let deployed = program.ok(&deploy).await;
    assert!(deployed.out.contains("in git: \"hello\" by Ana Sousa"), "{}", deployed.out);
    let arguments = stub.calls().remove(0).arguments;
    assert_eq!((&arguments["commit"], arguments.get("files")), (&commit["commit"], None), "{arguments}");
    let other = program.run(&["deploy", arg(&dir), "-e", "other"]).await;
    assert!(other.code == 2 && other.err.contains("`price-watch`"), "{}", other.err);
    program.ok(&[&deploy[..], &["--from-disk"]].concat()).await;
    let sent = stub.calls().pop().unwrap().arguments;
    assert!(sent["files"]["workflow.yaml"].is_string() && sent.get("commit").is_none(), "{sent}");
}

#[tokio::test]
async fn a_secret_is_not_committed_and_not_printed() {
    let program = Program::new(None);
    let state = with_a_repo(&program).await;
    let secret = format!("AK{}{}", "IA", "A1B2".repeat(4));
    program.write("team/enclaves/price-watch/hello/README.md", &format!("# hello\n\nkey: {secret}\n"));
    let head = git(&state, &["rev-parse", "HEAD"]);
    let refused = program.run(&["state", "commit", "-m", "hello", "--repo-path", arg(&state)]).await;
    assert_eq!(refused.code, 1);
    assert!(
        refused.err.contains("enclaves/price-watch/hello/README.md:3: a key id of Amazon"),
        "{}",
        refused.err
    );
    assert!(!refused.err.contains(&secret) && refused.err.contains("tntc secret set"), "{}", refused.err);
    assert_eq!(git(&state, &["rev-parse", "HEAD"]), head);
}

#[tokio::test]
async fn outside_a_state_repo_it_says_so() {
    let program = Program::new(None);
    for command in [&["state", "commit", "-m", "x"][..], &["state", "push"]] {
        let refused = program.run(command).await;
        assert_eq!(refused.code, 1, "{refused:?}");
        assert!(
            refused.err.contains("not in a state repo") && refused.err.contains("tntc state init"),
            "{}",
            refused.err
        );
    }
    let without = program.run(&["state", "commit", "-m", " "]).await;
    assert_eq!(without.code, 2, "{without:?}");
}

#[tokio::test]
async fn git_disk_and_cluster_are_told_side_by_side() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let state = with_a_repo(&program).await;
    let here = ["--repo-path", arg(&state)];
    program.ok(&[&["state", "commit", "-m", "hello"][..], &here].concat()).await;
    program.ok(&[&["state", "push"][..], &here].concat()).await;
    let head = git(&state, &["rev-parse", "HEAD"]);
    let validated =
        program.ok(&["validate", arg(&state.join("enclaves/price-watch/hello")), "-o", "json"]).await;
    let version = validated.json()["tentacle"]["version"].clone();
    let answer = |entries: serde_json::Value| {
        json!({
            "enclave": "price-watch", "namespace": "price-watch", "tentacles": entries, "truncated": false,
            "head": {"id": head, "at": "2026-03-09T10:00:00Z", "summary": "hello", "author": "Ana Sousa"},
        })
    };
    let entry = |name: &str, state: &str, says: &str, git: &serde_json::Value| json!({"name": name, "state": state, "says": says, "offer": "deploy it", "git": git});
    let status = [&["state", "status", "-e", "price-watch", "-o", "json"][..], &here].concat();
    let of = |told: &serde_json::Value, name: &str| {
        let rows = told["tentacles"].as_array().unwrap();
        let row = rows.iter().find(|row| row["name"] == name).unwrap().clone();
        (row["says"].as_str().unwrap().to_owned(), row["offer"].as_str().unwrap_or("-").to_owned())
    };
    // Nothing is different here, so that what the server says stands.
    stub.answers(
        "state_status",
        answer(json!([entry("hello", "not_deployed", "it does not run", &version)])),
    );
    let told = program.ok(&status).await.json();
    assert_eq!(
        (of(&told, "hello"), &told["in_sync"]),
        (("it does not run".to_owned(), "deploy it".to_owned()), &json!(false))
    );
    let strict = program.run(&[&status[..], &["--exit-code"]].concat()).await;
    assert!(strict.code == 1 && strict.err.contains("1 tentacle is not in sync"), "{strict:?}");
    // Changed, new and removed on the disk.
    program.write("team/enclaves/price-watch/hello/README.md", "other");
    program.write("team/enclaves/price-watch/new/workflow.yaml", "name: new\n");
    let told = program.ok(&status).await.json();
    assert_eq!(of(&told, "hello").1, "commit it");
    assert!(
        of(&told, "hello").0.contains("not committed") && of(&told, "new").0.contains("not committed"),
        "{told}"
    );
    std::fs::remove_dir_all(state.join("enclaves/price-watch/hello")).unwrap();
    assert!(of(&program.ok(&status).await.json(), "hello").0.contains("removed on this disk"));
    git(&state, &["checkout", "--quiet", "--", "enclaves"]);
    // Committed and not pushed; then somebody else's newer one.
    program.ok(&[&["state", "commit", "-m", "new"][..], &here].concat()).await;
    assert_eq!(
        of(&program.ok(&status).await.json(), "new"),
        ("it is committed here and not pushed".to_owned(), "push it".to_owned())
    );
    let mut newer = answer(json!([entry("hello", "not_deployed", "it does not run", &json!("sha256:00"))]));
    newer["head"]["id"] = json!("0123456789012345678901234567890123456789");
    stub.answers("state_status", newer);
    // The answer before it is given once more.
    program.ok(&status).await;
    assert_eq!(of(&program.ok(&status).await.json(), "hello").1, "pull it");
    let table = program.ok(&[&["state", "status", "-e", "price-watch"][..], &here].concat()).await.out;
    assert!(table.contains("do not agree") && table.contains("pull it"), "{table}");
}

#[tokio::test]
async fn what_somebody_changed_is_shown_field_by_field_and_put_back() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let state = with_a_repo(&program).await;
    std::fs::remove_dir_all(state.join("enclaves/price-watch")).unwrap();
    let changed = json!({"object": "Deployment hello-1", "field": "spec.replicas", "by": "kubectl-edit"});
    let entry = json!({
        "name": "hello", "state": "changed_by_hand", "says": "somebody changed it where it runs, with `kubectl-edit`",
        "offer": "put it back as it was", "by_hand": [changed, {"object": "NetworkPolicy hello-1"}],
    });
    let answer = json!({
        "enclave": "price-watch", "namespace": "price-watch", "tentacles": [entry], "truncated": false,
    });
    stub.answers("state_status", answer);
    let status = ["state", "status", "-e", "price-watch", "--repo-path", arg(&state)];
    let told = program.ok(&status).await.out;
    for word in [
        "put it back as it was",
        "spec.replicas is another",
        "kubectl-edit",
        "NetworkPolicy hello-1",
        "is gone",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    let done = |put_back: &[&str]| json!({"name": "hello", "enclave": "price-watch", "namespace": "price-watch", "version": "sha256:0", "put_back": put_back});
    let repair = ["state", "repair", "hello", "-e", "price-watch"];
    stub.answers("state_repair", done(&["Deployment hello-1"]));
    let told = program.ok(&repair).await.out;
    assert!(told.contains("1 object put back") && told.contains("Deployment hello-1"), "{told}");
    stub.answers("state_repair", done(&[]));
    program.ok(&repair).await;
    assert!(program.ok(&repair).await.out.contains("nothing was written"));
}

/// What `state_restorable` answers of these enclaves.
fn restorable(enclaves: &[Value]) -> Value {
    let head = json!({"id": "0".repeat(40), "at": "2026-03-09T09:00:00Z", "summary": "hello", "author": "Ana Sousa"});
    json!({"state_repo": "file:///srv/state.git", "head": head, "signing_key": "K1", "enclaves": enclaves, "truncated": false})
}

fn restored(state: &str) -> Value {
    let tentacle = json!({"name": "hello", "state": state, "says": "how it is", "offer": "what to do"});
    json!({"name": "price-watch", "status": "restored", "frozen": false, "tentacles": [tentacle], "left": ["data in databases"]})
}

#[tokio::test]
async fn what_was_lost_is_restored_from_the_repository_that_is_named_and_no_other() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let proven = json!({"name": "price-watch", "standing": "proven", "says": "it is the newest", "tentacles": ["hello"]});
    stub.answers("state_restorable", restorable(std::slice::from_ref(&proven)));
    let restore = ["state", "restore", "--from", "/srv/state.git"];
    let other = program.run(&["state", "restore", "--from", "/srv/other.git"]).await;
    assert!(other.code == 2 && other.err.contains("this server reads file:///srv/state.git"), "{other:?}");
    stub.answers("state_restorable", restorable(std::slice::from_ref(&proven)));
    let plan = program.ok(&[&restore[..], &["--dry-run"]].concat()).await.out;
    assert!(plan.contains("restored") && plan.contains("it is the newest") && plan.contains("K1"), "{plan}");
    stub.answers("state_restorable", restorable(std::slice::from_ref(&proven)));
    stub.answers("state_restore", restored("restored"));
    let told = program.ok(&restore).await.out;
    for words in ["everything that git has is there again", "price-watch/hello", "- data in databases"] {
        assert!(told.contains(words), "{words}: {told}");
    }
    stub.answers("state_restorable", restorable(&[proven]));
    stub.answers("state_restore", restored("not_restored"));
    program.ok(&restore).await;
    let told = program.run(&restore).await;
    assert!(told.code == 1 && told.out.contains("1 thing has not come back"), "{told:?}");
    assert!(told.err.contains("1 thing was not restored"), "{told:?}");
}

#[tokio::test]
async fn what_is_not_proven_is_shown_and_taken_only_by_its_name() {
    let stub = Stub::start().await;
    let program = stub.signed_in().await;
    let doubted = json!({
        "name": "price-watch", "standing": "to_confirm", "says": "it is not signed", "difference": "-quota: large\n+quota: small\n",
        "digest": "d1", "tentacles": ["hello"],
    });
    let impossible = json!({"name": "others", "standing": "impossible", "says": "git has no record of it"});
    let answer = || restorable(&[doubted.clone(), impossible.clone()]);
    let restore = ["state", "restore", "--from", "file:///srv/state.git"];
    stub.answers("state_restorable", answer());
    let plan = program.ok(&[&restore[..], &["--dry-run"]].concat()).await.out;
    assert!(
        plan.contains("asked about") && plan.contains("+quota: small") && plan.contains("left out"),
        "{plan}"
    );
    // There is nobody to ask.
    stub.answers("state_restorable", answer());
    let told = program.run(&restore).await;
    assert!(told.code == 1 && told.out.contains("--confirm price-watch"), "{told:?}");
    assert!(told.out.contains("git has no record of it"), "{told:?}");
    stub.answers("state_restorable", answer());
    stub.answers("state_restore", restored("restored"));
    program.run(&[&restore[..], &["--confirm", "price-watch"]].concat()).await;
    let calls: Vec<_> = stub.calls().into_iter().filter(|call| call.tool == "state_restore").collect();
    let arguments: Vec<_> = calls.iter().map(|call| &call.arguments).collect();
    assert_eq!(arguments, [&json!({"name": "price-watch", "confirm": "d1"})]);
}
