//! Every wall that is made from a contract lets through the same: for contracts made at random, what each renderer wrote is
//! read back by a reader of this file alone, which knows nothing of how it was made, and compared with what the contract says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod contract;

use contract::{Connection, contracts, sandbox, workflow};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Gateway, Layout, Listen, RunTokenHash, Sandbox, Trigger, TriggerKind};

/// Who reads which secret.
type Secrets = BTreeSet<(String, String)>;

/// Node, place and port (`None` for every port): what Deno knows of a connection.
type Net = BTreeSet<(String, String, Option<u16>)>;

/// `place:port` in two; a range alone is every port.
fn split(text: &str) -> (String, Option<u16>) {
    match text.rsplit_once(':') {
        Some((place, port)) => (place.to_owned(), Some(port.parse().unwrap())),
        None => (text.to_owned(), None),
    }
}

/// Who talks to which sidecar, by its port.
type Beside = BTreeSet<(String, u16)>;

/// What Deno lets each node connect to in the sandbox, by the plan, of which the rest is left.
fn beside_by_plan(plan: &Value, net: &mut Net) -> Beside {
    let inside = net.iter().filter(|(_, place, _)| place == "127.0.0.1");
    let beside: Beside = inside.map(|(node, _, port)| (node.clone(), port.unwrap())).collect();
    net.retain(|(_, place, _)| place != "127.0.0.1");
    let sharing = plan["nodes"].as_array().unwrap().iter().filter(|node| node["shares"] == true);
    let sharing: BTreeSet<&str> = sharing.map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(sharing, beside.iter().map(|(node, _)| node.as_str()).collect(), "{plan}");
    beside
}

/// Who talks to which sidecar, by its name, and which sidecar can connect where.
type Told = (BTreeSet<(String, String)>, Net);

/// What people are shown of sidecars: who talks to which, by its name, and which can connect where.
fn beside_by_words(sandbox: &Sandbox) -> Told {
    let (mut beside, mut raw) = (BTreeSet::new(), BTreeSet::new());
    for line in sandbox.reach.to_string().lines() {
        match line.split(' ').collect::<Vec<_>>().as_slice() {
            [node, "talks", "to", "the", "sidecar", sidecar, "and", "shares", ..] => {
                beside.insert(((*node).to_owned(), (*sidecar).to_owned()));
            }
            ["the", "sidecar", sidecar, "can", "connect", "to", place, ..] => {
                let (place, port) = split(place.trim_end_matches(','));
                raw.insert(((*sidecar).to_owned(), place, port));
            }
            _ => {}
        }
    }
    (beside, raw)
}

/// What Deno lets each node connect to and read, by the plan.
fn by_plan(plan: &Value) -> (Net, Secrets) {
    let (mut net, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for node in plan["nodes"].as_array().unwrap() {
        let name = node["name"].as_str().unwrap();
        for entry in node["net"].as_array().unwrap() {
            let (place, port) = split(entry.as_str().unwrap());
            net.insert((name.to_owned(), place, port));
        }
        for secret in node["secrets"].as_array().unwrap() {
            secrets.insert((name.to_owned(), secret.as_str().unwrap().to_owned()));
        }
    }
    (net, secrets)
}

/// What the gateway lets through, by the pass's JSON.
fn by_gateway(sandbox: &Sandbox) -> BTreeSet<(String, Option<u16>, String)> {
    let allow = serde_json::to_value(&sandbox.egress).unwrap();
    let read = |egress: &Value| {
        let to = egress["to"].get("host").or_else(|| egress["to"].get("range")).unwrap();
        let port = egress.get("port").map(|port| u16::try_from(port.as_u64().unwrap()).unwrap());
        (to.as_str().unwrap().to_owned(), port, egress["speaks"].as_str().unwrap().to_owned())
    };
    allow.as_array().unwrap().iter().map(read).collect()
}

/// What people are shown.
#[derive(Default)]
struct Shown {
    net: BTreeSet<Connection>,
    secrets: Secrets,
    /// What makes it run besides people.
    run_by: BTreeSet<Vec<String>>,
}

/// What is spoken, by the words after a place.
fn spoken(words: &[&str]) -> String {
    match words {
        [] => "tls",
        ["without", "encryption"] => "http",
        ["with", "a", "protocol", "of", "its", "own"] => "raw",
        other => panic!("{other:?}"),
    }
    .to_owned()
}

/// What people are shown, read back from the words.
fn by_words(sandbox: &Sandbox) -> Shown {
    let mut shown = Shown::default();
    let every: Vec<String> = sandbox.nodes.iter().map(|node| node.name.to_string()).collect();
    for line in sandbox.reach.to_string().lines().filter(|line| *line != "it reaches nothing") {
        let words: Vec<&str> = line.split(' ').collect();
        let (nodes, rest) = match words.as_slice() {
            ["every", "node", rest @ ..] => (every.clone(), rest),
            [node, rest @ ..] => (vec![(*node).to_owned()], rest),
            [] => panic!("an empty line"),
        };
        let (place, port, how) = match rest {
            ["connects", "to", "any", "address", "of", range, "on", "every", "port", how @ ..] => {
                ((*range).to_owned(), None, how)
            }
            ["connects", "to", "any", "address", "of", range, "on", "port", port, how @ ..] => {
                ((*range).to_owned(), Some(port.strip_suffix("/TCP").unwrap().parse().unwrap()), how)
            }
            ["connects", "to", place, how @ ..] => {
                let (place, port) = split(place);
                (place, port, how)
            }
            other => {
                shown.besides(&nodes[0], other);
                continue;
            }
        };
        shown.net.extend(nodes.into_iter().map(|node| (node, place.clone(), port, spoken(how))));
    }
    shown
}

impl Shown {
    fn besides(&mut self, first: &str, rest: &[&str]) {
        match (first, rest) {
            (node, ["reads", "the", "secret", secret]) => {
                self.secrets.insert((node.to_owned(), (*secret).to_owned()));
            }
            ("it", ["runs", "by", "the", "clock:", schedule @ .., zone]) => {
                let zone = zone.trim_matches(['(', ')']);
                self.run_by.insert(vec![schedule.join(" "), zone.to_owned()]);
            }
            ("it", ["is", "run", "by", "whoever", "calls", "its", "webhook", name, "with", rest @ ..]) => {
                let [whose @ .., "signature", "by", secret] = rest else { panic!("{rest:?}") };
                self.run_by.insert(vec![(*name).to_owned(), whose.join(" "), (*secret).to_owned()]);
            }
            ("the", ["sidecar", ..])
            | (_, ["talks", "to", "the", "sidecar", ..] | ["runs", "beside", "it:", ..]) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// What the server runs it by, besides people.
fn by_triggers(triggers: &[Trigger]) -> BTreeSet<Vec<String>> {
    let of = |trigger: &Trigger| match &trigger.kind {
        TriggerKind::Manual => None,
        TriggerKind::Cron(cron) => {
            Some(vec![cron.schedule.text().to_owned(), cron.schedule.zone().to_owned()])
        }
        TriggerKind::Webhook(hook) => {
            let whose = match hook.scheme.to_string().as_str() {
                "github" => "GitHub's",
                "timed" => "a timed",
                other => panic!("{other}"),
            };
            Some(vec![trigger.name.to_string(), whose.to_owned(), hook.secret.to_string()])
        }
        TriggerKind::Queue { subject } => panic!("{subject}"),
    };
    triggers.iter().filter_map(of).collect()
}

/// What editors hold a file to.
fn schema() -> &'static jsonschema::Validator {
    static SCHEMA: std::sync::OnceLock<jsonschema::Validator> = std::sync::OnceLock::new();
    let read = || serde_json::from_str(workflow::schema::SCHEMA).unwrap();
    SCHEMA.get_or_init(|| jsonschema::validator_for(&read()).unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_wall_lets_through_the_same(contract in contracts()) {
        let sandbox = sandbox(&contract);
        // a lone `N` is a word, as in YAML 1.2
        let as_words = serde_saphyr::options! { strict_booleans: true };
        let written: Value = serde_saphyr::from_str_with_options(&contract.yaml(), as_words).unwrap();
        prop_assert!(schema().is_valid(&written), "what editors take: {}", contract.yaml());
        let (connections, secrets) = (contract.connections(), contract.secrets());

        let plan = serde_json::to_value(sandbox.plan(&RunTokenHash::of("t"))).unwrap();
        let (mut net, read) = by_plan(&plan);
        let talks = beside_by_plan(&plan, &mut net);
        let expected = contract.beside();
        let ports = expected.iter().map(|(node, sidecar)| {
            (node.clone(), u16::try_from(contract::Contract::port_of_sidecar(*sidecar)).unwrap())
        });
        prop_assert_eq!(talks, ports.collect::<Beside>(), "which sidecars Deno lets nodes talk to");
        // Deno knows nothing of what is spoken.
        let bare: Net = connections.iter().map(|(node, place, port, _)| (node.clone(), place.clone(), *port)).collect();
        prop_assert_eq!(&net, &bare, "what Deno lets nodes connect to");
        prop_assert_eq!(&read, &secrets, "what the engine hands to nodes");
        let shown = by_words(&sandbox);
        prop_assert_eq!(&shown.net, &connections, "what the owner approves");
        prop_assert_eq!(&shown.secrets, &secrets, "what the owner approves");
        prop_assert_eq!(&shown.run_by, &contract.run_by(), "by what the owner lets it be run");
        prop_assert_eq!(&by_triggers(&workflow(&contract).triggers), &contract.run_by(), "what the server runs it by");

        // The gateway knows tentacles and not nodes.
        let places: BTreeSet<(String, Option<u16>, String)> = connections
            .iter()
            .map(|(_, place, port, speaks)| (place.clone(), *port, speaks.clone()))
            .collect();
        let gateway = by_gateway(&sandbox);
        prop_assert_eq!(&gateway, &places, "what the gateway lets through");
        // What callers of webhooks sign with is the server's to know, unless a node may read it, too.
        let held: BTreeSet<String> = secrets.iter().map(|(_, secret)| secret.clone()).collect();
        prop_assert_eq!(sandbox.secrets.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), held);
        for secret in contract.hook_secrets() {
            let theirs = secrets.iter().any(|(_, held)| *held == secret);
            prop_assert_eq!(plan.to_string().contains(&format!("\"{secret}\"")), theirs, "{} in {}", secret, plan);
        }

        // Names lead to the engine's own listeners exactly for hosts that speak a protocol of their own.
        let raw: BTreeSet<(String, u16)> = gateway
            .iter()
            .filter(|(place, _, speaks)| speaks == "raw" && !place.contains('/'))
            .map(|(place, port, _)| (place.clone(), port.unwrap()))
            .collect();
        let mut named = BTreeSet::new();
        let mut addresses: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for forward in plan["forwards"].as_array().unwrap() {
            let text = |key: &str| forward[key].as_str().unwrap().to_owned();
            named.insert((text("host"), u16::try_from(forward["port"].as_u64().unwrap()).unwrap()));
            addresses.entry(text("at")).or_default().insert(text("host"));
        }
        prop_assert_eq!(&named, &raw, "the names in the sandbox");
        let (told, can) = beside_by_words(&sandbox);
        let named_so = expected.iter().map(|(node, sidecar)| (node.clone(), format!("s{sidecar}")));
        prop_assert_eq!(told, named_so.collect::<BTreeSet<_>>(), "which sidecars the owner approves, for whom");
        let every = (0..contract.sidecars.len())
            .flat_map(|sidecar| raw.iter().map(move |(host, port)| (format!("s{sidecar}"), host.clone(), Some(*port))));
        prop_assert_eq!(can, every.collect::<Net>(), "what sidecars can connect to");
        prop_assert!(addresses.values().all(|hosts| hosts.len() == 1), "one address, one host");

        // The engine itself may listen there, reach the gateway, ask sidecars whether they are well, and nothing else.
        let layout = Layout::new(["/deno", "/engine", "/code", "/plan"], Listen::Unix("/run/e".to_owned())).unwrap();
        let layout = layout.with_gateway(Gateway::Unix("/run/g".to_owned()), "/pass").unwrap();
        let command = sandbox.engine_command(&layout);
        let may = command.iter().find_map(|word| word.strip_prefix("--allow-net=")).unwrap();
        let may: BTreeSet<String> = may.split(',').map(str::to_owned).collect();
        let own = ["unix:/run/e", "unix:/run/g", "127.0.0.1:3128"].map(str::to_owned);
        let at = |forward: &Value| format!("{}:{}", forward["at"].as_str().unwrap(), forward["port"]);
        let listens = plan["forwards"].as_array().unwrap().iter().map(at);
        let beside = (0..contract.sidecars.len())
            .map(|sidecar| format!("127.0.0.1:{}", contract::Contract::port_of_sidecar(sidecar)));
        prop_assert_eq!(may, own.into_iter().chain(listens).chain(beside).collect::<BTreeSet<_>>());
    }
}
