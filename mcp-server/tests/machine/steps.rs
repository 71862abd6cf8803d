//! A server killed at each step of a rollout and of a removal: whoever asks all the time is answered by the version before
//! or by the new one, and without anybody's help the new one comes, or all of it goes.

use crate::caller::{ENCLAVE, deploying, running};
use crate::left::entries;
use crate::server::{Server, Walls, until};
use crate::source::one_node;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::unbounded_channel;

/// How long a step may take to come.
const PATIENCE: Duration = Duration::from_secs(60);

/// A step, as it is seen on disk once it has been taken.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    /// The new version's files are there.
    Stored,
    /// Its sandbox is being made.
    Started,
    /// It is the one that serves, also after a restart.
    Current,
    /// The sandbox of what goes is gone.
    Ended,
    /// What goes has lost its name.
    Unnamed,
}

/// What was there before.
struct Before {
    machine: PathBuf,
    versions: Vec<PathBuf>,
    sandboxes: Vec<PathBuf>,
    current: Vec<u8>,
}

fn tentacle(machine: &Path) -> PathBuf {
    machine.join("enclaves").join(ENCLAVE).join("tentacles/greeter")
}

fn current(machine: &Path) -> Vec<u8> {
    fs::read(tentacle(machine).join("current.json")).unwrap_or_default()
}

impl Before {
    fn of(server: &Server) -> Self {
        let machine = server.machine_dir();
        Self {
            versions: entries(&tentacle(&machine).join("versions")),
            sandboxes: entries(&machine.join("sandboxes")),
            current: current(&machine),
            machine,
        }
    }

    fn is_taken(&self, step: Step) -> bool {
        let is_new = |folder: PathBuf, before: &[PathBuf]| {
            entries(&folder).iter().any(|entry| !before.contains(entry))
        };
        match step {
            Step::Stored => is_new(tentacle(&self.machine).join("versions"), &self.versions),
            Step::Started => is_new(self.machine.join("sandboxes"), &self.sandboxes),
            Step::Current => current(&self.machine) != self.current,
            Step::Ended => self.sandboxes.iter().all(|sandbox| !sandbox.exists()),
            Step::Unnamed => !tentacle(&self.machine).exists(),
        }
    }
}

/// Ana asks for `tool`, and the server is killed when this step has been taken.
async fn killed_at(server: &mut Server, step: Step, tool: &'static str, args: Value) {
    let (before, process) = (Before::of(server), server.process());
    let caller = server.clone();
    let asking = tokio::spawn(async move { caller.try_call(tool, args).await });
    let watching = tokio::task::spawn_blocking(move || {
        let began = Instant::now();
        while !before.is_taken(step) {
            assert!(began.elapsed() < PATIENCE, "{step:?} was not seen");
            std::thread::sleep(Duration::from_micros(100));
        }
        kill(Pid::from_raw(process.try_into().unwrap()), Signal::SIGKILL).unwrap();
    });
    watching.await.unwrap();
    server.kill();
    asking.abort();
}

fn says(word: &str) -> Value {
    one_node("greeter", &format!("export default () => '{word}';\n"))
}

fn word(ran: &Value) -> &str {
    assert_eq!(ran["success"], true, "{ran}");
    ran["output"]["outputs"]["node"].as_str().unwrap()
}

async fn a_kill_at_each_step_of_a_rollout_leaves_no_gap(walls: Walls) {
    let mut server = Server::with_enclave(walls).await;
    server.deploy("greeter", &says("word-0")).await.unwrap();
    for (number, step) in [Step::Stored, Step::Started, Step::Current].into_iter().enumerate() {
        let (old, new) = (format!("word-{number}"), format!("word-{}", number + 1));
        assert_eq!(word(&server.run_tentacle("greeter", json!({})).await.unwrap()), old);
        let caller = server.clone();
        let (hears, mut heard) = unbounded_channel();
        let asking = tokio::spawn(async move {
            while let Ok(ran) = caller.try_call("wf_run", running("greeter", json!({}))).await {
                hears.send(word(&ran).to_owned()).unwrap();
            }
        });
        killed_at(&mut server, step, "wf_apply", deploying("greeter", &says(&new))).await;
        asking.abort();
        while let Some(heard) = heard.recv().await {
            assert!(heard == old || heard == new, "{step:?}: {heard}");
        }
        server.until_nothing_is_left().await;
        server.run().await;
        until(&format!("the version serves whose rollout was cut at {step:?}"), async || {
            let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
            assert!([old.as_str(), new.as_str()].contains(&word(&ran)), "{step:?}: {ran}");
            word(&ran) == new
        })
        .await;
        let versions = || entries(&tentacle(&server.machine_dir()).join("versions")).len();
        until("the version before is gone", async || versions() == 1).await;
    }
}

async fn a_kill_at_each_step_of_a_removal_leaves_nothing(walls: Walls) {
    let mut server = Server::with_enclave(walls).await;
    for step in [Step::Ended, Step::Unnamed] {
        server.deploy("greeter", &says("hello")).await.unwrap();
        server.run_tentacle("greeter", json!({})).await.unwrap();
        let args = json!({"enclave": ENCLAVE, "name": "greeter", "confirm": "greeter"});
        killed_at(&mut server, step, "wf_remove", args).await;
        server.until_nothing_is_left().await;
        server.run().await;
        let status = json!({"enclave": ENCLAVE, "name": "greeter"});
        until(&format!("it goes, its removal cut at {step:?}"), async || {
            server.call("wf_status", status.clone()).await.is_err()
        })
        .await;
        assert!(!tentacle(&server.machine_dir()).exists(), "{step:?}");
    }
    server.deploy("greeter", &says("again")).await.unwrap();
    assert_eq!(word(&server.run_tentacle("greeter", json!({})).await.unwrap()), "again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_step_leaves_no_gap_under_bwrap() {
    a_kill_at_each_step_of_a_rollout_leaves_no_gap(Walls::Bwrap).await;
    a_kill_at_each_step_of_a_removal_leaves_nothing(Walls::Bwrap).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_at_each_step_leaves_no_gap_under_runsc() {
    a_kill_at_each_step_of_a_rollout_leaves_no_gap(Walls::Runsc).await;
    a_kill_at_each_step_of_a_removal_leaves_nothing(Walls::Runsc).await;
}
