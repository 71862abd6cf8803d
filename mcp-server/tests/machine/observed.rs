//! `reach_observe`: what a version asks for is told and stays denied, and the lines that are proposed are those that it needs.

use crate::caller::ENCLAVE;
use crate::host::Host;
use crate::left::entries;
use crate::server::{Server, Walls, engine};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Asks by a name that no contract has, and by an address.
const ASK: &str = r#"
export default async (ctx, { canary, other }) => ({
  named: await (await ctx.fetch("canary", `http://canary.example:${canary}/named`)).text(),
  direct: await (await fetch(`http://other.example:${other}/direct?word=hidden`)).text(),
});
"#;

/// Asks for what another node asks for, and then for what has no empty answer, which ends it.
const DIAL: &str = concat!(
    include_str!("../shared/reaching.js"),
    r#"
export default async (ctx, { canary, db }) => ({
  address: await (await fetch(`http://canary.example:${canary}/address`)).text(),
  db: await raw("db.example", db),
});
"#
);

const WORKFLOW: &str = "name: seeker\nversion: '1.0'\ntriggers: [{type: manual}]\nnodes:\n  ask:\n    path: nodes/ask.ts\n    \
                        description: Asks\n  dial:\n    path: nodes/dial.ts\n    description: Dials\n";

fn files(workflow: &str) -> Value {
    json!({"workflow.yaml": workflow, "nodes/ask.ts": ASK, "nodes/dial.ts": DIAL})
}

/// The workflow with these lines, each key under the one of its name, as a person would put them there.
fn with(lines: &[&str]) -> String {
    let (nodes, contract) = lines.split_at(lines.iter().position(|line| *line == "contract:").unwrap());
    let mut workflow = WORKFLOW.to_owned();
    for pair in nodes[1..].chunks(2) {
        let [node, uses] = pair else { panic!("{pair:?}") };
        workflow = workflow.replace(&format!("{node}\n"), &format!("{node}\n{uses}\n"));
    }
    workflow + &contract.join("\n") + "\n"
}

async fn observe(server: &Server, workflow: &str, input: &Value) -> Value {
    let args = json!({"enclave": ENCLAVE, "name": "seeker", "files": files(workflow), "input": input});
    server.call("reach_observe", args).await.unwrap()
}

/// A server with an enclave whose contracts may open hosts of this machine, or may not.
async fn server(walls: Walls, open: bool) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let hosts = file("hosts", "127.0.0.1 canary.example other.example db.example\n");
    let ranges =
        file("ranges.json", &json!({ENCLAVE: if open { vec!["127.0.0.0/8"] } else { vec![] }}).to_string());
    let flags = [
        format!("--egress-hosts={hosts}"),
        "--egress-allow-loopback".to_owned(),
        format!("--private-ranges-file={ranges}"),
    ];
    let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
    let server = Server::start_with(walls, &engine(), &flags).await;
    server.provision(ENCLAVE).await;
    server
}

/// `node by verdict`, of each attempt.
fn verdicts(answer: &Value) -> Vec<String> {
    let word = |attempt: &Value, key: &str| attempt[key].as_str().unwrap_or_default().to_owned();
    let attempts = answer["attempts"].as_array().unwrap().iter();
    let told = attempts.map(|attempt| ["node", "by", "verdict"].map(|key| word(attempt, key)).join(" "));
    let mut told: Vec<String> = told.collect();
    told.sort();
    told
}

async fn nothing_is_opened_and_the_lines_are_those_that_it_needs(walls: Walls) {
    let (canary, other, db) =
        (Host::start("canary").await, Host::start("other").await, Host::start("db").await);
    let reached = || [canary.got(), other.got(), db.got()].concat();
    // Whatever a contract may open is open here.
    let server = server(walls, true).await;
    let (before, input) = (server.left(), json!({"canary": canary.port, "other": other.port, "db": db.port}));

    let seen = observe(&server, WORKFLOW, &input).await;
    let (ask, dial) = ("uses: [canary, other]", "uses: [canary, db]");
    let expected = [
        "nodes:".to_owned(),
        "  ask:".to_owned(),
        format!("    {ask}"),
        "  dial:".to_owned(),
        format!("    {dial}"),
        "contract:".to_owned(),
        "  version: \"1\"".to_owned(),
        "  dependencies:".to_owned(),
        format!("    canary: {{protocol: http, host: canary.example, port: {}}}", canary.port),
        format!("    db: {{protocol: tcp, host: db.example, port: {}}}", db.port),
        format!("    other: {{protocol: http, host: other.example, port: {}}}", other.port),
    ];
    assert_eq!(seen["proposal"], json!(expected), "{seen:#}");
    let denied =
        ["ask ctx.fetch lacking", "ask fetch lacking", "dial Deno.connect lacking", "dial fetch lacking"];
    assert_eq!(verdicts(&seen), denied, "{seen:#}");
    assert!(seen["told"].as_str().unwrap().contains("only up to where it failed"), "{seen:#}");
    assert!(seen["stopped"]["dial"].as_str().unwrap().contains("NotCapable"), "{seen:#}");
    assert!(!seen.to_string().contains("hidden"), "what was sent is told: {seen:#}");
    assert_eq!((reached().as_str(), &seen["new_reach"]), ("", &json!([])));
    // Nothing of it is left, and nothing is there that could be run.
    assert_eq!(server.left(), before);
    for folder in ["making", "removing", "sandboxes"] {
        assert_eq!(entries(&server.machine_dir().join(folder)), Vec::<PathBuf>::new(), "{folder}");
    }
    let gone = server.call("wf_status", json!({"enclave": ENCLAVE, "name": "seeker"})).await;
    assert!(gone.is_err(), "{gone:?}");

    // A contract that names them opens nothing as long as nobody has approved it.
    let lines: Vec<&str> = expected.iter().map(String::as_str).collect();
    let workflow = with(&lines);
    let seen = observe(&server, &workflow, &input).await;
    assert_eq!((&seen["proposal"], &seen["unused"]), (&json!([]), &json!([])), "{seen:#}");
    assert!(verdicts(&seen).iter().all(|told| told.ends_with(" not_approved")), "{seen:#}");
    assert_eq!((reached().as_str(), seen["new_reach"].as_array().unwrap().len()), ("", 4), "{seen:#}");

    let files = files(&workflow);
    assert_eq!(server.deploy("seeker", &files).await.unwrap()["status"], "needs_approval");
    assert_eq!(reached(), "");
    server.execute("UPDATE approval SET state = 'approved'").await;
    assert_eq!(server.deploy("seeker", &files).await.unwrap()["status"], "deployed");
    let ran = server.run_tentacle("seeker", input.clone()).await.unwrap();
    let outputs =
        json!({"ask": {"named": "canary", "direct": "other"}, "dial": {"address": "canary", "db": "db"}});
    assert_eq!(ran["output"]["outputs"], outputs, "{ran} {}", server.logs("seeker").await);

    // What the running version may do is done for real, by another version too, and nothing is lacking.
    let other_words = workflow.replace("description: Dials", "description: Dials again");
    let seen = observe(&server, &other_words, &input).await;
    assert!(verdicts(&seen).iter().all(|told| told.ends_with(" allowed")), "{seen:#}");
    let none = json!([]);
    let empty = ["proposal", "unused", "new_reach", "refused"].map(|key| seen[key] == none);
    assert_eq!((empty, &seen["stopped"]), ([true; 4], &json!({})), "{seen:#}");
    assert_eq!(canary.got().matches("GET /named").count(), 2);
    let history = json!({"enclave": ENCLAVE, "name": "seeker"});
    let history = server.call("wf_history", history).await.unwrap().to_string();
    assert_eq!(history.matches("\"succeeded\"").count(), 1, "an observed run is no run: {history}");
}

#[tokio::test]
async fn nothing_is_opened_and_the_lines_are_those_that_it_needs_under_bwrap() {
    nothing_is_opened_and_the_lines_are_those_that_it_needs(Walls::Bwrap).await;
}

#[tokio::test]
async fn nothing_is_opened_and_the_lines_are_those_that_it_needs_under_runsc() {
    nothing_is_opened_and_the_lines_are_those_that_it_needs(Walls::Runsc).await;
}

/// What was approved, and lies where no contract leads, is told in the gateway's words.
#[tokio::test]
async fn what_the_gateway_refuses_is_told_with_its_reason() {
    let (canary, other, db) =
        (Host::start("canary").await, Host::start("other").await, Host::start("db").await);
    let server = server(Walls::Bwrap, false).await;
    let input = json!({"canary": canary.port, "other": other.port, "db": db.port});
    let seen = observe(&server, WORKFLOW, &input).await;
    let lines: Vec<&str> =
        seen["proposal"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let workflow = with(&lines);
    server.deploy("seeker", &files(&workflow)).await.unwrap();
    server.execute("UPDATE approval SET state = 'approved'").await;
    assert_eq!(server.deploy("seeker", &files(&workflow)).await.unwrap()["status"], "deployed");
    let seen = observe(&server, &workflow, &input).await;
    let refused = seen["refused"].to_string();
    let place = format!("db.example:{}", db.port);
    assert!(refused.contains(&place) && refused.contains("operator"), "{seen:#}");
    let never = ["ask ctx.fetch never", "ask fetch never", "dial Deno.connect never", "dial fetch never"];
    assert_eq!(verdicts(&seen), never, "{seen:#}");
    assert!(seen["attempts"][0]["why"].as_str().unwrap().contains("operator"), "{seen:#}");
    assert_eq!(
        (seen["proposal"].to_string().as_str(), canary.got() + &other.got() + &db.got()),
        ("[]", String::new())
    );
}
