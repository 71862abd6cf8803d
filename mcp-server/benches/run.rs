//! What running costs on one machine, under bwrap and under gVisor: what the server adds to the engine's own time, what the
//! engine adds to a node, how soon a new sandbox answers beside a bare Deno in the same walls, and what a thousand
//! tentacles cost that nobody runs.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark prints what it measured, and may stop"
)]
#![allow(dead_code, reason = "some of what it shares with the suite of the machine is used there alone")]

#[path = "../tests/machine/caller.rs"]
mod caller;
#[path = "../tests/front_door/issuer.rs"]
mod issuer;
#[path = "../tests/machine/left.rs"]
mod left;
#[path = "../tests/machine/server.rs"]
mod server;
#[path = "../tests/machine/source.rs"]
mod source;
#[path = "run/walls.rs"]
mod walls;

use caller::{ENCLAVE, deploying};
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{Server, Walls, engine, program};
use source::one_node;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};
use wire::client::{Client, Extras};

const RUNS: usize = 300;
/// How many tentacles run in turn. Each has half a processor, counted by the second: one that runs without a break waits for that.
const IN_TURN: usize = 5;
const STARTS: usize = 15;
const STOPS: usize = 5;
/// The nodes of a chain, few enough that half a processor does not run out.
const NODES: usize = 5;
const TENTACLES: usize = 1_000;

/// A node that does nothing.
const NOTHING: &str = "export default () => 1;\n";

fn main() -> ExitCode {
    // Walls are built by this program, too, under another name.
    if let Some(ended) = mcp_server::attend() {
        return ended;
    }
    measure();
    ExitCode::SUCCESS
}

/// Whether this part is wanted: those that the command line names, else all.
fn wanted(part: &str) -> bool {
    let mut named = std::env::args().skip(1).filter(|word| word != "--bench").peekable();
    named.peek().is_none() || named.any(|name| part.contains(&name))
}

#[tokio::main]
async fn measure() {
    let both = [Walls::Bwrap, Walls::Runsc];
    for walls in both.into_iter().filter(|_| wanted("walls")) {
        walls::alone(walls).await;
    }
    for walls in both.into_iter().filter(|_| ["runs", "nodes", "starts", "stops"].into_iter().any(wanted)) {
        let server = Server::with_enclave(walls).await;
        if wanted("runs") {
            added_by_the_server(&server, walls).await;
        }
        if wanted("nodes") {
            added_by_the_engine(&server, walls).await;
        }
        if wanted("starts") {
            first_answer(&server, walls).await;
        }
        if wanted("stops") {
            stopped(&server, walls).await;
        }
    }
    if wanted("idle") {
        idle().await;
    }
}

/// A sorted list's place, in its own unit.
fn at(times: &[f64], percent: usize) -> f64 {
    times[(times.len() * percent / 100).min(times.len() - 1)]
}

fn sorted(mut times: Vec<f64>) -> Vec<f64> {
    times.sort_by(f64::total_cmp);
    times
}

async fn connect(server: &Server) -> Client {
    let token = SecretString::from(server.issuer.token("ana", "agents"));
    Client::connect(&format!("{}/mcp", server.url), &token).await.unwrap()
}

async fn run(client: &Client, name: &str) -> Value {
    let args = json!({"enclave": ENCLAVE, "name": name}).as_object().unwrap().clone();
    let ran = client.call_by_name("wf_run", args, Extras::default()).await.unwrap();
    assert_eq!(ran["success"], true, "{ran}");
    ran
}

/// From question to answer, without the engine's own time, which the engine counts in whole milliseconds.
async fn added_by_the_server(server: &Server, walls: Walls) {
    let names: Vec<_> = (0..IN_TURN).map(|number| format!("nothing-{number}")).collect();
    for name in &names {
        server.deploy(name, &one_node(name, NOTHING)).await.unwrap();
    }
    let client = connect(server).await;
    let mut added = Vec::new();
    for (number, name) in names.iter().cycle().take(RUNS + 20).enumerate() {
        let began = Instant::now();
        let ran = run(&client, name).await;
        let whole = began.elapsed().as_secs_f64() * 1e3;
        if number >= 20 {
            added.push(whole - ran["output"]["timing"]["durationMs"].as_f64().unwrap());
        }
    }
    client.close().await;
    let added = sorted(added);
    println!(
        r#"{{"name":"wf_run beyond the engine's own time","walls":"{}","value":{:.2},"unit":"ms","p99":{:.2},"runs":{RUNS}}}"#,
        walls.name(),
        at(&added, 50),
        at(&added, 99),
    );
}

/// One more node in a chain of nodes that do nothing, beside a bare Deno that does nothing.
async fn added_by_the_engine(server: &Server, walls: Walls) {
    server.deploy("alone", &one_node("alone", NOTHING)).await.unwrap();
    server.deploy("chain", &chain()).await.unwrap();
    let client = connect(server).await;
    let mut times = BTreeMap::from([("alone", Vec::new()), ("chain", Vec::new())]);
    for _ in 0..10 {
        for (name, times) in &mut times {
            // Half a processor, counted by the second, is there again.
            tokio::time::sleep(Duration::from_secs(1)).await;
            let ran = run(&client, name).await;
            times.push(ran["output"]["timing"]["durationMs"].as_f64().unwrap());
        }
    }
    client.close().await;
    let middle = |name| at(&sorted(times[name].clone()), 50);
    let each = (middle("chain") - middle("alone")) / f64::from(u32::try_from(NODES - 1).unwrap());
    let bare = at(&sorted((0..10).map(|_| timed(&mut deno())).collect()), 50);
    println!(
        r#"{{"name":"one more node that does nothing","walls":"{}","value":{each:.1},"unit":"ms","a_run_of_one_ms":{:.1},"bare_deno_ms":{bare:.1},"times_a_bare_deno":{:.2}}}"#,
        walls.name(),
        middle("alone"),
        each / bare,
    );
}

/// Nodes one after the other.
fn chain() -> Value {
    let mut workflow = "name: chain\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n".to_owned();
    let mut files = json!({});
    for number in 0..NODES {
        writeln!(workflow, "  n{number}: {{path: nodes/n{number}.ts, description: nothing}}").unwrap();
        files[format!("nodes/n{number}.ts")] = json!(NOTHING);
    }
    workflow.push_str("edges:\n");
    for number in 1..NODES {
        writeln!(workflow, "  - {{from: n{}, to: n{number}}}", number - 1).unwrap();
    }
    files["workflow.yaml"] = json!(workflow);
    files
}

/// A run that has to wait for a new sandbox, beside a bare Deno in the same walls.
async fn first_answer(server: &Server, walls: Walls) {
    server.deploy("nothing", &one_node("nothing", NOTHING)).await.unwrap();
    let client = connect(server).await;
    let restart = json!({"enclave": ENCLAVE, "deployment": "nothing"});
    let mut ours = Vec::new();
    let mut bare = Vec::new();
    for _ in 0..STARTS {
        let restart = restart.as_object().unwrap().clone();
        client.call_by_name("wf_restart", restart, Extras::default()).await.unwrap();
        tokio::time::sleep(Duration::from_millis(300)).await;
        let began = Instant::now();
        run(&client, "nothing").await;
        ours.push(began.elapsed().as_secs_f64() * 1e3);
        bare.push(timed(&mut in_walls(walls)));
    }
    client.close().await;
    let (ours, bare) = (at(&sorted(ours), 50), at(&sorted(bare), 50));
    println!(
        r#"{{"name":"first answer of a new sandbox","walls":"{}","value":{ours:.0},"unit":"ms","bare_deno_in_the_same_walls_ms":{bare:.0},"times_that":{:.2}}}"#,
        walls.name(),
        ours / bare,
    );
}

/// Runs that end for nobody, or take all the memory that there is: how long after their limit, or after they began, whoever asked
/// reads why they were stopped.
async fn stopped(server: &Server, walls: Walls) {
    const LIMIT: u32 = 2;
    let code = "export default (_, { hog }) => {\n  const all = [];\n  for (;;) if (hog) all.push(new Uint8Array(8 << 20).fill(1));\n};\n";
    server.deploy("endless", &one_node("endless", code)).await.unwrap();
    let client = connect(server).await;
    for (what, hog, limit) in [("without end", false, LIMIT), ("with all of the memory", true, 60)] {
        let mut late = Vec::new();
        for _ in 0..STOPS {
            let args = json!({"enclave": ENCLAVE, "name": "endless", "input": {"hog": hog}, "timeout_seconds": limit});
            let began = Instant::now();
            let ran =
                client.call_by_name("wf_run", args.as_object().unwrap().clone(), Extras::default()).await;
            let whole = began.elapsed().as_secs_f64();
            assert!(ran.as_ref().is_ok_and(|ran| ran["success"] == false) || ran.is_err(), "{ran:?}");
            late.push(if hog { whole } else { whole - f64::from(limit) });
        }
        let late = sorted(late);
        println!(
            r#"{{"name":"a run {what}, until it is stopped and that is told","walls":"{}","value":{:.2},"unit":"s","most":{:.2},"beyond_its_limit":{}}}"#,
            walls.name(),
            at(&late, 50),
            at(&late, 100),
            !hog,
        );
    }
    client.close().await;
}

fn deno() -> Command {
    let mut deno = Command::new(program("TENTACULAR_DENO"));
    deno.args(["eval", "0"]);
    deno
}

fn in_walls(walls: Walls) -> Command {
    let mut command = walls::plain(walls);
    command.args(["eval", "0"]);
    command
}

/// How many milliseconds a program takes.
fn timed(command: &mut Command) -> f64 {
    let began = Instant::now();
    let ended = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    assert!(ended.status.success(), "{command:?}: {}", String::from_utf8_lossy(&ended.stderr));
    began.elapsed().as_secs_f64() * 1e3
}

/// A thousand tentacles whose sandboxes have ended: what the server that holds them takes.
async fn idle() {
    const EACH: usize = 100;
    let server = Server::start_with(Walls::Bwrap, &engine(), &["--idle-seconds=1"]).await;
    let began = Instant::now();
    for enclave in 0..TENTACLES / EACH {
        let enclave = format!("idle-{enclave}");
        server.provision(&enclave).await;
        for number in 0..EACH {
            let name = format!("t{number}");
            let mut args = deploying(&name, &one_node(&name, NOTHING));
            args["enclave"] = json!(enclave);
            server.call("wf_apply", args).await.unwrap();
        }
    }
    let deployed = began.elapsed().as_secs_f64();
    tokio::time::sleep(Duration::from_secs(5)).await;
    let before = woken(&server);
    tokio::time::sleep(Duration::from_secs(10)).await;
    // Threads that have ended in between are left out: what they counted is gone with them.
    let after = woken(&server);
    let woken: f64 = after.iter().map(|(thread, count)| count - before.get(thread).unwrap_or(&0.0)).sum();
    let woken = woken / 10.0;
    println!(
        r#"{{"name":"idle tentacles","tentacles":{TENTACLES},"value":{:.1},"unit":"MiB","wake_ups_a_second":{woken:.1},"deployed_in_s":{deployed:.0}}}"#,
        status(&server, "VmRSS:") / 1024.0,
    );
}

/// How often each of the server's threads has been woken.
fn woken(server: &Server) -> BTreeMap<OsString, f64> {
    let tasks = fs::read_dir(format!("/proc/{}/task", server.process())).unwrap();
    let of = |task: fs::DirEntry| {
        (task.file_name(), field(&task.path().join("status"), "voluntary_ctxt_switches:"))
    };
    tasks.flatten().map(of).collect()
}

fn status(server: &Server, name: &str) -> f64 {
    field(format!("/proc/{}/status", server.process()).as_ref(), name)
}

/// A number in a file of `/proc`; 0 when what it is of has just ended.
fn field(file: &std::path::Path, name: &str) -> f64 {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}
