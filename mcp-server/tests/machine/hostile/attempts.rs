//! Reaching for what is not its own.

use super::{Hostile, control};
use crate::server::Walls;
use serde_json::{Value, json};
use std::net::TcpListener;

#[tokio::test]
async fn files_network_and_others_are_out_of_reach_under_bwrap() {
    files_network_and_others_are_out_of_reach(Walls::Bwrap).await;
}

#[tokio::test]
async fn files_network_and_others_are_out_of_reach_under_runsc() {
    files_network_and_others_are_out_of_reach(Walls::Runsc).await;
}

async fn files_network_and_others_are_out_of_reach(walls: Walls) {
    let hostile = Hostile::start(walls).await;
    let machine = hostile.server.machine_dir();
    hostile.server.provision("neighbour").await;
    let neighbour = machine.join("enclaves/neighbour/enclave.json");
    let process = hostile.server.process();
    let files = [
        "/etc/passwd".to_owned(),
        neighbour.display().to_string(),
        machine.join("../signing.pem").display().to_string(),
        format!("/proc/{process}/environ"),
        format!("/proc/{process}/root/etc/passwd"),
    ];
    for path in files {
        let why = hostile.fails(json!({"attempt": "read", "path": path})).await;
        assert!(why.contains("No such file"), "{path}: {why}");
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    hostile.fails(json!({"attempt": "connect", "port": port})).await;
    only_its_own_is_seen(&hostile).await;
}

async fn only_its_own_is_seen(hostile: &Hostile) {
    // The first process of another namespace is not the machine's: nothing of it tells of the server.
    let seen = hostile.attempt(&json!({"attempt": "list", "path": "/proc"})).await.unwrap();
    let all = control(&json!({"attempt": "list", "path": "/proc"}));
    let processes = |names: &Value| {
        let names = names.as_array().unwrap().iter();
        names.filter(|name| name.as_str().unwrap().bytes().all(|byte| byte.is_ascii_digit())).count()
    };
    // the engine and the process of the run, and with Bubblewrap its own first one
    assert!((2..=3).contains(&processes(&seen)), "{seen}");
    assert!(processes(&all) > 3);
    let environment = hostile.attempt(&json!({"attempt": "environment"})).await.unwrap();
    let known = ["DENO_DIR", "DENO_NO_UPDATE_CHECK", "NO_COLOR", "PWD", "HOME"];
    let unknown: Vec<_> =
        environment.as_object().unwrap().keys().filter(|name| !known.contains(&name.as_str())).collect();
    assert!(unknown.is_empty(), "{environment}");
    let outside = control(&json!({"attempt": "environment"}));
    assert!(outside.as_object().unwrap().contains_key("PATH"), "{outside}");
}

/// System calls by their numbers on x86_64, each with arguments with which it succeeds for a process outside.
#[cfg(target_arch = "x86_64")]
#[tokio::test]
async fn dangerous_system_calls_are_not_there_under_bwrap() {
    let hostile = Hostile::start(Walls::Bwrap).await;
    let (inet, stream, vsock) = (2, 1, 40);
    let calls = [
        ("ptrace(PTRACE_TRACEME)", vec![101, 0]),
        ("unshare(CLONE_NEWNS)", vec![272, 0x20000]),
        ("unshare(CLONE_NEWUTS)", vec![272, 0x0400_0000]),
        ("socket(AF_INET)", vec![41, inet, stream]),
        ("socket(AF_VSOCK)", vec![41, vsock, stream]),
        ("keyctl(KEYCTL_GET_KEYRING_ID)", vec![250, 0, -3, 1]),
        ("userfaultfd()", vec![323, 0]),
    ];
    let mut shown = 0;
    for (name, numbers) in calls {
        let what = json!({"attempt": "call", "numbers": numbers});
        let inside = hostile.attempt(&what).await;
        assert!(
            inside.as_ref().is_err_and(|why| why.contains("the system call failed")),
            "{name}: {inside:?}"
        );
        shown += usize::from(succeeds_outside(&what));
    }
    // A kernel may have been built without some of them, which shows nothing; not without most.
    assert!(shown >= 4, "only {shown} succeed outside");
}

fn succeeds_outside(what: &Value) -> bool {
    std::panic::catch_unwind(|| control(what)).is_ok()
}

#[tokio::test]
async fn under_runsc_it_is_another_kernel() {
    let hostile = Hostile::start(Walls::Runsc).await;
    let what = json!({"attempt": "kernel"});
    let inside = hostile.attempt(&what).await.unwrap();
    assert_ne!(inside, control(&what));
}
