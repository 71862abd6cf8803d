//! `up` as far as it goes with the services that this program carries. The whole of it is met in the workspace's
//! end-to-end tests.

use crate::program::Program;
use std::net::{Ipv4Addr, TcpStream};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::process::{Child, Command};

/// How long anything here may take.
const BOUND: Duration = Duration::from_secs(30);

/// Polls until `done`.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let began = Instant::now();
    while !done() {
        assert!(began.elapsed() < BOUND, "{what} did not come");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn listens(port: u16) -> bool {
    TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok()
}

/// A shell that starts a workspace as its child, on a free port, and waits for it.
fn parent(program: &Program) -> (Child, u16) {
    let secret = program.write("secret", "0123456789abcdef0123456789abcdef");
    let hand_over = program.home.path().join("hand-over");
    std::fs::create_dir_all(&hand_over).unwrap();
    let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let script = format!(
        "'{}' serve --parent $$ workspace --bind 127.0.0.1:{port} --state-dir '{}' --secret-file '{}' --hand-over '{}' & wait",
        env!("CARGO_BIN_EXE_tntc"),
        program.home.path().join("workspace").display(),
        secret.display(),
        hand_over.display(),
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).stdin(Stdio::null()).stderr(Stdio::null()).kill_on_drop(true);
    (shell.spawn().unwrap(), port)
}

#[tokio::test]
async fn a_service_ends_with_whoever_started_it() {
    let program = Program::new(None);
    let (mut shell, port) = parent(&program);
    until("the workspace", || listens(port)).await;
    // As with `kill -9`: nothing of it can clean up.
    shell.kill().await.unwrap();
    until("the end of the workspace", || !listens(port)).await;
}

#[tokio::test]
async fn a_service_of_nobody_does_not_start() {
    let program = Program::new(None);
    let secret = program.write("secret", "0123456789abcdef0123456789abcdef");
    let home = program.home.path().to_str().unwrap().to_owned();
    let flags = [
        "--bind",
        "127.0.0.1:0",
        "--state-dir",
        &home,
        "--secret-file",
        secret.to_str().unwrap(),
        "--hand-over",
        &home,
    ];
    // Process 1 is everybody's last parent, and nobody's `up`.
    let ran = program.run(&[&["serve", "--parent", "1", "workspace"], &flags[..]].concat()).await;
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("`tntc up` has ended"), "{}", ran.err);
}

#[tokio::test]
async fn without_deno_or_a_sandbox_it_says_how_to_get_them() {
    let program = Program::new(None);
    let empty = program.home.path().join("empty");
    std::fs::create_dir_all(&empty).unwrap();
    let mut none = program.command(&["up"]);
    none.env("PATH", &empty);
    let ran = crate::program::finish(none).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("npm install --global deno"), "{}", ran.err);
    let deno = program.write("deno", "#!/bin/sh\n");
    std::fs::set_permissions(&deno, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let mut alone = program.command(&["up"]);
    alone.env("PATH", &empty).env("TENTACULAR_DENO", &deno);
    let ran = crate::program::finish(alone).await;
    assert!(ran.err.contains("apt-get install bubblewrap"), "{}", ran.err);
    let mut wrong = program.command(&["up"]);
    wrong.env("PATH", &empty).env("TENTACULAR_DENO", "/nonexistent/deno");
    let ran = crate::program::finish(wrong).await;
    assert!(ran.err.contains("TENTACULAR_DENO is `/nonexistent/deno`"), "{}", ran.err);
    assert!(!program.home.path().join("state").exists(), "nothing is made before that");
}

#[tokio::test]
async fn a_token_needs_one_that_runs() {
    let program = Program::new(None);
    let ran = program.run(&["up", "token", "ana"]).await;
    assert_eq!(ran.code, 1);
    assert!(ran.err.contains("start it with `tntc up`"), "{}", ran.err);
    assert_eq!(ran.out, "");
}
