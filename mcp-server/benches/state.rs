//! Git, disk and cluster: how long it takes to say how a thousand tentacles are, to bring a hundred enclaves back on a real cluster, and
//! to publish a change, beside git itself; and what the server asks the API server while nothing is to be done.
#![expect(
    clippy::indexing_slicing,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and may stop"
)]

#[expect(dead_code, reason = "the other benchmark asks when calls were made")]
#[path = "../tests/kubernetes/calls.rs"]
mod calls;
#[path = "../tests/kubernetes/cluster.rs"]
mod cluster;
#[expect(clippy::panic, reason = "a benchmark may stop")]
#[path = "../tests/shared/git.rs"]
mod git;
#[path = "../tests/front_door/issuer.rs"]
mod issuer;
#[path = "state/past.rs"]
mod past;
#[path = "../tests/kubernetes/place.rs"]
mod place;
#[expect(clippy::print_stderr, reason = "what the server said when a benchmark stops")]
#[path = "../tests/kubernetes/program.rs"]
mod program;
#[expect(dead_code, reason = "the tests cut the way too")]
#[path = "../tests/kubernetes/proxy.rs"]
mod proxy;
#[path = "state/publish.rs"]
mod publish;
#[path = "state/records.rs"]
mod records;
#[expect(dead_code, clippy::panic, reason = "the tests ask more of it")]
#[path = "../tests/kubernetes/site.rs"]
mod site;
#[path = "../tests/kubernetes/until.rs"]
mod until;
#[expect(clippy::panic, reason = "a benchmark may stop")]
#[path = "../tests/kubernetes/variable.rs"]
mod variable;

use futures::{StreamExt, stream};
use records::Recorded;
use serde_json::{Value, json};
use site::{Site, call_with, operator_may};
use std::time::{Duration, Instant};
use wire::client::Extras;

/// How often what is warm is asked.
const ROUNDS: usize = 20;

/// How long nothing is to be done: some rounds of looking for what somebody changed.
const NOTHING: Duration = Duration::from_secs(95);

/// As `tntc state restore` does.
const AT_A_TIME: usize = 4;

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    publish::beside_git();
    past::of_all();
    let issuer = issuer::Issuer::start().await;
    status(&issuer, 10, 100).await;
    drop(restore("restored", 100, 5).await);
    nothing_to_do(200, 5).await;
}

/// How a thousand tentacles are, enclave by enclave: of a server that was just started, and again.
async fn status(issuer: &issuer::Issuer, enclaves: usize, tentacles: usize) {
    let recorded = Recorded::of("status", enclaves, tentacles, &issuer.url);
    let dir = recorded.server_folder();
    operator_may(dir.path(), &["read", "confirm-restore"]);
    let mut flags = recorded.flags(dir.path());
    flags.push(format!("--trail-heads-dir={}", dir.path().join("heads").display()));
    flags.push("--backend=simulator".to_owned());
    flags.push(format!("--oidc-issuer={}", issuer.url));
    flags.push("--mcp-client=agents".to_owned());
    flags.push(format!("--break-glass-file={}", dir.path().join("glass.json").display()));
    let server = program::Program::start(dir.path(), &flags, &[]).await;
    for enclave in &recorded.enclaves {
        operate(&server.endpoint(), "state_restore", json!({"name": enclave})).await;
    }
    drop(server);
    let server = program::Program::start(dir.path(), &flags, &[]).await;
    let all = async || {
        let began = Instant::now();
        for enclave in &recorded.enclaves {
            let told = operate(&server.endpoint(), "state_status", json!({"enclave": enclave})).await;
            let in_sync =
                told["tentacles"].as_array().unwrap().iter().filter(|one| one["state"] == "in_sync").count();
            assert_eq!(in_sync, tentacles, "{told}");
        }
        began.elapsed()
    };
    let cold = all().await;
    let mut warm = Vec::new();
    for _ in 0..ROUNDS {
        warm.push(all().await);
    }
    println!(
        r#"{{"name":"state status of all tentacles","tentacles":{},"value":{:.1},"unit":"ms","cold_ms":{:.1},"enclaves":{enclaves},"rounds":{ROUNDS}}}"#,
        enclaves * tentacles,
        median(warm),
        cold.as_secs_f64() * 1e3,
    );
}

/// Enclaves come back on an empty cluster.
async fn restore(prefix: &str, enclaves: usize, tentacles: usize) -> (Site, Recorded) {
    let recorded = Recorded::of(prefix, enclaves, tentacles, "https://id.example");
    let image = format!("--engine-image=registry.example/engine@sha256:{}", "0".repeat(64));
    let mut more = vec![image, "--runtime-class=none".to_owned()];
    more.extend(recorded.flags(recorded.folder()));
    let site =
        Site::keyed(Some(recorded.key()), "heads", more, |dir| recorded.put_heads(&dir.join("heads"))).await;
    let began = Instant::now();
    let restore = async |enclave: &String| {
        let done = site.operate("state_restore", json!({"name": enclave})).await.unwrap();
        let all = done["tentacles"].as_array().unwrap();
        assert!(all.len() == tentacles && all.iter().all(|one| one["state"] == "restored"), "{done}");
    };
    stream::iter(&recorded.enclaves).map(restore).buffered(AT_A_TIME).collect::<Vec<()>>().await;
    let took = began.elapsed();
    println!(
        r#"{{"name":"restore on a real API server","enclaves":{enclaves},"tentacles":{},"value":{:.1},"unit":"s"}}"#,
        enclaves * tentacles,
        took.as_secs_f64(),
    );
    (site, recorded)
}

/// What is there is compared with the records again and again: how long it takes, and what the API server is asked for it.
async fn nothing_to_do(enclaves: usize, tentacles: usize) {
    let (site, _recorded) = restore("idle", enclaves, tentacles).await;
    // What was just made settles first.
    tokio::time::sleep(Duration::from_secs(60)).await;
    let (looks, seconds) = compared(&site).await;
    site.proxy.calls();
    tokio::time::sleep(NOTHING).await;
    let calls = site.proxy.calls();
    let (after, all) = compared(&site).await;
    assert!(after > looks, "nothing was compared");
    let asked: Vec<&str> = calls.iter().map(|call| call.what.as_str()).collect();
    println!(
        r#"{{"name":"all is compared and nothing is to be done","tentacles":{},"value":{:.1},"unit":"ms","looks":{},"seconds":{},"calls":{},"asked":{}}}"#,
        enclaves * tentacles,
        (all - seconds) / (after - looks) * 1e3,
        after - looks,
        NOTHING.as_secs(),
        calls.len(),
        json!(asked),
    );
}

/// How often all that runs was compared with the records, and how many seconds that took.
async fn compared(site: &Site) -> (f64, f64) {
    let page = format!("{}/metrics", site.endpoint().trim_end_matches("/mcp"));
    let page = reqwest::get(page).await.unwrap().text().await.unwrap();
    let of = |part: &str| -> f64 {
        let name = format!("tentacular_reconcile_seconds_{part}{{what=\"Cluster\"}}");
        let line = page.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0.0, |value| value.trim().parse().unwrap())
    };
    (of("count"), of("sum"))
}

async fn operate(endpoint: &str, tool: &'static str, args: Value) -> Value {
    let extras = Extras { reason: Some("a benchmark".to_owned()), ..Extras::default() };
    call_with(endpoint, site::OPERATOR, tool, args, extras).await.unwrap()
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}
