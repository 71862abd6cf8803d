//! Contracts that are made at random, and what they allow by the rules that people are told.

use proptest::prelude::*;
use std::collections::BTreeSet;
use workflow::{Facts, Sandbox, Workflow, derive};

/// Node, place, port (`None` for every port) and what is spoken there.
pub(crate) type Connection = (String, String, Option<u16>, String);

/// A dependency, as it is made at random.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    protocol: usize,
    host: u8,
    port: Option<u16>,
    secret: bool,
    range: bool,
}

/// A contract: dependencies, ranges for every node, sidecars, and for each node which dependencies and sidecars it uses, the
/// sidecars counted after the dependencies; `None` where it does not say. And what makes the tentacle run.
#[derive(Debug, Clone, Default)]
pub(crate) struct Contract {
    pub(crate) dependencies: Vec<Made>,
    pub(crate) ranges: Vec<More>,
    pub(crate) sidecars: Vec<Beside>,
    pub(crate) nodes: Vec<Option<BTreeSet<usize>>>,
    pub(crate) triggers: Vec<Runs>,
}

/// An additional range, as it is made at random: which, and its ports; all where there is none.
#[derive(Debug, Clone)]
pub(crate) struct More {
    range: u8,
    ports: BTreeSet<u16>,
}

/// A trigger, as it is made at random: of which kind, which of the words of that kind, and whether it says its name and what
/// it could leave out.
#[derive(Debug, Clone)]
pub(crate) struct Runs {
    kind: usize,
    words: usize,
    named: bool,
    more: bool,
}

const SCHEDULES: [&str; 3] = ["0 9 * * *", "*/5 * * * MON-FRI", "@daily"];

/// The keys of a webhook, the signature in words that it stands for, and its secret: one of its own, and one that a dependency
/// may have, too.
const HOOKS: [(&str, &str, &str); 4] = [
    ("provider: github", "GitHub's", "github.webhook_secret"),
    ("provider: github, secret: hook.a", "GitHub's", "hook.a"),
    ("path: /x, secret: hook.b", "a timed", "hook.b"),
    ("path: /y, secret: s0.key", "a timed", "s0.key"),
];

/// A sidecar, as it is made at random.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub(crate) health: bool,
    pub(crate) grpc: bool,
    pub(crate) command: bool,
    pub(crate) memory_mib: u32,
}

/// The protocols, the port of each when none is given, what each needs to be told besides, and what the gateway looks for.
/// The last is no protocol: what it brings is fetched when the tentacle is deployed.
const PROTOCOLS: [(&str, Option<u16>, &str, &str); 8] = [
    ("https", Some(443), "", "tls"),
    ("http", Some(80), "", "http"),
    ("postgresql", Some(5432), ", database: d, user: u", "raw"),
    ("nats", Some(4222), ", subject: s", "raw"),
    ("blob", None, ", container: c", "tls"),
    ("s3", None, "", "raw"),
    ("mqtt", None, "", "raw"),
    ("jsr", None, ", version: 1.0.0", ""),
];

pub(crate) fn contracts() -> impl Strategy<Value = Contract> {
    let made =
        (0..PROTOCOLS.len(), 0_u8..6, prop::option::of(1024_u16..), any::<bool>(), prop::bool::weighted(0.2));
    let made =
        made.prop_map(|(protocol, host, port, secret, range)| Made { protocol, host, port, secret, range });
    let beside = (any::<bool>(), any::<bool>(), any::<bool>(), 16_u32..=256);
    let beside = beside.prop_map(|(health, grpc, command, memory_mib)| Beside {
        health: health && !grpc,
        grpc,
        command,
        memory_mib,
    });
    let more = (0_u8..6, prop::collection::btree_set(1_u16.., 0..3));
    let more = prop::collection::vec(more.prop_map(|(range, ports)| More { range, ports }), 0..3);
    let runs = (0_usize..3, 0_usize..12, any::<bool>(), any::<bool>());
    let runs = runs.prop_map(|(kind, words, named, more)| Runs { kind, words, named, more });
    let runs = prop::collection::vec(runs, 1..5);
    let parts =
        (prop::collection::vec(made, 0..6), more, prop::collection::vec(beside, 0..4), 1_usize..5, runs);
    parts.prop_flat_map(|(dependencies, ranges, sidecars, nodes, triggers)| {
        let count = dependencies.len() + sidecars.len();
        let uses = prop::option::of(prop::collection::btree_set(0..count.max(1), 0..=count));
        let uses =
            uses.prop_map(move |uses| uses.map(|uses| uses.into_iter().filter(|it| *it < count).collect()));
        prop::collection::vec(uses, nodes).prop_map(move |nodes| Contract {
            dependencies: dependencies.clone(),
            ranges: ranges.clone(),
            sidecars: sidecars.clone(),
            nodes,
            triggers: triggers.clone(),
        })
    })
}

fn range(number: u8) -> String {
    format!("198.51.{number}.0/24")
}

impl Made {
    fn is_module(&self) -> bool {
        PROTOCOLS[self.protocol].3.is_empty()
    }

    fn port(&self) -> u16 {
        self.port.or(PROTOCOLS[self.protocol].1).unwrap_or(9443)
    }

    fn place(&self) -> String {
        if self.range { range(self.host) } else { format!("h{}.example", self.host) }
    }

    fn yaml(&self, number: usize) -> String {
        let (protocol, usual, more, _) = PROTOCOLS[self.protocol];
        let place = if self.is_module() {
            "host: '@std/csv'".to_owned()
        } else if self.range {
            format!("type: dynamic-target, cidr: {}, dynPorts: ['{}/TCP']", self.place(), self.port())
        } else {
            let said = self.port.is_some() || usual.is_none();
            let port = if said { format!(", port: {}", self.port()) } else { String::new() };
            format!("host: {}{port}", self.place())
        };
        let auth = if self.secret {
            format!(", auth: {{type: api-token, secret: s{number}.key}}")
        } else {
            String::new()
        };
        format!("    d{number}: {{protocol: {protocol}, {place}{more}{auth}}}\n")
    }
}

impl More {
    fn yaml(&self) -> String {
        let ports: Vec<String> = self.ports.iter().map(|port| format!("{port}/TCP")).collect();
        let ports = if ports.is_empty() { String::new() } else { format!(", ports: [{}]", ports.join(", ")) };
        format!("      - {{toCIDR: {}{ports}}}\n", range(self.range))
    }

    fn ports(&self) -> Vec<Option<u16>> {
        if self.ports.is_empty() { vec![None] } else { self.ports.iter().copied().map(Some).collect() }
    }
}

impl Runs {
    fn schedule(&self) -> &'static str {
        SCHEDULES[self.words % SCHEDULES.len()]
    }

    fn hook(&self) -> (&'static str, &'static str, &'static str) {
        HOOKS[self.words % HOOKS.len()]
    }

    fn yaml(&self, number: usize) -> String {
        let name = if self.named { format!(", name: t{number}") } else { String::new() };
        let more = |text: &str| if self.more { text.to_owned() } else { String::new() };
        let kind = match self.kind {
            0 => "type: manual".to_owned(),
            1 => {
                let more = more(", timezone: Europe/Berlin, overlap: allow, jitter: 10s");
                format!("type: cron, schedule: '{}'{more}", self.schedule())
            }
            _ => format!("type: webhook, {}{}", self.hook().0, more(", event: push, actions: [opened]")),
        };
        format!("  - {{{kind}{name}}}\n")
    }
}

impl Beside {
    fn yaml(&self, number: usize) -> String {
        let image = format!("r.example/s{number}@sha256:{}", "1".repeat(64));
        let command = if self.command { ", command: [serve, 'a b'], env: {KEY: $(HOME)}" } else { "" };
        let health = if self.health { ", healthPath: /health" } else { "" };
        let protocol = if self.grpc { ", protocol: grpc" } else { "" };
        let limits = format!("resources: {{limits: {{memory: {}Mi}}}}", self.memory_mib);
        let port = Contract::port_of_sidecar(number);
        format!(
            "  - {{name: s{number}, image: '{image}', port: {port}, {limits}{command}{health}{protocol}}}\n"
        )
    }
}

impl Contract {
    pub(crate) const fn port_of_sidecar(number: usize) -> usize {
        9000 + number
    }

    /// What stands in `uses` for a number.
    fn name(&self, used: usize) -> String {
        match used.checked_sub(self.dependencies.len()) {
            Some(sidecar) => format!("s{sidecar}"),
            None => format!("d{used}"),
        }
    }

    /// Node and sidecar: everything in the sandbox that may be talked to.
    pub(crate) fn beside(&self) -> BTreeSet<(String, usize)> {
        let first = self.dependencies.len();
        let of = |number: usize| -> Vec<(String, usize)> {
            let all = 0..self.sidecars.len();
            let used = all.filter(move |sidecar| match &self.nodes[number] {
                Some(uses) => uses.contains(&(first + sidecar)),
                None => self.nodes.len() == 1,
            });
            used.map(|sidecar| (format!("n{number}"), sidecar)).collect()
        };
        (0..self.nodes.len()).flat_map(of).collect()
    }

    pub(crate) fn yaml(&self) -> String {
        let nodes: String = self
            .nodes
            .iter()
            .enumerate()
            .map(|(number, uses)| {
                let uses = uses.as_ref().map(|uses| {
                    let names: Vec<String> = uses.iter().map(|used| self.name(*used)).collect();
                    format!(", uses: [{}]", names.join(", "))
                });
                format!("  n{number}: {{path: n{number}.ts, description: N{}}}\n", uses.unwrap_or_default())
            })
            .collect();
        let dependencies: String = self.dependencies.iter().enumerate().map(|(at, it)| it.yaml(at)).collect();
        let ranges: String = self.ranges.iter().map(More::yaml).collect();
        let part = |head: &str, list: &str| {
            if list.is_empty() { String::new() } else { format!("  {head}:\n{list}") }
        };
        let ranges = part("networkPolicy", &part("  additionalEgress", &ranges));
        let dependencies = part("dependencies", &dependencies);
        let contract = match format!("{dependencies}{ranges}") {
            none if none.is_empty() => none,
            parts => format!("contract:\n  version: '1'\n{parts}"),
        };
        let triggers: String = self.triggers.iter().enumerate().map(|(at, it)| it.yaml(at)).collect();
        let triggers = if triggers.is_empty() { "  - {type: manual}\n".to_owned() } else { triggers };
        let sidecars: String = self.sidecars.iter().enumerate().map(|(at, it)| it.yaml(at)).collect();
        let sidecars = if sidecars.is_empty() { sidecars } else { format!("sidecars:\n{sidecars}") };
        format!("name: made\nversion: '1.0'\ntriggers:\n{triggers}nodes:\n{nodes}{contract}{sidecars}")
    }

    /// What node `number` may use, by the rule that people are told.
    fn used(&self, number: usize) -> Vec<(usize, &Made)> {
        let all = self.dependencies.iter().enumerate();
        match &self.nodes[number] {
            Some(uses) => all.filter(|(at, _)| uses.contains(at)).collect(),
            None if self.nodes.len() == 1 => all.collect(),
            None => Vec::new(),
        }
    }

    /// Everything that may be connected to.
    pub(crate) fn connections(&self) -> BTreeSet<Connection> {
        let of = |number| {
            let node = format!("n{number}");
            let used = self.used(number).into_iter().filter(|(_, made)| !made.is_module());
            let used = used
                .map(|(_, made)| (made.place(), Some(made.port()), PROTOCOLS[made.protocol].3.to_owned()));
            let more = self.ranges.iter().flat_map(|more| {
                more.ports().into_iter().map(|port| (range(more.range), port, "raw".to_owned()))
            });
            used.chain(more)
                .map(|(place, port, speaks)| (node.clone(), place, port, speaks))
                .collect::<Vec<_>>()
        };
        (0..self.nodes.len()).flat_map(of).collect()
    }

    /// What makes it run besides people: the schedule and its time zone, or the webhook's name, its signature in words and
    /// its secret.
    pub(crate) fn run_by(&self) -> BTreeSet<Vec<String>> {
        let mut unnamed = 0;
        let mut name = |number: usize, runs: &Runs| {
            if runs.named {
                return format!("t{number}");
            }
            unnamed += 1;
            if unnamed == 1 { "webhook".to_owned() } else { format!("webhook-{unnamed}") }
        };
        let of = |(number, runs): (usize, &Runs)| {
            let words = match runs.kind {
                0 => return None,
                1 => vec![
                    runs.schedule().to_owned(),
                    if runs.more { "Europe/Berlin" } else { "UTC" }.to_owned(),
                ],
                _ => {
                    let (_, whose, secret) = runs.hook();
                    vec![name(number, runs), whose.to_owned(), secret.to_owned()]
                }
            };
            Some(words)
        };
        self.triggers.iter().enumerate().filter_map(of).collect()
    }

    /// The secrets that callers of its webhooks sign with, which are none of the sandbox's.
    pub(crate) fn hook_secrets(&self) -> BTreeSet<String> {
        self.triggers.iter().filter(|runs| runs.kind > 1).map(|runs| runs.hook().2.to_owned()).collect()
    }

    /// Node and secret.
    pub(crate) fn secrets(&self) -> BTreeSet<(String, String)> {
        let of = |number| {
            let used = self.used(number).into_iter().filter(|(_, made)| made.secret);
            used.map(move |(at, _)| (format!("n{number}"), format!("s{at}.key")))
        };
        (0..self.nodes.len()).flat_map(of).collect()
    }
}

pub(crate) fn workflow(contract: &Contract) -> Workflow {
    let workflow = Workflow::parse(contract.yaml().as_bytes());
    workflow.unwrap_or_else(|problems| panic!("{problems}\n{}", contract.yaml()))
}

pub(crate) fn sandbox(contract: &Contract) -> Sandbox {
    let workflow = workflow(contract);
    let version = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let facts = Facts { enclave: "price-watch".parse().unwrap(), version };
    derive(&workflow, &facts).unwrap_or_else(|problems| panic!("{problems}\n{}", contract.yaml()))
}
