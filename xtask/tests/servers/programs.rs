//! The programs: each does what it is there for.

use std::process::Command;

use super::variable;

fn printed(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn deno_has_the_version_that_tentacles_run_on() {
    let version = printed(Command::new(variable("TENTACULAR_DENO")).arg("--version"));
    assert!(version.starts_with("deno 2.9.6 "), "{version}");
}

#[test]
fn runsc_runs_a_process_on_a_kernel_of_its_own() {
    let mut runsc = Command::new(variable("TENTACULAR_RUNSC"));
    let version = printed(runsc.args(["--platform=systrap", "--network=none", "do", "cat", "/proc/version"]));
    assert_ne!(version, std::fs::read_to_string("/proc/version").unwrap());
}

#[test]
fn bwrap_runs_a_process_that_sees_no_network_but_its_own() {
    let mut bwrap = Command::new(variable("TENTACULAR_BWRAP"));
    bwrap.args(["--ro-bind", "/", "/", "--proc", "/proc", "--unshare-all", "cat", "/proc/net/dev"]);
    let interfaces = printed(&mut bwrap).lines().filter(|line| line.contains(':')).count();
    assert_eq!(interfaces, 1, "only loopback");
}

#[test]
fn python_has_slacks_official_client() {
    let mut python = Command::new(variable("TENTACULAR_TEST_PYTHON"));
    let program = "import slack_sdk, slack_sdk.socket_mode; print(slack_sdk.version.__version__)";
    assert_eq!(printed(python.args(["-c", program])).trim(), "3.47.0");
}

#[test]
fn python_has_what_the_verifier_of_the_trail_needs() {
    let mut python = Command::new(variable("TENTACULAR_TEST_PYTHON"));
    let program = "from cryptography.hazmat.primitives.asymmetric import ed25519; print(ed25519.__name__)";
    assert!(printed(python.args(["-c", program])).contains("ed25519"));
}
