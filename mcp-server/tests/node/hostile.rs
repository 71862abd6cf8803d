//! Hostile code in a tentacle's pod. It has every permission of Deno, so that what stops it is the pod; and each attempt
//! has a control on the node, outside of the pod, in which the same code does the same and succeeds.

mod targets;
mod too_much;

use crate::cluster::kubectl;
use crate::inside::inside;
use crate::life::{files, says};
use crate::place::{kubeconfig, kubectl_program, node};
use crate::site::Site;
use crate::variable::variable;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// What is tried.
const ATTEMPTS: &str = include_str!("hostile/attempts.ts");

/// How each attempt went, in the pod of a tentacle: `done`, or what stopped it. Fails when the pod stopped all of it.
fn in_the_pod(enclave: &str, attempts: &[Value]) -> Result<Vec<String>, String> {
    let mut command = Command::new(kubectl_program());
    command.arg("--kubeconfig").arg(kubeconfig());
    let deployment = format!("deployment/{}", deployment_of(enclave));
    command.args(["exec", "--stdin", "-n", enclave, &deployment, "--", "/usr/bin/deno"]);
    outcomes(&mut command, attempts)
}

fn deployment_of(enclave: &str) -> String {
    let query = ["get", "deployment", "-n", enclave, "-l", "tentacular.io/tentacle=hello"];
    let name = ["-o", "jsonpath={.items[0].metadata.name}"];
    kubectl(&[&query[..], &name].concat()).unwrap()
}

/// The control. What it mounts and what name it gives the machine are its own.
fn on_the_node(attempts: &[Value]) -> Vec<String> {
    let mut there = Command::new("nsenter");
    let pid = node().pid.to_string();
    there.args(["--target", &pid, "--mount", "--pid", "--net", "--ipc", "unshare", "--mount", "--uts"]);
    outcomes(there.arg(variable("TENTACULAR_DENO")), attempts).unwrap()
}

/// Runs the attempts by this Deno.
fn outcomes(deno: &mut Command, attempts: &[Value]) -> Result<Vec<String>, String> {
    deno.args(["run", "--quiet", "--no-lock", "--allow-all", "-"]).arg(json!(attempts).to_string());
    let piped = deno.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    child.stdin.take().unwrap().write_all(ATTEMPTS.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let said = text(&output.stdout);
    if !output.status.success() {
        return Err(format!("{}: {said}{}", output.status, text(&output.stderr)));
    }
    Ok(serde_json::from_str(said.trim()).unwrap_or_else(|_| panic!("{said}")))
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
        assert!(wrong.is_empty() && attempts.len() >= 50, "of {}:\n{}", attempts.len(), wrong.join("\n"));
        let ran = site.run_it(&enclave, "hello", json!({})).await.unwrap();
        assert_eq!(ran["output"]["outputs"]["work"], "well", "{ran}");
        site.deprovision("ana", &enclave).await;
    });
}
