//! One list of what hostile code goes for on a machine, tried behind either kind of walls in one run. Whoever stands outside of them
//! can do each of it.

use crate::conformance::walls::{calls, held_by_the_server};
use crate::conformance::{Site, Surroundings, Tried};
use crate::conforming::Machine;
use crate::machines::MACHINES;
use crate::server::Walls;
use serde_json::{Value, json};
use std::os::unix::net::UnixListener;
use std::path::Path;

/// How many it is at least.
const MANY: usize = 60;

#[cfg(target_arch = "x86_64")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_gets_out_under_bwrap() {
    nothing_gets_out(Walls::Bwrap).await;
}

#[cfg(target_arch = "x86_64")]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_gets_out_under_runsc() {
    nothing_gets_out(Walls::Runsc).await;
}

async fn nothing_gets_out(walls: Walls) {
    let machine = Machine::start(walls).await;
    let own = tempfile::tempdir().unwrap();
    let socket = own.path().join("socket");
    let _listening = UnixListener::bind(&socket).unwrap();
    let (around, server) = (machine.surroundings(), machine.server());
    // What is called last is what changes the surroundings of whoever stands outside: a mount, a network of their own.
    let seen =
        [network(around, &socket), files(&server.machine_dir(), around), processes(around, server.process())]
            .concat();
    let write = |path: &str| json!({"attempt": "write", "path": path});
    let folders: Vec<&str> = around.folders.iter().copied().chain(["/sys", "/dev", "/etc"]).collect();
    let writes: Vec<Value> = folders.iter().map(|path| write(path)).collect();
    let within = [seen.clone(), writes, calls("/")].concat();
    let folder = own.path().display().to_string();
    let writes = vec![write(&folder); folders.len()];
    let outside = [seen, writes, calls(&folder)].concat();
    assert!(within.len() >= MANY, "{}", within.len());

    let controls = outcomes(machine.outside(&json!(outside)).await);
    let got = outcomes(machine.within(&json!(within)).await);
    assert_eq!((got.len(), controls.len()), (within.len(), within.len()));
    let each = within.iter().zip(&got).zip(&controls);
    let wrong: Vec<String> = each
        .filter(|((_, got), control)| *got == "done" || *control != "done")
        .map(|((attempt, got), control)| format!("{attempt}: within: {got}; outside: {control}"))
        .collect();
    assert!(wrong.is_empty(), "of {}:\n{}", within.len(), wrong.join("\n"));
    let after = machine.within(&json!({"attempt": "environment"})).await;
    assert!(matches!(after, Tried::Got(_)), "{after:?}");
}

fn outcomes(tried: Tried) -> Vec<Value> {
    match tried {
        Tried::Got(Value::Array(all)) => all,
        other => panic!("many at once answered {other:?}"),
    }
}

/// Connections that can be made outside, by every name that the machine has for itself.
fn network(around: &Surroundings, socket: &Path) -> Vec<Value> {
    let port = around.connections[0]["port"].as_u64().unwrap();
    let connect = |hostname: &str| json!({"attempt": "connect", "hostname": hostname, "port": port});
    let asked = around.name_service;
    let mut all = around.connections.clone();
    all.extend(["0.0.0.0", "localhost", "::ffff:7f00:1"].map(connect));
    all.push(json!({"attempt": "socket", "path": socket}));
    all.push(
        json!({"attempt": "resolve", "name": "canary.example", "address": asked.ip(), "port": asked.port()}),
    );
    all
}

fn files(machine: &Path, around: &Surroundings) -> Vec<Value> {
    let read = |path: &str| json!({"attempt": "read", "path": path, "holds": held_by_the_server(path)});
    let list = |path: &str| json!({"attempt": "list", "path": path});
    let own = |name: &str| machine.join(name).display().to_string();
    let mut all: Vec<Value> = around.files.iter().chain(&around.credentials).map(|path| read(path)).collect();
    all.extend(["/etc/group", "/etc/hostname", "/etc/os-release", "/etc/ssl/openssl.cnf"].map(read));
    all.extend(
        [machine.display().to_string(), own("enclaves"), own("enclaves/neighbour"), own("..")]
            .iter()
            .map(|path| list(path)),
    );
    all.extend(["/root", "/home", "/var/log", "/boot", "/usr/bin", "/sys/kernel/debug"].map(list));
    all.extend(MACHINES.map(|path| json!({"attempt": "open", "path": path})));
    all
}

/// The server by its name and by its number, and programs that a sandbox has no need of.
fn processes(around: &Surroundings, server: u32) -> Vec<Value> {
    let (seize, of_the_group) = (0x4206, 0);
    let call = |words: Value| json!({"attempt": "call", "words": words});
    let program = |words: Value| json!({"attempt": "program", "words": words});
    let mut all: Vec<Value> =
        around.processes.iter().map(|name| json!({"attempt": "process", "name": name})).collect();
    all.extend([
        call(json!([62, server, of_the_group])),
        call(json!([434, server, 0])),
        call(json!([101, seize, server, 0, 0])),
        program(json!(["/bin/sh", "-c", "true"])),
        program(json!(["/usr/bin/unshare", "--mount", "true"])),
        program(json!(["/usr/bin/env"])),
    ]);
    all
}
