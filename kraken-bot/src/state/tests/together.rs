//! Two Krakens and a person with plain git push to one repository at the same time.

use crate::config::StateConfig;
use crate::state::{Change, Names, StateRepo};
use crate::tests::git::{git, try_git};
use crate::working_copy::WorkingCopy;
use state_repo::{Author, Place, Trailers};
use std::path::Path;

/// How often each of them changes each file.
const EACH: usize = 8;

const TENTACLES: [&str; 2] = ["hello", "tea"];

fn write(folder: &Path, path: &str, text: &str) {
    let file = folder.join(path);
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    std::fs::write(file, text).unwrap();
}

/// What a Kraken has of the state repo, and its disk.
async fn opened(home: &Path, name: &str) -> (StateRepo, WorkingCopy) {
    let place = Place {
        address: format!("file://{}", home.join("state.git").display()).parse().unwrap(),
        branch: "main".parse().unwrap(),
        credentials: None,
    };
    let config = StateConfig { place, folder: home.join(format!("{name}-mirror")), key: None };
    let state = StateRepo::open(config).await.unwrap();
    let copy = WorkingCopy::new(home.join(format!("{name}-tentacles")));
    (state, copy)
}

/// A Kraken changes a file of its own in each tentacle, time and again, while others do with theirs.
async fn kraken(home: &Path, name: &str) {
    let home = home.to_owned();
    let (state, copy) = opened(&home, name).await;
    let work = async |tentacle: &str| {
        let names = Names { enclave: "acme".parse().unwrap(), tentacle: tentacle.parse().unwrap() };
        for turn in 0..=EACH {
            if turn > 0 {
                let folder = copy.folder(&names.enclave, &names.tentacle);
                write(&folder, &format!("{name}.md"), &format!("{name} {turn}\n"));
            }
            let author = Author { name: name.to_owned(), email: "ana@team.example".to_owned() };
            let request = Some(format!("{name}-{tentacle}-{turn}"));
            let change = Change { author, trailers: Trailers { request, ..Trailers::default() } };
            state.carry(&copy, &names, change).await.unwrap().unwrap();
        }
    };
    tokio::join!(work(TENTACLES[0]), work(TENTACLES[1]));
}

fn plain(home: &Path, clone: &str) {
    let clone = home.join(clone);
    for turn in 1..=EACH {
        for tentacle in TENTACLES {
            write(&clone, &format!("enclaves/acme/{tentacle}/plain.md"), &format!("plain {turn}\n"));
        }
        git(&clone, &["add", "."]);
        git(&clone, &["commit", "--quiet", "-m", &format!("plain {turn}")]);
        while try_git(&clone, &["push", "--quiet", "origin", "HEAD:main"]).is_err() {
            git(&clone, &["pull", "--quiet", "--rebase", "origin", "main"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_change_arrives_in_the_order_in_which_it_was_made() {
    let home = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let home = home.path();
    git(home, &["init", "--quiet", "--bare", "--initial-branch=main", "state.git"]);
    git(home, &["clone", "--quiet", "state.git", "plain"]);
    for tentacle in TENTACLES {
        write(&home.join("plain"), &format!("enclaves/acme/{tentacle}/workflow.yaml"), "one\n");
    }
    git(&home.join("plain"), &["add", "."]);
    git(&home.join("plain"), &["commit", "--quiet", "-m", "begin"]);
    git(&home.join("plain"), &["push", "--quiet", "origin", "HEAD:main"]);
    let by_hand = tokio::task::spawn_blocking({
        let home = home.to_owned();
        move || plain(&home, "plain")
    });
    let (_, _, by_hand) = tokio::join!(kraken(home, "one"), kraken(home, "two"), by_hand);
    by_hand.unwrap();

    let bare = home.join("state.git");
    assert_eq!(git(&bare, &["rev-list", "--count", "main"]), (1 + 4 * EACH + EACH).to_string());
    assert_eq!(git(&bare, &["rev-list", "--merges", "main"]), "");
    for (who, tentacle) in ["one", "two", "plain"].into_iter().flat_map(|who| TENTACLES.map(|of| (who, of))) {
        let path = format!("enclaves/acme/{tentacle}/{who}.md");
        let listed = git(&bare, &["log", "--reverse", "--format=%H", "main", "--", &path]);
        let texts: Vec<String> =
            listed.lines().map(|commit| git(&bare, &["show", &format!("{commit}:{path}")])).collect();
        let made: Vec<String> = (1..=EACH).map(|turn| format!("{who} {turn}")).collect();
        assert_eq!(texts, made, "{path}");
    }
    // Whoever asks last has what everybody made.
    kraken_follows(home).await;
}

/// Both disks have what is in git in the end.
async fn kraken_follows(home: &Path) {
    git(&home.join("plain"), &["pull", "--quiet", "--rebase", "origin", "main"]);
    for name in ["one", "two"] {
        let (state, copy) = opened(home, name).await;
        for tentacle in TENTACLES {
            let names = Names { enclave: "acme".parse().unwrap(), tentacle: tentacle.parse().unwrap() };
            let author = Author { name: name.to_owned(), email: "ana@team.example".to_owned() };
            let change = Change { author, trailers: Trailers::default() };
            state.carry(&copy, &names, change).await.unwrap().unwrap();
            let disk = copy.read(&names.enclave, &names.tentacle).unwrap();
            assert_eq!(disk.len(), 4, "{disk:?}");
            for (path, text) in disk {
                let there = home.join("plain/enclaves/acme").join(tentacle).join(&path);
                assert_eq!(std::fs::read_to_string(there).unwrap(), text, "{name} {path}");
            }
        }
    }
}
