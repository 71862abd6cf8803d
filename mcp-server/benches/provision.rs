//! What it takes to make an enclave on a real cluster, under exactly the server's account: how many calls of the API server,
//! how many of them in a row, and how long beside one of them, the last write; and how many calls reads make. The way leads
//! through a proxy that counts.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and may stop"
)]

#[path = "../tests/kubernetes/calls.rs"]
mod calls;
#[expect(clippy::indexing_slicing, reason = "a benchmark may stop")]
#[path = "../tests/kubernetes/cluster.rs"]
mod cluster;
#[path = "../tests/front_door/issuer.rs"]
mod issuer;
#[path = "../tests/kubernetes/place.rs"]
mod place;
#[expect(clippy::print_stderr, reason = "what the server said when a benchmark stops")]
#[path = "../tests/kubernetes/program.rs"]
mod program;
#[expect(dead_code, reason = "the tests cut the way too")]
#[path = "../tests/kubernetes/proxy.rs"]
mod proxy;
#[expect(dead_code, clippy::indexing_slicing, clippy::panic, reason = "the tests ask more of it")]
#[path = "../tests/kubernetes/site.rs"]
mod site;
#[path = "../tests/kubernetes/until.rs"]
mod until;
#[expect(clippy::panic, reason = "a benchmark may stop")]
#[path = "../tests/kubernetes/variable.rs"]
mod variable;

use calls::in_a_row;
use serde_json::json;
use site::{Site, unique};
use std::time::{Duration, Instant};
use wire::client::{Client, Extras};

const ROUNDS: usize = 30;
const READS: usize = 1_000;

#[tokio::main]
async fn main() {
    let site = Site::start("heads").await;
    let client = Client::connect(&site.endpoint(), &site.token("ana").as_str().into()).await.unwrap();
    let (mut walls, mut first_to_last, mut singles) = (Vec::new(), Vec::new(), Vec::new());
    let (mut most, mut row) = (0, 0);
    for _ in 0..ROUNDS {
        let name = unique("bench");
        let args = json!({"name": name});
        site.proxy.calls();
        let began = Instant::now();
        client
            .call_by_name("enclave_provision", args.as_object().unwrap().clone(), Extras::default())
            .await
            .unwrap();
        walls.push(began.elapsed());
        let calls = site.proxy.calls();
        let asked = calls.iter().map(|call| call.asked).min().unwrap();
        let answered = calls.iter().map(|call| call.answered).max().unwrap();
        first_to_last.push(answered - asked);
        (most, row) = (most.max(calls.len()), row.max(in_a_row(&calls)));
        let last = calls.iter().max_by_key(|call| call.answered).unwrap();
        singles.push(last.answered - last.asked);
        if singles.len() == ROUNDS {
            reads(&site, &client, &name).await;
        }
        site.deprovision("ana", &name).await;
    }
    client.close().await;
    let (wall, calls, single) = (median(walls), median(first_to_last), median(singles));
    println!(
        r#"{{"name":"provision, calls of the API server","value":{most},"unit":"calls","in_a_row":{row}}}"#
    );
    println!(
        r#"{{"name":"provision, as the client sees it","value":{wall:.1},"unit":"ms","first_to_last_call_ms":{calls:.1},"one_call_ms":{single:.1},"times_one_call":{:.1},"rounds":{ROUNDS}}}"#,
        calls / single
    );
}

/// How many calls of the API server reads make. What the server does on its own meanwhile would count too.
async fn reads(site: &Site, client: &Client, name: &str) {
    for (tool, args) in [
        ("enclave_info", json!({"name": name})),
        ("enclave_list", json!({})),
        ("wf_list", json!({"enclave": name})),
    ] {
        site.proxy.calls();
        for _ in 0..READS {
            client.call_by_name(tool, args.as_object().unwrap().clone(), Extras::default()).await.unwrap();
        }
        let calls = site.proxy.calls();
        let asked: Vec<&str> = calls.iter().map(|call| call.what.as_str()).collect();
        println!(
            r#"{{"name":"calls of the API server by {tool}","value":{},"unit":"calls","reads":{READS},"asked":{}}}"#,
            calls.len(),
            json!(asked)
        );
    }
}

/// In milliseconds.
fn median(mut times: Vec<Duration>) -> f64 {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default().as_secs_f64() * 1e3
}
