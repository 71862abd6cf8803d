//! Secrets that lie in git: the value that arrives at a host is the one of the commit that is deployed, and it lies nowhere
//! else: not in the store, a log, git, a file of the server's, or what a process can be seen to have been started with.

use crate::caller::ENCLAVE;
use crate::git::{git, try_git};
use crate::host::{Host, Ways};
use crate::server::{Server, Walls, engine};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use state_repo::{AgeKey, Recipient};
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const CODE: &str = "export default async (ctx) => (await ctx.fetch('shop', '/price')).text();\n";

/// A bare repository, somebody's clone of it, and the key of the server.
struct Team {
    dir: TempDir,
    server: Recipient,
}

impl Team {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let key = wire::seal::new_age_key();
        fs::write(dir.path().join("age.key"), key.expose_secret()).unwrap();
        let team = Self { dir, server: AgeKey::read(&key).unwrap().recipient() };
        git(team.dir.path(), &["init", "--quiet", "--bare", "state.git"]);
        git(team.dir.path(), &["clone", "--quiet", "state.git", "clone"]);
        team
    }

    fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn flags(&self) -> Vec<String> {
        vec![
            format!("--state-repo=file://{}", self.at("state.git").display()),
            format!("--state-dir={}", self.at("copy").display()),
            format!("--state-age-key={}", self.at("age.key").display()),
        ]
    }

    /// Commits the tentacle with this value of its secret; answers the commit.
    fn commit(&self, port: u16, value: &str) -> String {
        let workflow = format!(
            "name: buyer\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n  buy: {{path: nodes/buy.ts, description: Buys}}\n\
             contract:\n  version: '1'\n  dependencies:\n    \
             shop: {{protocol: http, host: shop.example, port: {port}, auth: {{type: api-token, secret: shop.key}}}}\n"
        );
        let values = [("key".to_owned(), SecretString::from(value))].into();
        let place = (ENCLAVE.parse().unwrap(), "buyer".parse().unwrap());
        let sealed =
            state_repo::seal(&place.0, &place.1, &values, std::slice::from_ref(&self.server)).unwrap();
        let folder = self.at("clone/enclaves").join(ENCLAVE).join("buyer");
        for (path, text) in [
            ("workflow.yaml", workflow.as_str()),
            ("nodes/buy.ts", CODE),
            (".secrets/shop.enc.yaml", &sealed),
        ] {
            fs::create_dir_all(folder.join(path).parent().unwrap()).unwrap();
            fs::write(folder.join(path), text).unwrap();
        }
        let clone = self.at("clone");
        git(&clone, &["add", "--all"]);
        git(&clone, &["commit", "--quiet", "-m", "buyer"]);
        push(&clone);
        git(&clone, &["rev-parse", "HEAD"])
    }
}

/// Pushes over what the server writes of enclaves in between.
fn push(clone: &Path) {
    let over = || {
        git(clone, &["fetch", "--quiet", "origin"]);
        git(clone, &["rebase", "--quiet", "origin/main"]);
        false
    };
    let pushed = || try_git(clone, &["push", "--quiet", "origin", "HEAD:main"]).is_ok();
    assert!((0..20).any(|_| pushed() || over()), "it cannot be pushed");
}

async fn deploy(server: &Server, commit: &str) -> Value {
    let args = json!({"enclave": ENCLAVE, "name": "buyer", "commit": commit});
    server.call("wf_apply", args).await.unwrap()
}

/// The files below a folder that hold this.
fn holding(folder: &Path, what: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() {
            found.extend(holding(&entry.path(), what));
        } else if kind.is_file() && has(&fs::read(entry.path()).unwrap_or_default(), what) {
            found.push(entry.path());
        }
    }
    found
}

fn has(bytes: &[u8], what: &str) -> bool {
    bytes.windows(what.len()).any(|window| window == what.as_bytes())
}

/// What all processes of this machine were started with.
fn started_with() -> Vec<u8> {
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let files = processes.flat_map(|entry| ["environ", "cmdline"].map(|file| entry.path().join(file)));
    files.flat_map(|file| fs::read(file).unwrap_or_default()).collect()
}

async fn the_value_of_the_commit_arrives_and_lies_nowhere_else(walls: Walls) {
    let shop = Host::start("shop").await;
    let (ways, team) = (Ways::open("shop.example"), Team::new());
    let more = team.flags();
    let flags: Vec<&str> = ways.flags().into_iter().chain(more.iter().map(String::as_str)).collect();
    let mut server = Server::start_with(walls, &engine(), &flags).await;
    server.provision(ENCLAVE).await;
    let one = team.commit(shop.port, "canary-sword-fish");
    assert_eq!(deploy(&server, &one).await["status"], "needs_approval");
    // How an owner says so is another test's.
    server.execute("UPDATE approval SET state = 'approved'").await;
    assert_eq!(deploy(&server, &one).await["status"], "deployed");
    let arrives = async |server: &Server, value: &str| {
        let ran = server.run_tentacle("buyer", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["buy"], "shop", "{ran}");
        let got = shop.got().to_lowercase();
        let last = got.rsplit("authorization: bearer ").next().unwrap().lines().next().unwrap().to_owned();
        assert_eq!(last, value);
    };
    arrives(&server, "canary-sword-fish").await;
    // Another value in git is another engine's; the version is the same.
    let two = team.commit(shop.port, "canary-angel-fish");
    let again = deploy(&server, &two).await;
    if again["status"] == "needs_approval" {
        server.execute("UPDATE approval SET state = 'approved'").await;
        assert_eq!(deploy(&server, &two).await["status"], "deployed");
    }
    arrives(&server, "canary-angel-fish").await;
    // It goes on after the server was killed, without the state repo.
    server.kill();
    fs::rename(team.at("state.git"), team.at("away.git")).unwrap();
    server.run().await;
    arrives(&server, "canary-angel-fish").await;

    let seen = started_with();
    assert!(has(&seen, "--state-age-key=") && !has(&seen, "canary-") && !has(&seen, "AGE-SECRET-KEY"));
    // The file that a sandbox itself reads lies with it, and goes with it.
    let machine = server.machine_dir();
    let own = machine.join("sandboxes");
    for folder in [machine.parent().unwrap(), team.dir.path()] {
        let found = holding(folder, "canary");
        assert!(found.iter().all(|file| file.starts_with(&own)), "{found:?}");
    }
    server.stop();
    server.until_nothing_is_left().await;
    assert_eq!(holding(machine.parent().unwrap(), "canary"), Vec::<PathBuf>::new());
    let objects = git(&team.at("away.git"), &["cat-file", "--batch", "--batch-all-objects"]);
    assert!(objects.contains("ENC[AES256_GCM") && !objects.contains("canary"));
}

#[tokio::test]
async fn the_value_of_the_commit_arrives_and_lies_nowhere_else_under_bwrap() {
    the_value_of_the_commit_arrives_and_lies_nowhere_else(Walls::Bwrap).await;
}

#[tokio::test]
async fn the_value_of_the_commit_arrives_and_lies_nowhere_else_under_runsc() {
    the_value_of_the_commit_arrives_and_lies_nowhere_else(Walls::Runsc).await;
}
