//! Changes that somebody else reviews before they run: the thread of whoever asked follows the pull request, and the deploy goes on
//! when it is merged.

use crate::git::git;
use crate::hub::{APP, How, Hub};
use crate::said::{alone, aloud, founder};
use std::path::PathBuf;
use tests::{Home, Person, Thread, Up, until};

/// A workspace whose state repo is at the stand-in for GitHub.
async fn at_the_hub(home: &Home) -> (Hub, Up) {
    let root = home.path().join("github");
    std::fs::create_dir_all(root.join("team")).unwrap();
    git(&root.join("team"), &["init", "--quiet", "--bare", "state.git"]);
    git(&root, &["clone", "--quiet", "team/state.git", "first"]);
    std::fs::write(root.join("first/README.md"), "The team's tentacles.\n").unwrap();
    git(&root.join("first"), &["add", "--all"]);
    git(&root.join("first"), &["commit", "--quiet", "-m", "begin"]);
    git(&root.join("first"), &["push", "--quiet", "origin", "HEAD:main"]);
    let hub = Hub::start(&root).await;
    let (key, token) = (root.join("app.pem"), root.join("token"));
    std::fs::write(&key, &hub.key).unwrap();
    std::fs::write(&token, hub.deploy_token()).unwrap();
    let app = APP.to_string();
    let repo = format!("{}/team/state.git", hub.url);
    let flags = [
        "--state-repo",
        &repo,
        "--state-credentials",
        token.to_str().unwrap(),
        "--github-app",
        &app,
        "--github-key",
        key.to_str().unwrap(),
        "--github-api",
        &hub.url,
    ];
    let up = home.up_with(&flags).await;
    (hub, up)
}

fn on_disk(up: &Up, file: &str) -> PathBuf {
    up.folder().join("tentacles/price-watch/hello").join(file)
}

/// Waits until something in the thread holds these words.
async fn shows(person: &Person, thread: &Thread, words: &str) -> String {
    let shown = async || {
        person.sees(thread).await.into_iter().map(|post| post.text).find(|text| text.contains(words))
    };
    until(words, shown).await
}

/// The number of the pull request that was asked for last.
fn newest(hub: &Hub) -> u64 {
    hub.pulls().last().unwrap().0
}

#[tokio::test]
async fn a_deploy_waits_for_its_review_and_goes_on_when_it_is_merged() {
    let home = Home::default();
    let (hub, up) = at_the_hub(&home).await;
    let ana = founder(&up).await;
    let ben = up.person("ben").await;
    alone(&ben.asks_and_signs_in("changes need review").await, &["You may not"]);
    aloud(&ana.asks("changes need review").await, &["is proposed first", "somebody else has approved it"]);

    std::fs::write(on_disk(&up, "README.md"), "Another one.\n").unwrap();
    let thread = ana.says("@kraken deploy hello").await;
    let shown = shows(&ana, &thread, "waits for a review").await;
    assert!(
        shown.contains("“hello: change README.md”") && shown.contains("Nobody else has approved it"),
        "{shown}"
    );
    let (number, title, branch, _) = hub.pulls().remove(0);
    assert!(
        title == "hello: change README.md" && branch.starts_with("kraken/price-watch/hello/"),
        "{branch}"
    );
    let main = git(
        &home.path().join("github/team/state.git"),
        &["show", "main:enclaves/price-watch/hello/README.md"],
    );
    assert_ne!(main, "Another one.");

    hub.check(number, "tntc", Some("success"));
    hub.review("ben", number, "APPROVED");
    let shown = shows(&ana, &thread, "✓ ben approved it").await;
    assert!(shown.contains("✓ Its checks are good"), "{shown}");
    // Ana goes on working, and the Kraken dies in between.
    std::fs::write(on_disk(&up, "NOTES.md"), "for later\n").unwrap();
    up.service("kraken-bot").await.kill();
    hub.merge(number, How::Squash);
    let done = shows(&ana, &thread, "hello is deployed.").await;
    assert!(done.contains("approved by ben") && done.contains(&format!("pull request {number}")), "{done}");
    shows(&ana, &thread, "was reviewed and is merged").await;
    assert_eq!(ana.sees(&thread).await.len(), 2, "{:?}", ana.sees(&thread).await);
    assert_eq!(std::fs::read_to_string(on_disk(&up, "NOTES.md")).unwrap(), "for later\n");
    let versions = ana.asks("versions hello").await;
    aloud(&versions, &["hello: change README.md"]);
    let head = git(
        &home.path().join("github/team/state.git"),
        &["log", "-1", "--format=%H", "main", "--", "enclaves/price-watch/hello"],
    );
    assert_eq!(versions.links.first(), Some(&format!("{}/team/state/commit/{head}", hub.url)));

    // What she changed since is a proposal of its own; given up there, it is told and stays on her disk.
    let thread = ana.says("@kraken deploy hello").await;
    shows(&ana, &thread, "waits for a review").await;
    assert_eq!(hub.pulls().len(), 2);
    hub.close(newest(&hub));
    shows(&ana, &thread, "was given up without being merged").await;
    assert_eq!(std::fs::read_to_string(on_disk(&up, "NOTES.md")).unwrap(), "for later\n");
}

#[tokio::test]
async fn going_back_is_a_change_that_is_reviewed_and_more_work_joins_the_same_review() {
    let home = Home::default();
    let (hub, up) = at_the_hub(&home).await;
    let ana = founder(&up).await;
    std::fs::write(on_disk(&up, "README.md"), "Two.\n").unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    aloud(&ana.asks("changes need review").await, &["is proposed first"]);

    let thread = ana.says("@kraken roll back hello to 1").await;
    let shown = shows(&ana, &thread, "waits for a review").await;
    assert!(shown.contains("hello: back to version 1"), "{shown}");
    hub.review("ben", newest(&hub), "APPROVED");
    hub.merge(newest(&hub), How::Merge);
    shows(&ana, &thread, "hello is deployed.").await;
    let disk =
        async || std::fs::read_to_string(on_disk(&up, "README.md")).ok().filter(|text| text != "Two.\n");
    until("the disk follows", disk).await;

    // A second deploy while the first is being reviewed adds to it, and takes the approval away.
    std::fs::write(on_disk(&up, "README.md"), "Three.\n").unwrap();
    let first = ana.says("@kraken deploy hello").await;
    shows(&ana, &first, "waits for a review").await;
    let number = newest(&hub);
    hub.review("ben", number, "APPROVED");
    shows(&ana, &first, "✓ ben approved it").await;
    std::fs::write(on_disk(&up, "README.md"), "Four.\n").unwrap();
    let second = ana.says("@kraken deploy hello").await;
    shows(&ana, &second, "Nobody else has approved it").await;
    shows(&ana, &first, "Nobody else has approved it").await;
    assert_eq!(hub.pulls().len(), 2);
    hub.review("ben", number, "APPROVED");
    hub.merge(number, How::Rebase);
    shows(&ana, &second, "hello ").await;
    let done = async || {
        let both = [ana.sees(&first).await, ana.sees(&second).await];
        both.iter().all(|posts| posts.len() == 2).then_some(both)
    };
    let both = until("both are answered", done).await;
    let says = |words: &str| both.iter().flatten().filter(|post| post.text.contains(words)).count();
    // Which of the two comes first is nobody's to say.
    assert_eq!(says("hello is deployed.") + says("runs exactly this already"), 2, "{both:?}");
    let main = git(
        &home.path().join("github/team/state.git"),
        &["show", "main:enclaves/price-watch/hello/README.md"],
    );
    assert_eq!(main, "Four.");
}
