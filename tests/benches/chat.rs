//! How long a person waits in the chat, and what the services hold while nobody asks.
//!
//! Everything is seen from outside, through the workspace's own pages, so the times hold what the page and the looking
//! cost: they are upper bounds.
#![expect(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a benchmark prints what it measured, and may stop"
)]

use reqwest::Method;
use serde_json::json;
use std::time::{Duration, Instant};
use tests::{Home, Person, Up};

/// How many commands are measured, after some that are not.
const COMMANDS: usize = 100;
const WARM: usize = 5;

/// How long nobody asks anything before the memory is read.
const IDLE: Duration = Duration::from_secs(30);

/// How long it is waited between two looks: the times are no finer.
const LOOK: Duration = Duration::from_millis(1);

/// Who makes enclaves for Home, and how many each: more than ten nobody may own.
const PEOPLE: [&str; 4] = ["ana", "ben", "cy", "gil"];
const EACH: usize = 10;

/// How often Home is looked at.
const HOMES: usize = 20;

const SERVICES: [&str; 3] = ["workspace", "mcp-server", "kraken-bot"];

#[tokio::main]
async fn main() {
    let home = Home::default();
    let up = home.up().await;
    let ana = up.person("ana").await;
    ana.asks_and_signs_in("set up this channel").await;
    for (command, words) in [("whoami", "You are signed in as"), ("status", "price-watch</strong> is active")]
    {
        let mut times = Times::default();
        for number in 0..WARM + COMMANDS {
            let once = once(&up, &ana, command, words).await;
            if number >= WARM {
                times.add(once);
            }
        }
        times.print(command);
    }
    tokio::time::sleep(IDLE).await;
    for service in SERVICES {
        let memory = up.service(service).await.memory_mib().unwrap();
        println!(r#"{{"name":"idle memory of {service}","value":{memory:.1},"unit":"MiB"}}"#);
    }
    at_home(&up, &ana).await;
    stalled(&up, &ana).await;
}

/// The Home tab of somebody with as many enclaves as people can own here: from the click on "Look again" until it shows what has
/// changed meanwhile.
async fn at_home(up: &Up, ana: &Person) {
    let me = up.mcp("ana").await.call("whoami", &json!({})).await.unwrap();
    let subject = me.get("subject").unwrap();
    let mut enclaves = 1;
    for owner in PEOPLE {
        let mcp = up.mcp(owner).await;
        for number in 0..EACH {
            let name = format!("{owner}-{number}");
            let made = mcp.call("enclave_provision", &json!({"name": name, "members": [subject]})).await;
            enclaves += u32::from(made.is_ok());
        }
    }
    ana.finds_at_home(&["ana-0 is active"]).await;
    let mcp = up.mcp("ana").await;
    let mut times = Vec::new();
    for number in 0..HOMES {
        let (tool, state) =
            if number % 2 == 0 { ("enclave_freeze", "frozen") } else { ("enclave_unfreeze", "active") };
        mcp.call(tool, &json!({"name": "ana-0"})).await.unwrap();
        let began = Instant::now();
        ana.presses_at_home("Look again").await;
        ana.finds_shown_at_home(&[&format!("ana-0 is {state}")]).await;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (half, most) = (times.get(HOMES / 2).unwrap(), times.last().unwrap());
    println!(
        r#"{{"name":"Home, from the click to what is new","enclaves":{enclaves},"value":{half:.0},"unit":"ms","most_ms":{most:.0},"looks":{HOMES}}}"#
    );
}

/// How soon messages are acknowledged while neither the server nor Slack's Web API nor the issuer answers anything.
async fn stalled(up: &Up, ana: &Person) {
    let server = up.service("mcp-server").await;
    server.freeze();
    let silent = |away: bool| json!({"api": away, "issuer": away, "silent": true});
    up.control(Method::POST, "away", Some(silent(true))).await;
    let mut times = Vec::new();
    for _ in 0..COMMANDS {
        let (_, began) = ana.sends("@kraken status").await;
        while !up.has_all_acknowledged().await {
            tokio::time::sleep(LOOK).await;
        }
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    up.control(Method::POST, "away", Some(silent(false))).await;
    server.thaw();
    times.sort_by(f64::total_cmp);
    let at = |percent: usize| times.get(COMMANDS * percent / 100).unwrap();
    println!(
        r#"{{"name":"event to ack, server, Web API and issuer stalled","value":{:.1},"unit":"ms","p99_ms":{:.1},"commands":{COMMANDS}}}"#,
        at(50),
        at(99),
    );
}

/// One command: the time until it is acknowledged, and until the answer stands in the thread.
async fn once(up: &Up, ana: &Person, command: &str, words: &str) -> (Duration, Duration) {
    let (sent, began) = ana.sends(&format!("@kraken {command}")).await;
    while !up.has_all_acknowledged().await {
        tokio::time::sleep(LOOK).await;
    }
    let acknowledged = began.elapsed();
    while !ana.reads(&sent, words).await {
        tokio::time::sleep(LOOK).await;
    }
    (acknowledged, began.elapsed())
}

#[derive(Default)]
struct Times {
    acknowledged: Vec<f64>,
    answered: Vec<f64>,
}

impl Times {
    fn add(&mut self, (acknowledged, answered): (Duration, Duration)) {
        self.acknowledged.push(acknowledged.as_secs_f64() * 1e3);
        self.answered.push(answered.as_secs_f64() * 1e3);
    }

    fn print(mut self, command: &str) {
        for (what, times) in [("ack", &mut self.acknowledged), ("answer", &mut self.answered)] {
            times.sort_by(f64::total_cmp);
            let at = |percent: usize| times.get((times.len() * percent / 100).min(times.len() - 1)).unwrap();
            println!(
                r#"{{"name":"event to {what}","command":"{command}","value":{:.1},"unit":"ms","p99_ms":{:.1},"commands":{COMMANDS}}}"#,
                at(50),
                at(99),
            );
        }
    }
}
