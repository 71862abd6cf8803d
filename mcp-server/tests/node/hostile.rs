//! Hostile code in a tentacle's pod. It has every permission of Deno, so that what stops it is the pod; and each attempt
//! has a control on the node, outside of the pod, in which the same code does the same and succeeds.

pub(crate) mod targets;
mod too_much;

use crate::cluster::kubectl;
use crate::conformance::{ATTEMPTS, Tried};
use crate::inside::inside;
use crate::life::{files, says};
use crate::place::{kubeconfig, kubectl_program, node};
use crate::site::Site;
use crate::variable::variable;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// How each attempt went, in the pod of a tentacle: `done`, or what stopped it. Fails when the pod stopped all of it.
fn in_the_pod(enclave: &str, attempts: &[Value]) -> Result<Vec<String>, String> {
    all(within(enclave, "hello", &json!(attempts)))
}

/// The control.
fn on_the_node(attempts: &[Value]) -> Vec<String> {
    all(outside(&json!(attempts))).unwrap()
}

pub(crate) fn all(tried: Tried) -> Result<Vec<String>, String> {
    match tried {
        Tried::Got(got) => Ok(serde_json::from_value(got).unwrap()),
        Tried::Stopped(why) => Err(why),
        Tried::NoCode => panic!("a pod that runs no code"),
    }
}

/// Tries something in the pod of a tentacle, with Deno's every permission.
pub(crate) fn within(enclave: &str, tentacle: &str, attempt: &Value) -> Tried {
    let Ok(deployment) = deployment_of(enclave, tentacle) else {
        panic!("{enclave}/{tentacle} is not there")
    };
    in_pod(enclave, &deployment, attempt)
}

/// The same in a pod, by its name or by what made it.
pub(crate) fn in_pod(enclave: &str, pod: &str, attempt: &Value) -> Tried {
    let mut command = Command::new(kubectl_program());
    command.arg("--kubeconfig").arg(kubeconfig());
    command.args(["exec", "--stdin", "-n", enclave, pod, "--", "/usr/bin/deno"]);
    tried(&mut command, attempt)
}

fn deployment_of(enclave: &str, tentacle: &str) -> Result<String, String> {
    let of = format!("tentacular.io/tentacle={tentacle}");
    let query = ["get", "deployment", "-n", enclave, "-l", &of];
    let name = kubectl(&[&query[..], &["-o", "jsonpath={.items[0].metadata.name}"]].concat())?;
    Ok(format!("deployment/{name}"))
}

/// The same on the node, outside of any pod. What it mounts and what name it gives the machine are its own.
pub(crate) fn outside(attempt: &Value) -> Tried {
    let mut there = Command::new("nsenter");
    let pid = node().pid.to_string();
    there.args(["--target", &pid, "--mount", "--pid", "--net", "--ipc", "unshare", "--mount", "--uts"]);
    there.arg(variable("TENTACULAR_DENO")).env("TENTACULAR_CONTROL", "1");
    tried(&mut there, attempt)
}

/// Makes an attempt by this Deno.
fn tried(deno: &mut Command, attempt: &Value) -> Tried {
    deno.args(["run", "--quiet", "--no-lock", "--allow-all", "-"]).arg(attempt.to_string());
    let piped = deno.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // A pod that ends does not read it.
    let _ = child.stdin.take().unwrap().write_all(ATTEMPTS.as_bytes());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    if !output.status.success() {
        return Tried::Stopped(format!("{}: {said}", output.status));
    }
    Tried::Got(
        serde_json::from_str(said.lines().last().unwrap_or_default()).unwrap_or_else(|_| panic!("{said}")),
    )
}

#[test]
fn nothing_gets_out_of_a_pod() {
    inside(async {
        let site = Site::start("heads").await;
        let enclave = site.enclave("hostile").await;
        site.deploy(&enclave, "hello", &files("hello", &says("well"))).await.unwrap();
        let targets = targets::Targets::make(&enclave).await;
        let attempts = targets.attempts();
        let controls = on_the_node(&targets.controls());
        let got = in_the_pod(&enclave, &attempts).unwrap();
        let mut wrong = Vec::new();
        for ((attempt, got), control) in attempts.iter().zip(&got).zip(&controls) {
            if got == "done" || control != "done" {
                wrong.push(format!("{attempt}: in the pod: {got}; on the node: {control}"));
            }
        }
        assert!(wrong.is_empty() && attempts.len() >= 60, "of {}:\n{}", attempts.len(), wrong.join("\n"));
        let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "well", "{ran}");
        site.deprovision("ana", &enclave).await;
    });
}
