//! A tentacle's life behind walls.

use crate::caller::ENCLAVE;
use crate::left::{entries, groups};
use crate::server::{Server, Walls, engine, until};
use crate::source::{hello, one_node, slow};
use serde_json::json;
use std::path::PathBuf;
use tokio::sync::mpsc::unbounded_channel;
use wire::FailureCode;
use wire::client::ClientError;

#[tokio::test]
async fn hello_deploys_and_runs_under_bwrap() {
    hello_deploys_and_runs(Walls::Bwrap).await;
}

#[tokio::test]
async fn hello_deploys_and_runs_under_runsc() {
    hello_deploys_and_runs(Walls::Runsc).await;
}

async fn hello_deploys_and_runs(walls: Walls) {
    let server = Server::with_enclave(walls).await;
    let deployed = server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    assert_eq!(deployed["status"], "deployed", "{deployed}");
    let ran = server.run_tentacle("greeter", json!({"name": "ben"})).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], "Hello, ben!", "{ran}");
    let status = server.status("greeter").await;
    assert_eq!((&status["ready"], &status["sandbox"]), (&json!(true), &json!(walls.name())), "{status}");
    assert!(server.logs("greeter").await.contains("info hello: greeting ben"));
}

/// Who waits for a turn has been asked whether they may run it when they began to wait.
#[tokio::test]
async fn a_run_that_may_not_be_any_more_when_its_turn_comes_is_not_run() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    let code =
        "export default (_, { millis }) => new Promise((done) => setTimeout(() => done('ran'), millis));";
    server.deploy("waiter", &one_node("waiter", code)).await.unwrap();
    let set = async |mode: &str| {
        let args = json!({"enclave": ENCLAVE, "name": "waiter", "mode": mode});
        server.call("wf_set_mode", args).await.unwrap();
    };
    server.call("enclave_sync", json!({"name": ENCLAVE, "new_mode": "rwx---r-x"})).await.unwrap();
    set("rwx---r-x").await;
    let run = |person: &'static str, millis: u64| {
        let caller = server.by(person);
        tokio::spawn(async move { caller.run_tentacle("waiter", json!({"millis": millis})).await })
    };
    let runs = async || {
        let args = json!({"enclave": ENCLAVE, "name": "waiter"});
        server.call("wf_history", args).await.unwrap()["runs"].as_array().unwrap().len()
    };
    // As long as a busy machine may need until the right is gone, and less than whoever waits has patience.
    let long = [20_000; 4].map(|millis| run("ana", millis));
    until("all that may go on at once do", async || server.status("waiter").await["in_flight"] == 4).await;
    let waits = run("ben", 0);
    until("one more waits", async || runs().await == 5).await;
    set("private").await;
    let refused = waits.await.unwrap().unwrap_err();
    assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
    for ran in long {
        assert_eq!(ran.await.unwrap().unwrap()["success"], true, "what went on went on");
    }
    set("rwx---r-x").await;
    let ran = run("ben", 0).await.unwrap().unwrap();
    assert_eq!(ran["success"], true, "{ran}");
}

/// The run goes on: it is the tentacle's, and how it ended stands in its history.
#[tokio::test]
async fn who_may_not_run_it_any_more_hears_no_more_of_a_run() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("waiter", &slow("waiter", "a secret", 12_000)).await.unwrap();
    let set = async |mode: &str| {
        let args = json!({"enclave": ENCLAVE, "name": "waiter", "mode": mode});
        server.call("wf_set_mode", args).await.unwrap();
    };
    server.call("enclave_sync", json!({"name": ENCLAVE, "new_mode": "rwx---r-x"})).await.unwrap();
    set("rwx---r-x").await;
    let (to, mut told) = unbounded_channel();
    let (caller, run) = (server.by("ben"), json!({"enclave": ENCLAVE, "name": "waiter"}));
    let running = tokio::spawn(async move { caller.told("wf_run", run, Some(to)).await });
    let begun = told.recv().await.unwrap();
    set("private").await;
    let refused = match running.await.unwrap() {
        Err(ClientError::Refused(failure)) => failure,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused.code, FailureCode::Denied | FailureCode::NotFound), "{refused:?}");
    assert!(!format!("{refused:?}").contains("a secret"), "{refused:?}");
    let heard: Vec<_> = std::iter::from_fn(|| told.try_recv().ok()).map(|told| told.message).collect();
    assert!(begun.message.ends_with("began") && heard.is_empty(), "{begun:?} {heard:?}");
    let history = server.call("wf_history", json!({"enclave": ENCLAVE, "name": "waiter"})).await.unwrap();
    assert_eq!(history["runs"][0]["outcome"], "succeeded", "{history}");
}

#[tokio::test]
async fn what_it_prints_is_followed() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.run_tentacle("greeter", json!({"name": "ben"})).await.unwrap();
    let (to, mut told) = unbounded_channel();
    let follow = json!({"enclave": ENCLAVE, "name": "greeter", "follow_seconds": 600});
    let caller = server.clone();
    let following = tokio::spawn(async move { caller.told("wf_logs", follow, Some(to)).await });
    let mut hears = async |line: &str| while !told.recv().await.unwrap().message.ends_with(line) {};
    hears("info hello: greeting ben").await;
    server.run_tentacle("greeter", json!({"name": "ana"})).await.unwrap();
    hears("info hello: greeting ana").await;
    following.abort();
}

/// The control groups of living sandboxes.
fn sandboxes(server: &Server) -> Vec<PathBuf> {
    groups(&server.machine_dir()).iter().flat_map(|own| sandbox_groups(&own.join(ENCLAVE))).collect()
}

fn sandbox_groups(enclave: &std::path::Path) -> Vec<PathBuf> {
    entries(enclave).into_iter().filter(|entry| entry.is_dir()).collect()
}

#[tokio::test]
async fn what_nobody_uses_ends_and_comes_back_when_asked() {
    let server = Server::start_with(Walls::Bwrap, &engine(), &["--idle-seconds=1"]).await;
    server.provision(ENCLAVE).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    until("the idle sandbox ends", async || sandboxes(&server).is_empty()).await;
    let status = server.status("greeter").await;
    assert_eq!((&status["ready"], &status["state"]), (&json!(true), &json!("idle")), "{status}");
    let ran = server.run_tentacle("greeter", json!({})).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
}

#[tokio::test]
async fn an_enclave_that_goes_leaves_nothing_on_disk_and_in_the_kernel() {
    for walls in [Walls::Bwrap, Walls::Runsc] {
        let server = Server::with_enclave(walls).await;
        let before = server.left();
        server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
        server.deploy("other", &hello("other", "Hello")).await.unwrap();
        server.run_tentacle("greeter", json!({})).await.unwrap();
        assert!(!sandboxes(&server).is_empty(), "the sandboxes have no control groups");
        let folder = server.machine_dir().join("enclaves").join(ENCLAVE);
        let confirmed = json!({"enclave": ENCLAVE, "name": "other", "confirm": "other"});
        server.call("wf_remove", confirmed).await.unwrap();
        assert_eq!(entries(&folder.join("tentacles")), [folder.join("tentacles/greeter")]);
        server.call("enclave_deprovision", json!({"name": ENCLAVE, "confirm": ENCLAVE})).await.unwrap();
        assert_eq!(entries(&server.machine_dir().join("enclaves")), Vec::<PathBuf>::new());
        assert_eq!(server.left(), before);
        let enclaves = groups(&server.machine_dir()).into_iter().flat_map(|own| sandbox_groups(&own));
        assert_eq!(enclaves.collect::<Vec<_>>(), Vec::<PathBuf>::new());
    }
}

#[tokio::test]
async fn another_server_goes_on_with_what_is_on_disk() {
    let mut server = Server::with_enclave(Walls::Bwrap).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.run_tentacle("greeter", json!({"name": "ben"})).await.unwrap();
    // A line that is still on its way out of the sandbox when its server dies is nowhere.
    until("what it printed is written down", async || server.logs("greeter").await.contains("greeting ben"))
        .await;
    server.kill();
    server.run().await;
    assert_eq!(server.status("greeter").await["ready"], true);
    assert!(server.logs("greeter").await.contains("greeting ben"), "the log is gone");
    let ran = server.run_tentacle("greeter", json!({"name": "cy"})).await.unwrap();
    assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], "Hello, cy!", "{ran}");
}

#[tokio::test]
async fn two_servers_do_not_share_a_folder() {
    let mut server = Server::start(Walls::Bwrap).await;
    let first = server.process();
    let other = server.second().await;
    assert!(other.contains("another server uses"), "{other}");
    assert_eq!(server.process(), first);
    server.kill();
    server.run().await;
}

#[tokio::test]
async fn runs_leave_nothing_behind_under_bwrap() {
    runs_leave_nothing_behind(Walls::Bwrap).await;
}

#[tokio::test]
async fn runs_leave_nothing_behind_under_runsc() {
    runs_leave_nothing_behind(Walls::Runsc).await;
}

async fn runs_leave_nothing_behind(walls: Walls) {
    let runs = if std::env::var_os("TENTACULAR_TEST_FULL").is_some() { 200 } else { 30 };
    let server = Server::with_enclave(walls).await;
    server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
    server.run_tentacle("greeter", json!({})).await.unwrap();
    let before = (server.left(), sandboxes(&server), descriptors(&server));
    for number in 0..runs {
        let ran = server.run_tentacle("greeter", json!({"name": number.to_string()})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["hello"]["greeting"], format!("Hello, {number}!"), "{ran}");
    }
    until("what runs had open is closed", async || {
        let now = (server.left(), sandboxes(&server), descriptors(&server));
        now.0 == before.0 && now.1 == before.1 && now.2 <= before.2 + 2
    })
    .await;
}

/// How many files the server has open.
fn descriptors(server: &Server) -> usize {
    entries(&PathBuf::from(format!("/proc/{}/fd", server.process()))).len()
}

#[tokio::test]
async fn what_is_not_enforced_is_said_and_no_more() {
    let server = Server::with_enclave(Walls::Bwrap).await;
    let told = server.deploy("greeter", &one_node("greeter", "export default () => 1;")).await.unwrap();
    let gaps = told["not_enforced"].to_string();
    assert!(gaps.contains("kernel"), "{gaps}");
    // This machine's groups have all three controllers: what the kernel shows is what is said.
    let sandbox = sandboxes(&server);
    for (file, gap) in [
        ("memory.limit_in_bytes", "memory:"),
        ("cpu.cfs_quota_us", "processor time:"),
        ("pids.max", "processes:"),
    ] {
        let v2 = file.replace("memory.limit_in_bytes", "memory.max").replace("cpu.cfs_quota_us", "cpu.max");
        let holds = sandbox.iter().any(|group| group.join(file).exists() || group.join(&v2).exists());
        assert_eq!(!holds, gaps.contains(gap), "{gap} {gaps}");
    }
}
