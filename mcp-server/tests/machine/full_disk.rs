//! The disk with the server's copy of the state repo is full: that is told, what runs goes on, and nothing is lost.

use crate::caller::ENCLAVE;
use crate::git::{git, try_git};
use crate::server::{Server, Walls, engine, until};
use crate::source::hello;
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use serde_json::{Value, json};
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;
use wire::{Failure, FailureCode};

const NAME: &str = "full_disk::a_full_disk_is_told_and_nothing_is_lost";

/// A bare repository, somebody's clone of it, and a small disk.
struct Place(TempDir);

impl Place {
    /// The way of this thread into file systems of its own, which end with it; whatever it starts has the same.
    fn new() -> Self {
        unshare(CloneFlags::CLONE_NEWNS).unwrap();
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.at("small")).unwrap();
        let size = Some("size=2m,mode=700");
        mount(Some("small"), &place.at("small"), Some("tmpfs"), MsFlags::empty(), size).unwrap();
        git(place.0.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(place.0.path(), &["clone", "--quiet", "state.git", "clone"]);
        place
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn flags(&self) -> [String; 2] {
        let (bare, copy) = (self.at("state.git"), self.at("small/copy"));
        [format!("--state-repo=file://{}", bare.display()), format!("--state-dir={}", copy.display())]
    }

    /// Pushes a greeter that greets like this, over what the server writes in between; answers the commit.
    fn pushes(&self, greeting: &str) -> String {
        let (clone, folder) = (self.at("clone"), self.at("clone/enclaves").join(ENCLAVE).join("greeter"));
        for (path, text) in hello("greeter", greeting).as_object().unwrap() {
            fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            fs::write(folder.join(path), text.as_str().unwrap()).unwrap();
        }
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "-m", greeting]);
        let over = || {
            git(&clone, &["fetch", "--quiet", "origin"]);
            git(&clone, &["rebase", "--quiet", "origin/main"]);
        };
        let pushed = || try_git(&clone, &["push", "--quiet", "origin", "HEAD:main"]).is_ok();
        assert!(
            (0..20).any(|_| pushed() || {
                over();
                false
            }),
            "it cannot be pushed"
        );
        git(&clone, &["rev-parse", "HEAD"])
    }

    /// What git has of the enclave's record.
    fn record(&self) -> String {
        let path = format!("main:enclaves/{ENCLAVE}/enclave.yaml");
        try_git(&self.at("state.git"), &["show", &path]).unwrap_or_default()
    }
}

/// Takes all that is left of a disk.
fn fill(filler: &Path) {
    std::io::copy(&mut std::io::repeat(0), &mut File::create(filler).unwrap()).unwrap_err();
}

async fn deploy(server: &Server, commit: &str) -> Result<Value, Failure> {
    server.call("wf_apply", json!({"enclave": ENCLAVE, "name": "greeter", "commit": commit})).await
}

async fn greets(server: &Server) -> String {
    let ran = server.run_tentacle("greeter", json!({"name": "ben"})).await.unwrap();
    ran["output"]["outputs"]["hello"]["greeting"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_lost() {
    if !nix::unistd::geteuid().is_root() {
        let mut again = Command::new("unshare");
        again.args(["--map-root-user", "--mount"]).arg(std::env::current_exe().unwrap());
        assert!(again.args(["--exact", NAME]).status().unwrap().success());
        return;
    }
    let place = Place::new();
    let flags = place.flags();
    let server = Server::start_with(Walls::Bwrap, &engine(), &flags.each_ref().map(String::as_str)).await;
    server.provision(ENCLAVE).await;
    assert_eq!(deploy(&server, &place.pushes("Hello")).await.unwrap()["status"], "deployed");
    until("the record is in git", async || place.record().contains("greeter")).await;

    let filler = place.at("small/filler");
    fill(&filler);
    let commit = place.pushes("Good morning");
    let refused = deploy(&server, &commit).await.unwrap_err();
    assert_eq!(refused.code, FailureCode::Unavailable, "{refused:?}");
    assert!(refused.remedy.as_ref().unwrap().contains("nothing was changed"), "{refused:?}");
    assert!(server.log().contains("No space left on device"), "{}", server.log());
    assert_eq!(greets(&server).await, "Hello, ben!");
    // What is decided is kept, until git can have it.
    let private = json!({"enclave": ENCLAVE, "name": "greeter", "mode": "private"});
    server.call("wf_set_mode", private).await.unwrap();
    // Whatever has been given back meanwhile is taken, too.
    let more = place.at("small/more");
    fill(&more);
    let told = server.call("state_status", json!({"enclave": ENCLAVE})).await.unwrap_err();
    assert_eq!(told.message, refused.message);
    assert!(!place.record().contains("rwx------"), "{}", place.record());

    fs::remove_file(&filler).unwrap();
    fs::remove_file(&more).unwrap();
    assert_eq!(deploy(&server, &commit).await.unwrap()["status"], "deployed");
    assert_eq!(greets(&server).await, "Good morning, ben!");
    until("what was decided is in git", async || place.record().contains("rwx------")).await;
}
