//! Whatever `xtask` starts ends with it, however that ends. Each test marks its processes by an odd number of seconds
//! to sleep, and looks for them in `/proc`.
#![expect(clippy::unwrap_used, reason = "this is a test, and what does not work must be seen")]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const XTASK: &str = env!("CARGO_BIN_EXE_xtask");

/// Starts three processes that try to get away: an ordinary child, one in a session of its own, and an orphan.
fn three_sleepers(mark: &str) -> String {
    format!("sleep {mark} & setsid sleep {mark} & (setsid sleep {mark} &) ; wait")
}

fn mark(test: u32) -> String {
    format!("{}.{}", 500_000 + test, std::process::id())
}

fn sleepers(mark: &str) -> usize {
    let command = format!("sleep\0{mark}\0");
    let processes = fs::read_dir("/proc").unwrap().flatten();
    processes
        .filter(|it| fs::read(it.path().join("cmdline")).is_ok_and(|line| line == command.as_bytes()))
        .count()
}

fn wait_for(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !condition() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn guard(options: &[&str], script: &str) -> Child {
    let mut guard = Command::new(XTASK);
    guard.arg("guard").args(options).args(["--", "sh", "-c", script]).stdin(Stdio::piped());
    guard.spawn().unwrap()
}

#[test]
fn nothing_escapes_when_the_leash_is_let_go() {
    let mark = mark(1);
    let mut guard = guard(&[], &three_sleepers(&mark));
    wait_for("three sleepers", || sleepers(&mark) == 3);
    drop(guard.stdin.take());
    assert_eq!(guard.wait().unwrap().code(), Some(128 + 15));
    assert_eq!(sleepers(&mark), 0);
}

#[test]
fn what_does_not_listen_is_killed() {
    let mark = mark(2);
    let script = format!("trap '' TERM; {}; while true; do sleep {mark}; done", three_sleepers(&mark));
    let mut guard = guard(&["--grace", "50"], &script);
    wait_for("three sleepers", || sleepers(&mark) == 3);
    drop(guard.stdin.take());
    guard.wait().unwrap();
    assert_eq!(sleepers(&mark), 0);
}

#[test]
fn what_a_program_leaves_behind_ends_with_it_and_its_exit_code_is_kept() {
    let mark = mark(3);
    let mut guard = guard(&[], &format!("(setsid sleep {mark} &); exit 7"));
    let leash = guard.stdin.take();
    assert_eq!(guard.wait().unwrap().code(), Some(7));
    assert_eq!(sleepers(&mark), 0);
    drop(leash);
}

#[test]
fn the_temporary_folder_goes_too() {
    let folder = tempfile::tempdir().unwrap();
    let scratch = folder.path().join("scratch");
    fs::create_dir(&scratch).unwrap();
    let script = format!("touch {0}/file; exec sleep {1}", scratch.display(), mark(4));
    let mut guard = guard(&["--scratch", scratch.to_str().unwrap()], &script);
    wait_for("the file", || scratch.join("file").exists());
    drop(guard.stdin.take());
    guard.wait().unwrap();
    assert!(!scratch.exists());
}

#[test]
fn a_killed_xtask_leaves_no_process() {
    let mark = mark(5);
    let folder = tempfile::tempdir().unwrap();
    let cargo = folder.path().join("cargo");
    fs::write(&cargo, format!("#!/bin/sh\n{}\n", three_sleepers(&mark))).unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let mut xtask = Command::new(XTASK).arg("lint").env("PATH", path).spawn().unwrap();
    wait_for("three sleepers", || sleepers(&mark) == 3);
    xtask.kill().unwrap();
    xtask.wait().unwrap();
    wait_for("no sleeper", || sleepers(&mark) == 0);
}
