//! Contracts that are made at random, and what they allow by the rules that people are told.

use proptest::prelude::*;
use std::collections::BTreeSet;
use workflow::{Facts, Sandbox, Workflow, derive};

/// A dependency, as it is made at random.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) protocol: usize,
    pub(crate) host: u8,
    pub(crate) port: Option<u16>,
    pub(crate) secret: bool,
    pub(crate) range: bool,
}

/// A contract: dependencies, sidecars, and for each node which of both it uses, the sidecars counted after the
/// dependencies; `None` where it does not say.
#[derive(Debug, Clone)]
pub(crate) struct Contract {
    pub(crate) dependencies: Vec<Made>,
    pub(crate) sidecars: Vec<Beside>,
    pub(crate) nodes: Vec<Option<BTreeSet<usize>>>,
}

/// A sidecar, as it is made at random.
#[derive(Debug, Clone)]
pub(crate) struct Beside {
    pub(crate) health: bool,
    pub(crate) grpc: bool,
    pub(crate) command: bool,
    pub(crate) memory_mib: u32,
}

/// The protocols, the port of each when none is given, and the lines that each needs besides.
const PROTOCOLS: [(&str, u16, &str); 4] = [
    ("https", 443, ""),
    ("http", 80, ""),
    ("postgresql", 5432, ", database: d, user: u"),
    ("nats", 4222, ", subject: s"),
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
    let parts = (prop::collection::vec(made, 0..6), prop::collection::vec(beside, 0..4), 1_usize..5);
    parts.prop_flat_map(|(dependencies, sidecars, nodes)| {
        let count = dependencies.len() + sidecars.len();
        let uses = prop::option::of(prop::collection::btree_set(0..count.max(1), 0..=count));
        let uses =
            uses.prop_map(move |uses| uses.map(|uses| uses.into_iter().filter(|it| *it < count).collect()));
        prop::collection::vec(uses, nodes).prop_map(move |nodes| Contract {
            dependencies: dependencies.clone(),
            sidecars: sidecars.clone(),
            nodes,
        })
    })
}

impl Made {
    pub(crate) fn port(&self) -> u16 {
        self.port.unwrap_or(PROTOCOLS[self.protocol].1)
    }

    pub(crate) fn place(&self) -> String {
        if self.range { format!("198.51.{}.0/24", self.host) } else { format!("h{}.example", self.host) }
    }

    pub(crate) fn yaml(&self, number: usize) -> String {
        let (protocol, _, more) = PROTOCOLS[self.protocol];
        let place = if self.range {
            format!("type: dynamic-target, cidr: {}, dynPorts: ['{}/TCP']", self.place(), self.port())
        } else {
            let port = self.port.map(|port| format!(", port: {port}")).unwrap_or_default();
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
        let contract = if dependencies.is_empty() {
            String::new()
        } else {
            format!("contract:\n  version: '1'\n  dependencies:\n{dependencies}")
        };
        let sidecars: String = self.sidecars.iter().enumerate().map(|(at, it)| it.yaml(at)).collect();
        let sidecars = if sidecars.is_empty() { sidecars } else { format!("sidecars:\n{sidecars}") };
        format!(
            "name: made\nversion: '1.0'\ntriggers: [{{type: manual}}]\nnodes:\n{nodes}{contract}{sidecars}"
        )
    }

    /// What node `number` may use, by the rule that people are told.
    pub(crate) fn used(&self, number: usize) -> Vec<(usize, &Made)> {
        let all = self.dependencies.iter().enumerate();
        match &self.nodes[number] {
            Some(uses) => all.filter(|(at, _)| uses.contains(at)).collect(),
            None if self.nodes.len() == 1 => all.collect(),
            None => Vec::new(),
        }
    }

    /// Node, place, port: everything that may be connected to.
    pub(crate) fn connections(&self) -> BTreeSet<(String, String, u16)> {
        let of = |number| {
            let used = self.used(number).into_iter();
            used.map(move |(_, made)| (format!("n{number}"), made.place(), made.port()))
        };
        (0..self.nodes.len()).flat_map(of).collect()
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

pub(crate) fn sandbox(contract: &Contract) -> Sandbox {
    let workflow = Workflow::parse(contract.yaml().as_bytes());
    let workflow = workflow.unwrap_or_else(|problems| panic!("{problems}\n{}", contract.yaml()));
    let version = format!("sha256:{}", "0".repeat(64)).parse().unwrap();
    let facts = Facts { enclave: "price-watch".parse().unwrap(), version };
    derive(&workflow, &facts).unwrap_or_else(|problems| panic!("{problems}\n{}", contract.yaml()))
}
