//! Using too much: each is stopped with its reason, and the tentacle and its neighbours can be run afterwards.

use super::{Hostile, control};
use crate::caller::ENCLAVE;
use crate::left::{entries, groups};
use crate::server::Walls;
use crate::source::hello;
use serde_json::{Value, json};
use std::fs;

impl Hostile {
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

    /// The largest number that a file of a sandbox's control groups shows.
    fn most(&self, file: &str) -> Option<u64> {
        let owns = groups(&self.server.machine_dir());
        let sandboxes = owns.iter().flat_map(|own| entries(&own.join(ENCLAVE)));
        sandboxes.filter_map(|group| fs::read_to_string(group.join(file)).ok()?.trim().parse().ok()).max()
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
    let why = hostile.attempt_within(&json!({"attempt": "loop"}), 2).await.unwrap_err();
    assert!(why.contains("stopped after 2 s"), "{why}");
    hostile.goes_on().await;

    let why = hostile.fails(json!({"attempt": "memory", "mebibytes": 640})).await;
    assert!(why.contains("memory"), "{why}");
    hostile.goes_on().await;

    processes_are_bounded(&hostile).await;
    disk_is_bounded(&hostile).await;
    a_flood_is_bounded(&hostile).await;
}

async fn processes_are_bounded(hostile: &Hostile) {
    let within = json!({"attempt": "processes", "count": 40, "deno": "/bin/deno"});
    let outside =
        json!({"attempt": "processes", "count": 40, "deno": crate::server::program("TENTACULAR_DENO")});
    assert_eq!(control(&outside), 40);
    let got = hostile.attempt(&within).await;
    assert!(got.is_err(), "{got:?}");
    let processes = hostile.most("pids.current").unwrap_or_default();
    assert!(processes <= 128, "{processes} processes live on");
    hostile.goes_on().await;
}

async fn disk_is_bounded(hostile: &Hostile) {
    let mut writable = Vec::new();
    for folder in
        ["/", "/code", "/engine", "/bin", "/lib", "/tmp", "/dev", "/dev/shm", "/run", "/run/tentacle"]
    {
        let got = hostile.attempt(&json!({"attempt": "fill", "path": folder, "kib": 4096})).await;
        match got.ok().as_ref().and_then(Value::as_f64) {
            Some(kib) => writable.push((folder, kib)),
            None => assert_ne!(folder, "/run/tentacle"),
        }
    }
    let outside = tempfile::tempdir().unwrap();
    assert_eq!(control(&json!({"attempt": "fill", "path": outside.path(), "kib": 4096})), 4096);
    // What gVisor keeps in memory counts as the sandbox's memory; the socket's folder is bounded in itself.
    let unbounded = |(folder, kib): &&(&str, f64)| {
        *kib > 64.0
            && !(matches!(hostile.walls, Walls::Runsc) && ["/tmp", "/dev/shm", "/dev"].contains(folder))
    };
    assert!(!writable.iter().any(|it| unbounded(&it)), "{writable:?}");
    hostile.goes_on().await;
}

async fn a_flood_is_bounded(hostile: &Hostile) {
    let what = json!({"attempt": "flood", "mebibytes": 64});
    assert_eq!(control(&what), 64);
    // The run may end well or not; what counts is that nothing fills up.
    let _ = hostile.attempt(&what).await;
    let log = hostile.server.machine_dir().join("enclaves").join(ENCLAVE).join("tentacles/hostile/log");
    let bytes: u64 = entries(&log).iter().map(|file| fs::metadata(file).unwrap().len()).sum();
    assert!(bytes > 0 && bytes <= 2 * 1024 * 1024, "{bytes}");
    hostile.goes_on().await;
}
