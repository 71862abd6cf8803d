//! What `workflow.yaml` may say, and what is answered when it says something else.

use crate::large::{NODES, large};
use proptest::prelude::*;
use workflow::{Facts, Problems, Protocol, Target, TriggerKind, Workflow, derive};

/// The smallest workflow. Its lines are counted in the tests below.
const SMALL: &str = "\
name: hello
version: 1.0
triggers:
  - type: manual
nodes:
  hello:
    path: nodes/hello.ts
    description: Says hello
";

const FULL: &str = r#"
name: price-monitor
version: "1.2"
description: Watches prices
metadata: {group: shop, environment: production, tags: [prices, daily]}
triggers:
  - {type: manual}
  - {type: cron, name: daily, schedule: "0 9 * * *"}
  - {type: webhook, provider: github, event: push, actions: [opened]}
  - {type: queue, subject: prices.new}
nodes:
  fetch: {path: ./nodes/fetch.ts, description: Fetches, uses: [shop], capabilities: {net: true}}
  tell: {path: nodes/tell.ts, description: Tells, uses: []}
edges:
  - {from: fetch, to: tell}
config:
  timeout: 2m
  retries: 3
  threshold: 4.5
  words: [one, "2", 3, true, null, 007]
contract:
  version: "1"
  dependencies:
    shop: {protocol: https, host: API.shop.example, auth: {type: bearer-token, secret: shop.api_key}}
    data: {protocol: postgresql, host: db.example, database: prices, user: reader}
    tentacular-postgres: {protocol: postgresql}
    wide: {protocol: https, type: dynamic-target, cidr: 203.0.113.0/24, dynPorts: [443/TCP, 8443]}
    lib: {protocol: jsr, host: "@std/csv", version: 1.0.0}
  networkPolicy:
    additionalEgress:
      - {toCIDR: 198.51.100.0/24, ports: [53/UDP], reason: time}
sidecars:
  - name: ffmpeg
    image: example/ffmpeg:1@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    port: 9000
    healthPath: /health
    resources: {limits: {cpu: 500m}, requests: {memory: 128Mi}}
    env: {DEBUG: true}
deployment: {namespace: shop}
"#;

fn parse(text: &str) -> Result<Workflow, Problems> {
    Workflow::parse(text.as_bytes())
}

/// What is wrong, one line each, without the file's name.
fn wrong(text: &str) -> Vec<String> {
    match parse(text) {
        Ok(workflow) => panic!("was taken: {workflow:?}"),
        Err(problems) => {
            problems.to_string().lines().map(|line| line.replace("workflow.yaml:", "")).collect()
        }
    }
}

/// The small workflow with one text replaced by another.
fn with(from: &str, to: &str) -> String {
    assert!(SMALL.contains(from), "{from}");
    SMALL.replace(from, to)
}

/// The small workflow with more at its end.
fn and(more: &str) -> String {
    format!("{SMALL}{more}")
}

#[test]
fn the_small_one_is_read() {
    let workflow = parse(SMALL).unwrap();
    assert_eq!((workflow.name.as_str(), workflow.version.to_string().as_str()), ("hello", "1.0"));
    assert_eq!(workflow.triggers[0].kind, TriggerKind::Manual);
    let (name, node) = workflow.nodes.first_key_value().unwrap();
    assert_eq!((name.as_str(), node.path.as_str()), ("hello", "nodes/hello.ts"));
    assert_eq!(workflow.config.timeout.as_secs(), 30);
}

#[test]
fn everything_that_can_be_said_is_read() {
    let workflow = parse(FULL).unwrap();
    assert_eq!(workflow.metadata.tags, ["prices", "daily"]);
    assert_eq!(workflow.triggers.len(), 4);
    assert_eq!(workflow.nodes.values().next().unwrap().path.as_str(), "nodes/fetch.ts");
    assert_eq!((workflow.config.timeout.as_secs(), workflow.config.retries), (120, 3));
    assert_eq!(
        serde_json::Value::Object(workflow.config.values),
        serde_json::json!({"threshold": 4.5, "words": ["one", "2", 3, true, null, "007"]})
    );
    let dependencies = workflow.contract.dependencies;
    let of = |name: &str| dependencies.iter().find(|(key, _)| key.as_str() == name).unwrap().1;
    assert_eq!(of("shop").target, Target::Host { host: "api.shop.example".into(), port: 443 });
    assert_eq!(of("shop").auth.as_ref().unwrap().kind, "api-token");
    assert_eq!(of("tentacular-postgres").target, Target::Platform);
    assert!(matches!(&of("wide").target, Target::Range { ports, .. } if ports.len() == 2));
    assert!(matches!(&of("lib").target, Target::Module { version: Some(version), .. } if version == "1.0.0"));
    assert!(matches!(of("data").protocol, Protocol::Postgresql { .. }));
    assert_eq!(workflow.contract.additional_egress[0].ports[0].to_string(), "53/UDP");
    let ffmpeg = &workflow.sidecars[0];
    assert_eq!((ffmpeg.env["DEBUG"].as_str(), ffmpeg.health_path.as_deref()), ("true", Some("/health")));
    let amounts = [ffmpeg.limits, ffmpeg.requests].map(|it| (it.memory_mib, it.cpu_millis));
    assert_eq!(amounts, [(256, 500), (128, 25)]);
}

#[test]
fn an_empty_value_counts_as_absent() {
    let text = and("edges:\nconfig: ~\nmetadata: null\ncontract:\nsidecars: []\ndescription:\n");
    assert!(parse(&text).unwrap().description.is_none());
    assert_eq!(wrong(&with("hello\nv", "\nv")), ["1:1: name is required"]);
}

#[test]
fn everything_wrong_is_told_at_once_and_in_order() {
    let text = "\
nmae: hello
version: 1.0.0
triggers: [{type: maual}]
nodes:
  Fetch: {path: ../x.ts, description: Fetches}
  tell: {pth: nodes/tell.ts}
edges: [{from: tel, to: tell}]
";
    assert_eq!(
        wrong(text),
        [
            "1:1: unknown key \"nmae\": expected name, version, description, metadata, triggers, nodes, edges, \
             config, contract, sidecars or deployment, did you mean \"name\"?",
            "1:1: name is required",
            "2:10: version must be semver (e.g., 1.0), got: \"1.0.0\" (two numbers with a dot between them)",
            "3:19: trigger[0]: invalid type \"maual\" (must be manual, cron, webhook, or queue, did you mean \
             \"manual\"?)",
            "5:3: node \"Fetch\": name must match [a-z][a-z0-9_-]* and have at most 63 characters, got: \"Fetch\"",
            "5:17: node \"Fetch\": path \"../x.ts\" cannot be used: it must not leave the tentacle's folder",
            "6:9: node \"tell\": path is required",
            "6:9: node \"tell\": description is required",
            "6:10: node \"tell\": unknown key \"pth\": expected path, description, capabilities or uses, did you \
             mean \"path\"?",
            "7:16: edge[0]: from node \"tel\" not defined, did you mean \"tell\"?",
        ]
    );
}

#[test]
fn each_rule_has_its_sentence() {
    let contract =
        |dependency: &str| and(&format!("contract: {{version: '1', dependencies: {{{dependency}}}}}\n"));
    let cases: Vec<(String, &str)> = vec![
        (with("name: hello", "name: Hello"), "1:7: name must be kebab-case, got: \"Hello\" ("),
        (with("name: hello", "name: [a]"), "1:7: name must be a text, got: a list"),
        (with("version: 1.0", "version: ''"), "2:10: version is required"),
        (with("version: 1.0", "version: 99999999999.0"), "2:10: version must be semver"),
        (with("  - type: manual\n", ""), "3:1: at least one trigger is required"),
        (with("type: manual", "type: cron"), "4:5: trigger[0]: cron trigger requires schedule"),
        (with("type: manual", "type: webhook"), "4:5: trigger[0]: webhook trigger requires path or provider"),
        (with("type: manual", "type: queue"), "4:5: trigger[0]: queue trigger requires subject"),
        (
            with("type: manual", "{type: manual, schedule: x}"),
            "4:20: trigger[0]: schedule has no meaning for a manual",
        ),
        (
            with("  - type: manual\n", "  - {type: manual, name: a}\n  - {type: manual, name: a}\n"),
            "5:5: trigger[1]: duplicate trigger name \"a\"",
        ),
        (
            with("nodes:\n", "nodes: {}\nedges:\n")
                .replace("  hello:\n    path: nodes/hello.ts\n    description: Says hello\n", ""),
            "5:1: at least one node is required",
        ),
        (
            with("nodes/hello.ts", "nodes/hello.py"),
            "7:11: node \"hello\": path must name a TypeScript or JavaScript file",
        ),
        (
            with("nodes/hello.ts", "types.d.ts"),
            "7:11: node \"hello\": path must name a TypeScript or JavaScript file",
        ),
        (
            with("nodes/hello.ts", "/etc/passwd"),
            "7:11: node \"hello\": path \"/etc/passwd\" cannot be used: it must be relative",
        ),
        (
            and("  two: {path: Nodes/HELLO.ts, description: Same}\n"),
            "9:15: node \"two\": file \"Nodes/HELLO.ts\" is already node \"hello\"",
        ),
        (and("edges: [{from: hello, to: hello}]\n"), "9:9: edge[0]: self-loop on \"hello\""),
        (and("edges: [{from: hello, to: nobody}]\n"), "9:27: edge[0]: to node \"nobody\" not defined"),
        (
            and("config: {timeout: 30}\n"),
            "9:19: config: timeout must be a number of seconds or minutes from 1s to 600s",
        ),
        (and("config: {timeout: 11m}\n"), "9:19: config: timeout must be"),
        (and("config: {timeout: 99999999999999999999m}\n"), "9:19: config: timeout must be"),
        (
            and("config: {retries: 11}\n"),
            "9:19: config: retries must be a whole number from 0 to 10, got: \"11\"",
        ),
        (and("contract: {dependencies: {}}\n"), "9:11: contract: version is required"),
        (and("contract: {version: 2}\n"), "9:21: contract: version must be \"1\", got: \"2\""),
        (contract("a: {host: x.example}"), "dependency \"a\": protocol is required"),
        (contract("a: {protocol: https}"), "dependency \"a\": https requires host"),
        (
            contract("a: {protocol: https, host: 'https://x.example/'}"),
            "dependency \"a\": invalid host \"https://x.example/\"",
        ),
        (contract("a: {protocol: https, host: '0x7f.1'}"), "dependency \"a\": invalid host"),
        (
            contract("a: {protocol: https, host: x.example, cidr: 10.0.0.0/8}"),
            "cidr has no meaning for https without type dynamic-target",
        ),
        (contract("a: {protocol: s3, host: x.example}"), "dependency \"a\": s3 requires port"),
        (
            contract("a: {protocol: postgresql, host: x.example}"),
            "dependency \"a\": postgresql requires database",
        ),
        (contract("a: {protocol: nats, host: x.example}"), "dependency \"a\": nats requires subject"),
        (
            contract("a: {protocol: blob, host: x.example, port: 443}"),
            "dependency \"a\": blob requires container",
        ),
        (
            contract("a: {protocol: https, type: dynamic-target}"),
            "dependency \"a\": dynamic-target requires cidr",
        ),
        (
            contract("a: {protocol: https, type: dynamic-target, cidr: 1.2.3.4/40, dynPorts: [1]}"),
            "dependency \"a\": invalid CIDR format \"1.2.3.4/40\"",
        ),
        (
            contract("a: {protocol: https, type: dynamic-target, cidr: 10.0.0.0/8, dynPorts: [x/TCP]}"),
            "dependency \"a\": invalid port spec \"x/TCP\"",
        ),
        (
            contract("a: {protocol: https, host: x.example, port: 0}"),
            "dependency \"a\": port must be a whole number from 1 to 65535",
        ),
        (
            contract("a: {protocol: https, host: x.example, auth: {}}"),
            "dependency \"a\": auth.type is required when auth is present",
        ),
        (
            contract("a: {protocol: https, host: x.example, auth: {type: t}}"),
            "dependency \"a\": auth.secret is required",
        ),
        (
            contract("a: {protocol: https, host: x.example, auth: {type: t, secret: x}}"),
            "auth.secret must be service.key, got: \"x\"",
        ),
        (
            and("    uses: [shop]\n"),
            "9:12: node \"hello\": uses \"shop\", which is neither a dependency of the contract nor a sidecar",
        ),
        (and("sidecars: [{image: a}]\n"), "9:12: sidecar[0]: name is required"),
        (and("sidecars: [{name: a_b, image: a}]\n"), "sidecar[0]: name must be lower-case words"),
        (
            and("sidecars: [{name: a, image: a, port: 80}]\n"),
            "sidecar[0]: port must be a whole number from 1024 to 65535",
        ),
        (and("sidecars: [{name: a, image: \"a\\nb\"}]\n"), "sidecar[0]: image must be one line"),
        (
            and("sidecars: [{name: a, image: b, protocol: grcp}]\n"),
            "sidecar[0]: invalid protocol \"grcp\" (must be http or grpc, did you mean \"grpc\"?)",
        ),
        (and("name: again\n"), "9:1: key \"name\" is here twice: the first is at 1:1"),
        (and("description: &x one\nconfig: {a: *x}\n"), "anchors and aliases (`&`, `*`) are not used here"),
        (and("description: !!str one\n"), "tags (`!`) are not used here"),
        (and("---\nname: other\n"), "a second document begins here"),
        (and("? [a]\n: b\n"), "a key must be a word"),
        (and("\tdescription: x\n"), "YAML parse error: "),
        (and("description: 'open\n"), "YAML parse error: "),
        ("[]".to_owned(), "1:1: this part must be a map, got: a list"),
        (String::new(), "1:1: the file is empty"),
    ];
    for (text, expected) in cases {
        let lines = wrong(&text);
        assert!(
            lines.iter().any(|line| line.contains(expected)),
            "{expected}\n  got {lines:#?}\n  for\n{text}"
        );
    }
}

#[test]
fn a_circle_is_named() {
    let node = |name: &str| format!("  {name}: {{path: nodes/{name}.ts, description: x}}\n");
    let text = and(&["a", "b", "c", "d"].map(node).concat())
        + "edges: [{from: hello, to: a}, {from: a, to: b}, {from: b, to: c}, {from: c, to: a}, {from: c, to: d}]\n";
    let lines = wrong(&text);
    let circle = lines[0].split("cycle detected: ").nth(1).unwrap();
    assert!(["a -> b -> c -> a", "b -> c -> a -> b", "c -> a -> b -> c"].contains(&circle), "{circle}");
    assert!(parse(&text.replace(", {from: c, to: a}", "")).is_ok());
}

#[test]
fn bytes_that_are_not_text_are_shown_where_they_are() {
    let lines = |bytes: &[u8]| Workflow::parse(bytes).unwrap_err().to_string();
    assert_eq!(
        lines(b"name: hello\nversion: \xff1.0\n"),
        "workflow.yaml:2:10: this is not UTF-8 text: save the file as UTF-8"
    );
    assert!(
        lines("name: hello".encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>().as_slice()).len()
            < 500
    );
    assert!(Workflow::parse(format!("\u{feff}{SMALL}").as_bytes()).is_ok());
    assert!(Workflow::parse(SMALL.replace('\n', "\r\n").as_bytes()).is_ok());
}

/// How many random files are tried: more when `cargo xtask test --full` asks for it.
fn cases() -> u32 {
    if std::env::var_os("TENTACULAR_TEST_FULL").is_some() { 100_000 } else { 1_000 }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = Workflow::parse(&bytes);
    }

    // texts out of YAML's own signs and our own words come further than random bytes do
    #[test]
    fn no_text_makes_it_panic(words in prop::collection::vec(
        prop::sample::select(vec![
            "name", "version", "triggers", "nodes", "edges", "from", "to", "config", "contract", "dependencies",
            "sidecars", "uses", "type", "cron", "path", ": ", ":", "- ", "\n", "\n  ", "\n    ", "[", "]", "{", "}",
            ",", "\"", "'", "&a", "*a", "!t", "|", ">", "#", "%", "---", "...", "?", "\t", "\u{0}", "\u{85}", "ä",
            "1.0", "hello", "~",
        ]), 0..60)) {
        let _ = parse(&words.concat());
    }

    // a good file with one spot damaged is either still good or refused with a position inside of it
    #[test]
    fn damage_is_located(at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut bytes = FULL.as_bytes().to_vec();
        let at = at.index(bytes.len());
        bytes[at] = byte;
        if let Err(problems) = Workflow::parse(&bytes) {
            for problem in problems.as_slice() {
                prop_assert!((1..=FULL.lines().count() + 2).contains(&problem.at.line), "{problem}");
                prop_assert!(problem.at.column >= 1);
            }
        }
    }
}

#[test]
fn what_is_measured_is_a_workflow_of_its_size() {
    let workflow = parse(&large()).unwrap();
    assert_eq!(workflow.nodes.len(), NODES);
    let facts = Facts {
        enclave: "bench".parse().unwrap(),
        version: format!("sha256:{}", "0".repeat(64)).parse().unwrap(),
    };
    assert!(derive(&workflow, &facts).is_ok());
}
