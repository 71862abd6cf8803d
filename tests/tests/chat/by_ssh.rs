//! The state repo behind a real `sshd`: the server and the Kraken reach it with a key, and what an enclave had comes back out of it by a
//! button.

use crate::git::git;
use crate::said::{aloud, founder, greeted};
use crate::sshd::Sshd;
use std::path::{Path, PathBuf};
use tests::{Home, Person, Thread, Up};

/// A workspace whose state repo is reached by SSH; the repository, too.
async fn by_ssh(home: &Home) -> (Sshd, PathBuf, Up) {
    let root = home.path();
    git(root, &["init", "--quiet", "--bare", "state.git"]);
    git(root, &["clone", "--quiet", "state.git", "first"]);
    std::fs::write(root.join("first/README.md"), "The team's tentacles.\n").unwrap();
    git(&root.join("first"), &["add", "--all"]);
    git(&root.join("first"), &["commit", "--quiet", "-m", "begin"]);
    git(&root.join("first"), &["push", "--quiet", "origin", "HEAD:main"]);
    let (sshd, bare) = (Sshd::start(root, "sshd", ""), root.join("state.git"));
    let hosts = root.join("known_hosts");
    std::fs::write(&hosts, sshd.known()).unwrap();
    let (address, key) = (sshd.address(&bare), root.join("kraken"));
    let text = |path: &Path| path.display().to_string();
    let flags =
        ["--state-repo", &address, "--state-credentials", &text(&key), "--state-known-hosts", &text(&hosts)];
    let up = home.up_with(&flags).await;
    (sshd, bare, up)
}

/// What the branch has under a path.
fn has(bare: &Path, path: &str) -> Vec<String> {
    git(bare, &["ls-tree", "-r", "--name-only", "main", path]).lines().map(str::to_owned).collect()
}

async fn sets_up_again(ana: &Person) -> Thread {
    let thread = ana.says("@kraken set up this channel").await;
    let made = ana.hears(&thread, 1).await.remove(0);
    aloud(
        &made,
        &["This channel is now the enclave price-watch.", "price-watch", "Bring its tentacles back"],
    );
    thread
}

#[tokio::test]
async fn what_an_enclave_had_comes_back_by_a_button_from_a_repository_behind_ssh() {
    let home = Home::default();
    let (_sshd, bare, up) = by_ssh(&home).await;
    let ana = founder(&up).await;
    let node = "enclaves/price-watch/hello/nodes/hello.ts";
    assert_eq!(has(&bare, node), [node]);
    aloud(&ana.asks("new tea").await, &["tea is written"]);
    aloud(
        &ana.asks("deploy tea").await,
        &["tea is deployed.", "It is in git: “tea: a first version”, by Ana Sousa."],
    );
    aloud(
        &ana.asks("shut down price-watch").await,
        &["The enclave price-watch is shut down with its 2 tentacles."],
    );
    let archived = async || Some(()).filter(|()| has(&bare, "enclaves/price-watch").is_empty());
    tests::until("it is in the archive", archived).await;
    assert_eq!(has(&bare, "archive").iter().filter(|path| path.ends_with("/workflow.yaml")).count(), 2);

    let thread = sets_up_again(&ana).await;
    // It is for whoever set up the channel, and for nobody else.
    let ben = up.person("ben").await;
    ben.asks_and_signs_in("whoami").await;
    ben.presses(&thread, "Bring its tentacles back").await;
    assert!(has(&bare, "enclaves/price-watch").iter().all(|path| !path.contains("hello")));
    ana.presses(&thread, "Bring its tentacles back").await;
    let told = ana.hears(&thread, 2).await.remove(1);
    aloud(&told, &["Back from the archive of price-watch: hello, tea.", "Next: deploy hello"]);
    assert_eq!(has(&bare, node), [node]);
    let commit = git(&bare, &["log", "-1", "--format=%an|%cn", "main", "--", node]);
    assert_eq!(commit, "Ana Sousa|Kraken");
    aloud(
        &ana.asks("status").await,
        &["hello: it is in git, and does not run. Say deploy hello.", "tea: it is in git"],
    );
    std::fs::remove_dir_all(up.folder().join("tentacles/price-watch")).unwrap();
    aloud(&ana.asks("deploy hello").await, &["hello is deployed."]);
    greeted(&ana.asks("run hello").await);
    // Once: the card has lost its button, and kept what it says.
    let card = ana.hears(&thread, 1).await.remove(0);
    aloud(&card, &["This channel is now the enclave price-watch.", "has used its button."]);
    assert!(!card.text.contains("Bring its tentacles back"), "{card:?}");
}
