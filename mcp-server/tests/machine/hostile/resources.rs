//! Using too much: each is stopped with its reason, and the tentacle and its neighbours can be run afterwards.

use super::{Hostile, control, permissive_engine, replace};
use crate::caller::ENCLAVE;
use crate::server::{Walls, until};
use crate::source::hello;
use serde_json::{Value, json};
use std::fs;
use std::time::{Duration, Instant};

/// How much later than its limit a run may be ended.
const LATER: Duration = Duration::from_secs(2);

/// How often it is tried whether it is ended in time: what is late on a busy machine is not late every time.
const TRIES: usize = 4;

impl Hostile {
    /// Tries what does not end by itself; what it is stopped with. Fails where that is never within the limit and a little more.
    async fn ends_in_time(&self, what: &Value, seconds: u32) -> String {
        let limit = Duration::from_secs(seconds.into());
        let mut took = Vec::new();
        for _ in 0..TRIES {
            let began = Instant::now();
            let why = self.attempt_within(what, seconds).await.unwrap_err();
            if began.elapsed() <= limit + LATER {
                return why;
            }
            took.push(began.elapsed());
        }
        panic!("{what} with a limit of {limit:?} was stopped after {took:?}");
    }

    /// Whatever was tried, everything can be run again.
    async fn goes_on(&self) {
        assert_eq!(self.attempt(&json!({"attempt": "environment"})).await.map(|_| ()), Ok(()));
        let ran = self.server.run_tentacle("greeter", json!({})).await.unwrap();
        assert_eq!(ran["success"], true, "{ran}");
    }

    async fn with_neighbour(walls: Walls) -> Self {
        let hostile = Self::start(walls).await;
        hostile.server.deploy("greeter", &hello("greeter", "Hello")).await.unwrap();
        hostile
    }
}

#[tokio::test]
async fn too_much_is_stopped_under_bwrap() {
    too_much_is_stopped(Walls::Bwrap).await;
}

#[tokio::test]
async fn too_much_is_stopped_under_runsc() {
    too_much_is_stopped(Walls::Runsc).await;
}

async fn too_much_is_stopped(walls: Walls) {
    let hostile = Hostile::with_neighbour(walls).await;
    let why = hostile.ends_in_time(&json!({"attempt": "loop"}), 2).await;
    assert!(why.contains("stopped after 2 s"), "{why}");
    hostile.goes_on().await;

    // Its memory is used up long before its time.
    let why = hostile.ends_in_time(&json!({"attempt": "memory", "mebibytes": 640}), 30).await;
    assert!(why.contains("memory"), "{why}");
    hostile.goes_on().await;
}

#[tokio::test]
async fn an_engine_that_does_not_stop_a_run_is_stopped() {
    for walls in [Walls::Bwrap, Walls::Runsc] {
        let engine = permissive_engine();
        replace(&engine.path().join("run.ts"), "      limitMs,\n    );", "      1e9,\n    );");
        let hostile = Hostile::start_on(engine, walls).await;
        let why = hostile.attempt_within(&json!({"attempt": "loop"}), 2).await.unwrap_err();
        assert!(why.contains("it was stopped after 2 s"), "{why}");
        let again = hostile.attempt(&json!({"attempt": "environment"})).await;
        assert!(again.is_ok(), "{again:?}");
    }
}

#[tokio::test]
async fn an_engine_that_floods_its_log_fills_no_disk() {
    let engine = permissive_engine();
    let flood = "for (let count = 0; count < 5000; count += 1) console.log(\"x\".repeat(1000));\n";
    let main = fs::read_to_string(engine.path().join("main.ts")).unwrap();
    fs::write(engine.path().join("main.ts"), format!("{flood}{main}")).unwrap();
    let hostile = Hostile::start_on(engine, Walls::Bwrap).await;
    let bytes = hostile.log_bytes();
    assert!(bytes > 1024 * 1024 && bytes <= 2 * 1024 * 1024, "{bytes}");
}

#[tokio::test]
async fn what_a_run_leaves_behind_ends_with_its_sandbox_under_bwrap() {
    what_a_run_leaves_behind_ends_with_its_sandbox(Walls::Bwrap).await;
}

#[tokio::test]
async fn what_a_run_leaves_behind_ends_with_its_sandbox_under_runsc() {
    what_a_run_leaves_behind_ends_with_its_sandbox(Walls::Runsc).await;
}

/// Processes that have ended and that nobody waits for are counted like others; one that has no parent any more lives as long
/// as the sandbox, and no longer.
async fn what_a_run_leaves_behind_ends_with_its_sandbox(walls: Walls) {
    let hostile = Hostile::with_neighbour(walls).await;
    assert_eq!(control(&json!({"attempt": "zombies", "count": 4000})), json!(4000));
    assert_eq!(hostile.attempt(&json!({"attempt": "zombies", "count": 20})).await, Ok(json!(20)));
    let refused = hostile.attempt(&json!({"attempt": "zombies", "count": 4000})).await.unwrap_err();
    // It may be the sandbox that ends of it.
    let words = ["processes came up", "stopped", "ended by itself"];
    assert!(words.iter().any(|words| refused.contains(words)), "{refused}");
    // What is left of it takes up room: the next runs are in a sandbox that has it.
    for _ in 0..5 {
        hostile.goes_on().await;
    }

    // A fresh sandbox: zombies stay in theirs.
    hostile.server.call("wf_restart", json!({"enclave": ENCLAVE, "name": "hostile"})).await.unwrap();
    assert_eq!(hostile.attempt(&json!({"attempt": "daemon"})).await, Ok(json!("left")));
    if matches!(walls, Walls::Bwrap) {
        // Behind gVisor it is no process of this machine's.
        let works = |process: &String| process.contains("\"loop\"");
        let left = hostile.server.left().processes;
        assert!(left.iter().any(works), "{left:?}");
    }
    hostile.goes_on().await;
    let all = ["hostile", "greeter"];
    for name in all {
        let args = json!({"enclave": ENCLAVE, "name": name, "confirm": name});
        hostile.server.call("wf_remove", args).await.unwrap();
    }
    until("nothing of it is left", async || hostile.server.left().folders.is_empty()).await;
    let left = hostile.server.left().processes;
    assert!(left.iter().all(|process| !process.contains("run --quiet")), "{left:?}");
}
