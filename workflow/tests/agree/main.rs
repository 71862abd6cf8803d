//! Every wall that is made from a contract lets through the same: for contracts made at random, what each renderer wrote is
//! read back by a reader of this file alone, which knows nothing of how it was made, and compared with what the contract says.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

mod contract;

use contract::{contracts, sandbox};
use proptest::prelude::*;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use workflow::{Gateway, Layout, Listen, RunTokenHash, Sandbox};

/// Who connects where, and who reads which secret.
type Read = (BTreeSet<(String, String, u16)>, BTreeSet<(String, String)>);

/// `place:port` in two.
fn split(text: &str) -> (String, u16) {
    let (place, port) = text.rsplit_once(':').unwrap();
    (place.to_owned(), port.parse().unwrap())
}

/// Who talks to which sidecar, by its port.
type Beside = BTreeSet<(String, u16)>;

/// What Deno lets each node connect to in the sandbox, by the plan, of which the rest is left.
fn beside_by_plan(plan: &Value, net: &mut BTreeSet<(String, String, u16)>) -> Beside {
    let inside = net.iter().filter(|(_, place, _)| place == "127.0.0.1");
    let beside: Beside = inside.map(|(node, _, port)| (node.clone(), *port)).collect();
    net.retain(|(_, place, _)| place != "127.0.0.1");
    let sharing = plan["nodes"].as_array().unwrap().iter().filter(|node| node["shares"] == true);
    let sharing: BTreeSet<&str> = sharing.map(|node| node["name"].as_str().unwrap()).collect();
    assert_eq!(sharing, beside.iter().map(|(node, _)| node.as_str()).collect(), "{plan}");
    beside
}

/// Who talks to which sidecar, by its name, and which sidecar can connect where.
type Told = (BTreeSet<(String, String)>, BTreeSet<(String, String, u16)>);

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
fn by_plan(plan: &Value) -> Read {
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
fn by_gateway(sandbox: &Sandbox) -> BTreeSet<(String, u16, String)> {
    let allow = serde_json::to_value(&sandbox.egress).unwrap();
    let read = |egress: &Value| {
        let to = egress["to"].get("host").or_else(|| egress["to"].get("range")).unwrap();
        let port = egress["port"].as_u64().unwrap();
        (
            to.as_str().unwrap().to_owned(),
            port.try_into().unwrap(),
            egress["speaks"].as_str().unwrap().to_owned(),
        )
    };
    allow.as_array().unwrap().iter().map(read).collect()
}

/// What people are shown, read back from the words.
fn by_words(sandbox: &Sandbox) -> Read {
    let (mut net, mut secrets) = (BTreeSet::new(), BTreeSet::new());
    for line in sandbox.reach.to_string().lines().filter(|line| *line != "it reaches nothing") {
        let words: Vec<&str> = line.split(' ').collect();
        match words.as_slice() {
            [node, "connects", "to", "any", "address", "of", range, "on", "port", port] => {
                let port = port.strip_suffix("/TCP").unwrap().parse().unwrap();
                net.insert(((*node).to_owned(), (*range).to_owned(), port));
            }
            [node, "connects", "to", place, ..] => {
                let (place, port) = split(place);
                net.insert(((*node).to_owned(), place, port));
            }
            [node, "reads", "the", "secret", secret] => {
                secrets.insert(((*node).to_owned(), (*secret).to_owned()));
            }
            ["the", "sidecar", ..]
            | [_, "talks", "to", "the", "sidecar", ..]
            | [_, "runs", "beside", "it:", ..] => {}
            other => panic!("{other:?}"),
        }
    }
    (net, secrets)
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
        prop_assert_eq!(&net, &connections, "what Deno lets nodes connect to");
        prop_assert_eq!(&read, &secrets, "what the engine hands to nodes");
        let (net, read) = by_words(&sandbox);
        prop_assert_eq!(&net, &connections, "what the owner approves");
        prop_assert_eq!(&read, &secrets, "what the owner approves");

        // The gateway knows tentacles and not nodes.
        let places: BTreeSet<(String, u16)> =
            connections.iter().map(|(_, place, port)| (place.clone(), *port)).collect();
        let gateway = by_gateway(&sandbox);
        let let_through: BTreeSet<(String, u16)> =
            gateway.iter().map(|(place, port, _)| (place.clone(), *port)).collect();
        prop_assert_eq!(let_through, places, "what the gateway lets through");
        let held: BTreeSet<String> = secrets.iter().map(|(_, secret)| secret.clone()).collect();
        prop_assert_eq!(sandbox.secrets.iter().map(ToString::to_string).collect::<BTreeSet<_>>(), held);

        // Names lead to the engine's own listeners exactly for hosts that speak a protocol of their own.
        let raw: BTreeSet<(String, u16)> = gateway
            .iter()
            .filter(|(place, _, speaks)| speaks == "raw" && !place.contains('/'))
            .map(|(place, port, _)| (place.clone(), *port))
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
            .flat_map(|sidecar| raw.iter().map(move |(host, port)| (format!("s{sidecar}"), host.clone(), *port)));
        prop_assert_eq!(can, every.collect::<BTreeSet<_>>(), "what sidecars can connect to");
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
