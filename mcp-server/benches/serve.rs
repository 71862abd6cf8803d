//! What the server does a second, and what it costs: reads over HTTP with 1, 100 and 1,000 enclaves, and the check of a
//! token that was seen before; and what it holds in memory, with enclaves and with bindings of accounts. The server is a process of its own (this program, started again), on a backend that does
//! nothing. What reads cost a real API server is counted by the benchmark `provision`.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and may stop"
)]

#[path = "serve/idle.rs"]
mod idle;
#[path = "../tests/front_door/issuer.rs"]
mod issuer;
#[path = "serve/load.rs"]
mod load;
#[path = "serve/seed.rs"]
mod seed;
#[path = "serve/served.rs"]
mod served;
#[path = "serve/token.rs"]
mod token;

use load::{Callers, Question};
use serde_json::json;

/// What the original serves, measured elsewhere: `wf_list` a second with its rate limit lifted.
const ORIGINAL_LIFTED: f64 = 591.0;

#[tokio::main]
async fn main() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    if std::env::var_os(served::AS_SERVER).is_some() {
        return served::serve().await;
    }
    let issuer = issuer::Issuer::start().await;
    token::warm(&issuer).await;
    for enclaves in [1, 100, 1_000] {
        let dir = tempfile::tempdir().unwrap();
        served::Served::start(dir.path(), &issuer).await.stop();
        seed::fill(dir.path(), &issuer.url, enclaves).await;
        let server = served::Served::start(dir.path(), &issuer).await;
        println!(
            r#"{{"name":"idle memory","enclaves":{enclaves},"value":{:.1},"unit":"MiB"}}"#,
            server.memory_mib()
        );
        for question in [
            Question { tool: "enclave_info", args: json!({"name": "bench-0"}) },
            Question { tool: "enclave_list", args: json!({}) },
            Question { tool: "wf_list", args: json!({"enclave": "bench-0"}) },
            Question { tool: "wf_list", args: json!({}) },
        ] {
            let told = question.args.to_string().replace('"', "'");
            let callers = Callers { server: &server, token: &issuer.token("ana", "agents") };
            let load = callers.ask(&question).await;
            let beside = if question.tool == "wf_list" { load.a_second / ORIGINAL_LIFTED } else { 0.0 };
            println!(
                r#"{{"name":"{}","args":"{told}","enclaves":{enclaves},"value":{:.0},"unit":"calls/s","p50_ms":{:.2},"p99_ms":{:.2},"cpu_ms_a_call":{:.3},"memory_mib":{:.1},"times_the_original":{beside:.1}}}"#,
                question.tool, load.a_second, load.p50_ms, load.p99_ms, load.cpu_ms, load.memory_mib,
            );
        }
        server.stop();
    }
    bindings(&issuer).await;
}

/// What it costs to know who people of Slack are.
async fn bindings(issuer: &issuer::Issuer) {
    for bindings in [0, 10_000] {
        let dir = tempfile::tempdir().unwrap();
        served::Served::start(dir.path(), issuer).await.stop();
        seed::fill(dir.path(), &issuer.url, 1).await;
        seed::bind(dir.path(), &issuer.url, bindings).await;
        let server = served::Served::start(dir.path(), issuer).await;
        let idle = server.memory_mib();
        // A question has it read all rights.
        let callers = Callers { server: &server, token: &issuer.token("ana", "agents") };
        let load = callers.ask(&Question { tool: "whoami", args: json!({}) }).await;
        println!(
            r#"{{"name":"memory with bindings","bindings":{bindings},"value":{:.1},"unit":"MiB","idle_mib":{idle:.1},"whoami_a_second":{:.0}}}"#,
            server.memory_mib(),
            load.a_second,
        );
        server.stop();
    }
}
