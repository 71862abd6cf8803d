//! What a run that was observed asked for, and the smallest contract that would allow it.

use crate::contract::{Auth, Dependency, Protocol, Target};
use crate::part_name::PartName;
use crate::problem::Position;
use crate::sandbox::Speaks;
use crate::workflow::Workflow;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

mod lines;
mod unused;

#[cfg(test)]
mod tests;

/// One thing that a node asked for, as the engine tells it. A node's code can tell anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The node.
    pub node: String,
    /// By what: `ctx.fetch`, `fetch`, `Deno.connect`, …; `code` where only an error tells of it.
    pub by: String,
    /// The dependency, or of `ctx.secret` the secret, that was asked for by its name.
    #[serde(default)]
    pub name: Option<String>,
    /// Where to, where that is known.
    #[serde(default)]
    pub host: Option<String>,
    /// At which port.
    #[serde(default)]
    pub port: Option<u16>,
    /// `https`, `http`, `ws`, or `tcp` for all else.
    #[serde(default)]
    pub protocol: Option<String>,
    /// Whether it was let through.
    pub allowed: bool,
    /// Why the egress gateway refused it.
    #[serde(default)]
    pub reason: Option<String>,
}

/// What an attempt says about the contract.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It was let through.
    Allowed,
    /// The contract lacks it; with the proposal it would have this dependency.
    Lacks(PartName),
    /// The contract has it, as this dependency, and it is not approved yet.
    Waits(PartName),
    /// No line of a contract lets it through: why.
    Never(String),
}

/// A dependency that the contract lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// How it was talked to.
    pub protocol: String,
    /// Where it is; `None` where nothing told.
    pub host: Option<String>,
    /// At which port; `None` for the protocol's own.
    pub port: Option<u16>,
}

/// The smallest contract that would allow what was asked for, as what is to be added to the one that is there.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Proposal {
    /// New dependencies.
    pub dependencies: BTreeMap<PartName, Proposed>,
    /// The whole `uses` of each node that needs another one.
    pub uses: BTreeMap<PartName, BTreeSet<PartName>>,
    /// What each attempt says, in their order.
    pub findings: Vec<Finding>,
}

/// A place, as it was asked for.
#[derive(Debug, Clone, Copy)]
struct Place<'a> {
    host: &'a str,
    port: u16,
    protocol: &'a str,
}

impl Attempt {
    fn place(&self) -> Option<Place<'_>> {
        let (host, port) = (self.host.as_deref()?, self.port?);
        Some(Place { host, port, protocol: self.protocol.as_deref()? })
    }
}

impl Proposal {
    /// The proposal for what was attempted in a run of `workflow`.
    #[must_use]
    pub fn of(workflow: &Workflow, attempts: &[Attempt]) -> Self {
        let mut draft = Draft { workflow, proposal: Self::default() };
        let mut findings = vec![Finding::Allowed; attempts.len()];
        // What has a name already gives its name to the others.
        for named in [true, false] {
            for (attempt, finding) in attempts.iter().zip(&mut findings) {
                if !attempt.allowed && attempt.name.is_some() == named {
                    *finding = draft.add(attempt);
                }
            }
        }
        Self { findings, ..draft.proposal }
    }
}

struct Draft<'w> {
    workflow: &'w Workflow,
    proposal: Proposal,
}

impl Draft<'_> {
    fn add(&mut self, attempt: &Attempt) -> Finding {
        let never = |why: &str| Finding::Never(why.to_owned());
        let node = self.workflow.nodes.keys().find(|node| node.as_str() == attempt.node);
        let Some(node) = node else { return never("there is no such node") };
        if let Some(reason) = &attempt.reason {
            return never(reason);
        }
        let named = attempt.name.as_deref();
        match (attempt.by.as_str(), named, attempt.place()) {
            ("ctx.secret", Some(secret), _) => self.secret(node, secret),
            (_, Some(name), place) => match name.parse() {
                Ok(name) => self.named(node, name, place),
                Err(_) => never("a dependency's name matches [a-z][a-z0-9_-]*"),
            },
            (_, None, Some(place)) => self.place(node, place),
            (_, None, None) => never("it did not say where to"),
        }
    }

    fn secret(&mut self, node: &PartName, secret: &str) -> Finding {
        let has = |auth: &Auth| auth.secret.as_str() == secret;
        let all = &self.workflow.contract.dependencies;
        let found = all.iter().find(|(_, dependency)| dependency.auth.as_ref().is_some_and(has));
        match found {
            Some((name, _)) => self.declared(node, name),
            None => Finding::Never("no dependency has it as its `auth.secret`: name it there".to_owned()),
        }
    }

    fn named(&mut self, node: &PartName, name: PartName, place: Option<Place<'_>>) -> Finding {
        let is_beside = self.workflow.sidecars.iter().any(|sidecar| sidecar.name == name);
        if is_beside || self.workflow.contract.dependencies.contains_key(&name) {
            return self.declared(node, &name);
        }
        let wanted = match place.map(|place| (place, propose(place))) {
            None => Proposed { protocol: "https".to_owned(), host: None, port: None },
            Some((_, Ok(wanted))) => wanted,
            Some((_, Err(why))) => return Finding::Never(why),
        };
        match self.proposal.dependencies.get_mut(&name) {
            Some(known) if known.host.is_none() => *known = wanted,
            Some(known) if wanted.host.is_some() && *known != wanted => {
                return place.map_or(Finding::Allowed, |place| self.place(node, place));
            }
            Some(_) => {}
            None => drop(self.proposal.dependencies.insert(name.clone(), wanted)),
        }
        self.uses(node, &name);
        Finding::Lacks(name)
    }

    fn place(&mut self, node: &PartName, place: Place<'_>) -> Finding {
        let may_use = self.workflow.may_use(node);
        let all = self.workflow.contract.dependencies.iter();
        let fitting: Vec<&PartName> =
            all.filter(|(_, dependency)| place.fits(dependency)).map(|(name, _)| name).collect();
        let own = fitting.iter().find(|name| may_use.contains(*name)).or_else(|| fitting.first());
        if let Some(name) = own {
            return self.declared(node, name);
        }
        let wanted = match propose(place) {
            Ok(wanted) => wanted,
            Err(why) => return Finding::Never(why),
        };
        let known = self.proposal.dependencies.iter().find(|(_, known)| **known == wanted);
        let name = match known {
            Some((name, _)) => name.clone(),
            None => match self.name_for(place.host) {
                Some(name) => {
                    self.proposal.dependencies.insert(name.clone(), wanted);
                    name
                }
                None => return Finding::Never("there is no name left for it".to_owned()),
            },
        };
        self.uses(node, &name);
        Finding::Lacks(name)
    }

    /// What the contract has: either this node does not use it yet, or nobody has approved it.
    fn declared(&mut self, node: &PartName, name: &PartName) -> Finding {
        if self.workflow.may_use(node).contains(name) {
            return Finding::Waits(name.clone());
        }
        self.uses(node, name);
        Finding::Lacks(name.clone())
    }

    fn uses(&mut self, node: &PartName, name: &PartName) {
        let says = self.workflow.nodes.get(node).is_some_and(|node| node.uses.is_some());
        if self.workflow.nodes.len() == 1 && !says {
            return;
        }
        let already = self.workflow.may_use(node).into_iter().cloned();
        let uses = self.proposal.uses.entry(node.clone()).or_insert_with(|| already.collect());
        uses.insert(name.clone());
    }

    /// A name that says which host is meant, and that nothing has.
    fn name_for(&self, host: &str) -> Option<PartName> {
        let first = host.split('.').find(|label| *label != "www").unwrap_or(host);
        let begins = first.starts_with(|c: char| c.is_ascii_lowercase()) && first != "tentacular";
        let base = if begins && !first.starts_with("tentacular-") {
            first.to_owned()
        } else {
            format!("host-{first}")
        };
        let base: String = base.chars().take(PartName::MAX - 4).collect();
        let names =
            (1..1000).map(|number| if number == 1 { base.clone() } else { format!("{base}-{number}") });
        let is_free = |name: &PartName| {
            !self.workflow.contract.dependencies.contains_key(name)
                && !self.proposal.dependencies.contains_key(name)
        };
        names.filter_map(|name| name.parse().ok()).find(is_free)
    }
}

impl Place<'_> {
    /// Whether it lies at a dependency, and is spoken to as the gateway lets it be spoken to there.
    fn fits(self, dependency: &Dependency) -> bool {
        let speaks = match (Speaks::of(&dependency.protocol), self.protocol) {
            (Speaks::Raw, _) | (Speaks::Tls, "https") | (Speaks::Http, "http") => true,
            (Speaks::Tls | Speaks::Http, _) => false,
        };
        match &dependency.target {
            Target::Host { host, port } => speaks && host == self.host && *port == self.port,
            Target::Range { range, ports } => {
                let within = self.host.parse().is_ok_and(|address: IpAddr| range.contains(&address));
                within && (ports.is_empty() || ports.iter().any(|port| port.number == self.port))
            }
            Target::Platform | Target::Module { .. } => false,
        }
    }
}

/// The dependency that a place would be; why there can be none.
fn propose(Place { host, port, protocol }: Place<'_>) -> Result<Proposed, String> {
    let kind = match protocol {
        "https" => Protocol::Https,
        "http" => Protocol::Http,
        "tcp" => Protocol::Other("tcp".to_owned()),
        "ws" => return Err("`ws:` goes through no gateway: use `wss:`".to_owned()),
        _ => return Err("it did not say how it is spoken to".to_owned()),
    };
    let own = kind.default_port() == Some(port);
    let target = Target::Host { host: host.to_owned(), port };
    let dependency = Dependency { at: Position::START, protocol: kind, target, auth: None };
    dependency.refusal().map_or(Ok(()), Err)?;
    Ok(Proposed { protocol: protocol.to_owned(), host: Some(host.to_owned()), port: (!own).then_some(port) })
}
