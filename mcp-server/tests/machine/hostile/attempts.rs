//! Reaching for what is not its own, where the two kinds of walls are told apart.

use super::{Hostile, control, outside};
use crate::server::Walls;
use serde_json::{Value, json};

#[tokio::test]
async fn only_its_own_is_seen_under_bwrap() {
    only_its_own_is_seen(&Hostile::start(Walls::Bwrap).await).await;
}

#[tokio::test]
async fn only_its_own_is_seen_under_runsc() {
    only_its_own_is_seen(&Hostile::start(Walls::Runsc).await).await;
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
    for (name, words) in calls {
        let what = json!({"attempt": "call", "words": words});
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
    outside(what).is_ok()
}
