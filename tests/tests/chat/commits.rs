//! The Kraken commits for people: what is deployed is what is in git, under the name of whoever asked.

use crate::said::{alone, aloud, founder, greeted};
use std::path::{Path, PathBuf};
use std::process::Command;
use tests::{Home, Up};

/// Runs git in `folder`, with no settings but those of the folder; it must succeed.
pub(crate) fn git(folder: &Path, args: &[&str]) -> String {
    try_git(folder, args).unwrap_or_else(|said| panic!("git {args:?}: {said}"))
}

fn try_git(folder: &Path, args: &[&str]) -> Result<String, String> {
    let output = Command::new("git")
        .args(["-c", "user.name=Ben Plain", "-c", "user.email=ben@plain.example"])
        .args(args)
        .current_dir(folder)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_CONFIG_SYSTEM", "/dev/null")
        .output()
        .unwrap();
    let said = if output.status.success() { output.stdout } else { output.stderr };
    let said = String::from_utf8(said).unwrap().trim().to_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}

/// The repository of the local workspace.
pub(crate) fn bare(up: &Up) -> PathBuf {
    up.folder().join("state.git")
}

/// A clone of it, as it says that one is made.
pub(crate) fn clone(up: &Up, home: &Home) -> PathBuf {
    let line = up.said().lines().find_map(|line| line.strip_prefix("in git").map(str::to_owned)).unwrap();
    let address =
        line.trim().strip_prefix("git clone ").unwrap().split_whitespace().next().unwrap().to_owned();
    assert_eq!(Path::new(&address), bare(up));
    let clone = home.path().join("clone");
    git(home.path(), &["clone", "--quiet", &address, "clone"]);
    clone
}

/// Writes a file, commits and pushes it with plain git.
pub(crate) fn push(clone: &Path, path: &str, text: &str) -> String {
    git(clone, &["pull", "--quiet", "--ff-only"]);
    let file = clone.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
    push_all(clone, &format!("{path}: by hand"))
}

/// Commits everything that was done in a clone, and pushes it with plain git; the commit.
pub(crate) fn push_all(clone: &Path, message: &str) -> String {
    git(clone, &["add", "-A"]);
    git(clone, &["commit", "--quiet", "-m", message]);
    // The server writes records in between, as others may.
    let over = || {
        git(clone, &["pull", "--quiet", "--rebase"]);
        false
    };
    let pushed = || try_git(clone, &["push", "--quiet", "origin", "HEAD"]).is_ok();
    assert!((0..20).any(|_| pushed() || over()), "{message}: it cannot be pushed");
    git(clone, &["rev-parse", "HEAD"])
}

/// What is a tentacle's. The records of enclaves beside it are the server's, which writes them when it likes.
const TENTACLES: &str = ":(glob)enclaves/*/*/**";

/// Something of the newest commit that changed a tentacle.
fn last(up: &Up, format: &str) -> String {
    git(&bare(up), &["log", "-1", &format!("--format={format}"), "main", "--", TENTACLES])
}

/// Whether a commit is on the branch, under the newest one that changed a tentacle.
fn is_below_the_last(up: &Up, commit: &str) -> bool {
    let newest = last(up, "%H");
    newest != commit && try_git(&bare(up), &["merge-base", "--is-ancestor", commit, &newest]).is_ok()
}

fn on_disk(up: &Up, path: &str) -> PathBuf {
    up.folder().join("tentacles/price-watch/hello").join(path)
}

#[tokio::test]
async fn files_of_an_enclave_that_is_gone_are_not_those_of_the_next_one_of_its_name() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let files = up.folder().join("tentacles");
    aloud(&ana.asks("new sketch").await, &["sketch is written:"]);
    std::fs::write(files.join("price-watch/sketch/README.md"), "Between us.\n").unwrap();
    std::fs::write(on_disk(&up, "README.md"), "Between us.\n").unwrap();
    aloud(
        &ana.asks("status").await,
        &["sketch: it is on disk alone", "hello: its files on disk have changes"],
    );
    aloud(
        &ana.asks("shut down price-watch").await,
        &["The enclave price-watch is shut down with its tentacle."],
    );
    aloud(&ana.asks("set up this channel").await, &["This channel is now the enclave price-watch."]);

    let status = ana.asks("status").await;
    assert!(!status.text.contains("sketch:"), "{status:?}");
    let told = ana.asks("deploy sketch").await;
    assert!(told.text.contains("There are no files of sketch yet."), "{told:?}");
    let left: Vec<PathBuf> =
        std::fs::read_dir(files.join(".left")).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [left] = left.as_slice() else { panic!("{left:?}") };
    for tentacle in ["sketch", "hello"] {
        let kept = std::fs::read_to_string(left.join(tentacle).join("README.md")).unwrap();
        assert_eq!(kept, "Between us.\n");
    }
    // Its own are its own, and stay where they are.
    aloud(&ana.asks("new sketch").await, &["sketch is written:"]);
    aloud(&ana.asks("deploy sketch").await, &["sketch is deployed."]);
}

const NODE: &str = "enclaves/price-watch/hello/nodes/hello.ts";

/// What the node greets with.
const GREETING: &str = "${ctx.config.greeting}";

#[tokio::test]
async fn a_deploy_is_one_commit_of_whoever_asked() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    ana.asks_and_signs_in("set up this channel").await;
    aloud(&ana.asks("new hello").await, &["hello is written:"]);
    let before = git(&bare(&up), &["rev-parse", "main"]);
    let told = ana.asks("deploy hello").await;
    aloud(&told, &["hello is deployed.", "It is in git: “hello: a first version”, by Ana Sousa."]);
    let commit = last(&up, "%H");
    assert!(!told.text.contains(&commit[..7]), "{told:?}");
    let whose = last(&up, "%an <%ae>|%cn|%s");
    let kraken = whose.ends_with("|Kraken|hello: a first version");
    assert!(whose.starts_with("Ana Sousa <ana@") && kraken, "{whose}");
    assert!(is_below_the_last(&up, &before));
    let trailers = last(&up, "%(trailers:only,unfold)");
    for word in [
        "Tentacular-Enclave: price-watch",
        "Tentacular-Tentacle: hello",
        "Tentacular-Request: ",
        "Tentacular-Message: T",
    ] {
        assert!(trailers.contains(word), "{trailers}");
    }
    let kept = git(&bare(&up), &["show", &format!("main:{NODE}")]);
    assert_eq!(kept, std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap().trim());
    let status = ana.asks("status hello").await;
    aloud(&status, &["in git: \"hello: a first version\" by Ana Sousa"]);

    // Nothing new is no commit.
    aloud(&ana.asks("deploy hello").await, &["hello runs exactly this already"]);
    assert_eq!(last(&up, "%H"), commit);
    // Whoever may not deploy commits nothing.
    std::fs::write(on_disk(&up, "README.md"), "Another one.\n").unwrap();
    let gil = up.person("gil").await;
    alone(&gil.asks_and_signs_in("deploy hello").await, &["You may not"]);
    assert_eq!(last(&up, "%H"), commit);
    aloud(&ana.asks("deploy hello").await, &["hello: change README.md"]);
    assert_ne!(last(&up, "%H"), commit);
}

#[tokio::test]
async fn secrets_are_not_committed_and_a_conflict_loses_nothing() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let clone = clone(&up, &home);
    let before = last(&up, "%H");
    let token = format!("{}{}", "xoxb-", "1234567890-abcdef");
    std::fs::write(on_disk(&up, "notes.md"), format!("one\n{token}\n")).unwrap();
    let told = ana.asks("deploy hello").await;
    alone(&told, &["enclaves/price-watch/hello/notes.md", "line 2", "a token of Slack"]);
    assert!(!told.text.contains(&token), "{told:?}");
    assert_eq!(last(&up, "%H"), before);
    std::fs::remove_file(on_disk(&up, "notes.md")).unwrap();

    // Somebody pushes: the disk follows, because nobody changed it.
    let node = std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap();
    let hand = node.replace(GREETING, "Good day");
    assert_ne!(hand, node);
    push(&clone, NODE, &hand);
    std::fs::remove_file(on_disk(&up, "tests/fixtures/hello.json")).unwrap_or_default();
    git(&clone, &["rm", "-q", "-r", "enclaves/price-watch/hello/tests"]);
    push(&clone, "enclaves/price-watch/hello/README.md", "By hand.\n");
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    assert_eq!(std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap(), hand);
    aloud(&ana.asks("run hello").await, &["Good day"]);

    // Both change different files: both arrive.
    push(&clone, "enclaves/price-watch/hello/README.md", "By hand, again.\n");
    let disk = node.replace(GREETING, "Good evening");
    std::fs::write(on_disk(&up, "nodes/hello.ts"), &disk).unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed.", "hello: change nodes/hello.ts"]);
    assert_eq!(std::fs::read_to_string(on_disk(&up, "README.md")).unwrap(), "By hand, again.\n");

    // Both change the same line: both are told, and neither is touched.
    let theirs = node.replace(GREETING, "Good night");
    let ours = node.replace(GREETING, "Good morning");
    let pushed = push(&clone, NODE, &theirs);
    std::fs::write(on_disk(&up, "nodes/hello.ts"), &ours).unwrap();
    for _ in 0..2 {
        let told = ana.asks("deploy hello").await;
        alone(&told, &["Somebody else changed the same", "Good night", "Good morning", "nodes/hello.ts"]);
        assert_eq!(last(&up, "%H"), pushed);
        assert_eq!(std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap(), ours);
    }
    aloud(&ana.asks("run hello").await, &["Good evening"]);
    // Brought together by somebody who has seen both.
    std::fs::write(on_disk(&up, "nodes/hello.ts"), node.replace(GREETING, "Good morning and good night"))
        .unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    aloud(&ana.asks("run hello").await, &["Good morning and good night"]);
    assert!(is_below_the_last(&up, &pushed));
}

#[tokio::test]
async fn killed_in_a_deploy_the_request_has_one_commit() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let node = std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap();
    for round in 0..6_u64 {
        let counted = ["rev-list", "--count", "main", "--", TENTACLES];
        let count = || git(&bare(&up), &counted).parse::<u64>().unwrap();
        let before = count();
        std::fs::write(on_disk(&up, "nodes/hello.ts"), format!("{node}// {round}\n")).unwrap();
        let thread = ana.says("@kraken deploy hello").await;
        tokio::time::sleep(std::time::Duration::from_millis(40 * round)).await;
        up.service("kraken-bot").await.kill();
        let told = ana.hears(&thread, 1).await;
        assert!(told[0].text.contains("is deployed") || told[0].text.contains("exactly this"), "{told:?}");
        assert_eq!(count(), before + 1);
    }
    greeted(&ana.asks("run hello").await);
}

#[tokio::test]
async fn an_older_version_comes_back_as_a_new_commit() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let first = std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap();
    let second = first.replace(GREETING, "Good day");
    std::fs::write(on_disk(&up, "nodes/hello.ts"), &second).unwrap();
    std::fs::remove_dir_all(on_disk(&up, "tests")).unwrap();
    std::fs::write(on_disk(&up, "notes.md"), "Added since.\n").unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    aloud(&ana.asks("run hello").await, &["Good day"]);
    aloud(&ana.asks("versions hello").await, &["2. ", "1. ", "hello: a first version"]);
    let commit = last(&up, "%H");

    alone(&ana.asks("roll back hello to 7").await, &["There is no version 7 of hello on record."]);
    let gil = up.person("gil").await;
    alone(&gil.asks_and_signs_in("roll back hello to 1").await, &["You may not"]);
    // Nobody's work on the disk is lost.
    std::fs::write(on_disk(&up, "notes.md"), "In the middle of it.\n").unwrap();
    alone(&ana.asks("roll back hello to 1").await, &["changes that are not deployed, so I did nothing"]);
    assert_eq!(last(&up, "%H"), commit);
    assert_eq!(std::fs::read_to_string(on_disk(&up, "notes.md")).unwrap(), "In the middle of it.\n");
    std::fs::write(on_disk(&up, "notes.md"), "Added since.\n").unwrap();

    let told = ana.asks("roll back hello to 1").await;
    aloud(&told, &["hello is deployed.", "It is in git: “hello: back to version 1”, by Ana Sousa."]);
    greeted(&ana.asks("run hello").await);
    assert!(is_below_the_last(&up, &commit), "nothing is taken out of the history");
    assert_eq!(std::fs::read_to_string(on_disk(&up, "nodes/hello.ts")).unwrap(), first);
    assert!(!on_disk(&up, "notes.md").exists() && on_disk(&up, "tests/fixtures/hello.json").exists());
    let listed = git(&bare(&up), &["ls-tree", "-r", "--name-only", "main", "enclaves/price-watch/hello"]);
    assert!(!listed.contains("notes.md") && listed.contains("tests/fixtures/hello.json"), "{listed}");
    aloud(&ana.asks("versions hello").await, &["3. ", "hello: back to version 1. It runs now."]);
    // And it is deployed from there on.
    aloud(&ana.asks("deploy hello").await, &["hello runs exactly this already"]);
}

#[tokio::test]
async fn the_status_says_where_git_the_disk_and_what_runs_do_not_agree() {
    let home = Home::default();
    let up = home.up().await;
    let ana = founder(&up).await;
    let clone = clone(&up, &home);
    let agree = ana.asks("status").await;
    assert!(!agree.text.contains("do not agree") && !agree.text.contains("cannot be told"), "{agree:?}");
    // On the disk, and nowhere else yet.
    std::fs::write(on_disk(&up, "README.md"), "In the middle of it.\n").unwrap();
    let in_work = ["hello: its files on disk have changes that are not deployed.", "deploy hello"];
    aloud(&ana.asks("status").await, &in_work);
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    // In git, and not what runs.
    push(&clone, "enclaves/price-watch/hello/README.md", "By hand.\n");
    aloud(
        &ana.asks("status").await,
        &["hello: git has another version than the one that runs", "deploy hello"],
    );
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    // In git alone.
    let tea = std::fs::read_to_string(clone.join("enclaves/price-watch/hello/workflow.yaml")).unwrap();
    push(&clone, "enclaves/price-watch/tea/nodes/hello.ts", "export default () => 'tea';\n");
    push(&clone, "enclaves/price-watch/tea/workflow.yaml", &tea.replace("name: hello", "name: tea"));
    aloud(&ana.asks("status").await, &["tea: it is in git, and does not run.", "deploy tea"]);
    // Gone from git, and running.
    git(&clone, &["rm", "-q", "-r", "enclaves/price-watch/tea", "enclaves/price-watch/hello"]);
    push(&clone, "archive/notes.md", "Given up.\n");
    aloud(&ana.asks("status").await, &["hello: it was removed in git and still runs", "remove hello"]);
    // Nothing is to be put back: nobody changed it where it runs.
    let back = ana.asks("put hello back").await;
    aloud(&back, &["hello is as it was deployed. Nothing had to be put back."]);
}
