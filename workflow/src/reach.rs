//! All that a tentacle can touch or be touched by: what its owner approves, and what every wall lets through.

use crate::contract::{Dependency, Port, Target};
use crate::part_name::PartName;
use crate::trigger::TriggerKind;
use crate::workflow::Workflow;
use ipnet::IpNet;
use std::collections::BTreeSet;
use std::fmt;

/// A set of contacts. Two versions of a tentacle with the same reach can do each other no harm that the other could
/// not; one that has more needs to be looked at by somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reach(BTreeSet<Contact>);

/// One thing that a tentacle touches or is touched by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Contact {
    /// A node connects to a host.
    Host {
        /// The node.
        node: PartName,
        /// The host's name or address.
        host: String,
        /// The port.
        port: u16,
    },
    /// A node, or with `None` every node, connects to any address of a range.
    Range {
        /// The node.
        node: Option<PartName>,
        /// The range.
        range: IpNet,
        /// The port; `None` means every port.
        port: Option<Port>,
    },
    /// A node uses a service of the platform.
    Platform {
        /// The node.
        node: PartName,
        /// The service.
        service: PartName,
    },
    /// A node reads a secret.
    Secret {
        /// The node.
        node: PartName,
        /// The secret, as `service.key`.
        secret: String,
    },
    /// The clock runs it.
    Schedule(String),
    /// A webhook runs it: its path or provider.
    Webhook(String),
    /// A message runs it: its subject.
    Queue(String),
    /// A container that nobody here wrote runs beside it: its image and command.
    Sidecar {
        /// The image.
        image: String,
        /// The command with its arguments.
        command: Vec<String>,
    },
}

impl Workflow {
    /// The dependencies that a node may use: those that it names; when it names none, all of them if it is the only
    /// node, else none.
    #[must_use]
    pub fn may_use(&self, node: &PartName) -> BTreeSet<&PartName> {
        match self.nodes.get(node).map(|node| &node.uses) {
            Some(Some(uses)) => uses.iter().collect(),
            Some(None) if self.nodes.len() == 1 => self.contract.dependencies.keys().collect(),
            _ => BTreeSet::new(),
        }
    }
}

impl Reach {
    /// The reach of a workflow.
    #[must_use]
    pub fn of(workflow: &Workflow) -> Self {
        let mut contacts = BTreeSet::new();
        for node in workflow.nodes.keys() {
            for name in workflow.may_use(node) {
                if let Some(dependency) = workflow.contract.dependencies.get(name) {
                    contacts.extend(of_dependency(node, name, dependency));
                }
            }
        }
        for egress in &workflow.contract.additional_egress {
            contacts.extend(of_range(None, egress.to, &egress.ports));
        }
        contacts.extend(workflow.triggers.iter().filter_map(|trigger| of_trigger(&trigger.kind)));
        contacts.extend(workflow.sidecars.iter().map(|sidecar| Contact::Sidecar {
            image: sidecar.image.clone(),
            command: sidecar.command.iter().chain(&sidecar.args).cloned().collect(),
        }));
        Self(contacts)
    }

    /// Whether it touches nothing and is touched by nothing but people who run it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The contacts, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.0.iter()
    }

    /// What this reach has and `before` has not: what needs an approval.
    #[must_use]
    pub fn beyond(&self, before: &Self) -> Self {
        Self(self.0.difference(&before.0).cloned().collect())
    }
}

fn of_dependency(node: &PartName, name: &PartName, dependency: &Dependency) -> Vec<Contact> {
    let node = node.clone();
    let mut contacts = match &dependency.target {
        Target::Host { host, port } => {
            vec![Contact::Host { node: node.clone(), host: host.clone(), port: *port }]
        }
        Target::Range { range, ports } => of_range(Some(&node), *range, ports),
        Target::Platform => vec![Contact::Platform { node: node.clone(), service: name.clone() }],
        // fetched when the tentacle is deployed; what runs reaches nothing for it
        Target::Module { .. } => Vec::new(),
    };
    if let Some(auth) = &dependency.auth {
        contacts.push(Contact::Secret { node, secret: format!("{}.{}", auth.service, auth.key) });
    }
    contacts
}

fn of_range(node: Option<&PartName>, range: IpNet, ports: &[Port]) -> Vec<Contact> {
    let contact = |port| Contact::Range { node: node.cloned(), range: range.trunc(), port };
    if ports.is_empty() {
        vec![contact(None)]
    } else {
        ports.iter().map(|port| contact(Some(*port))).collect()
    }
}

fn of_trigger(kind: &TriggerKind) -> Option<Contact> {
    match kind {
        TriggerKind::Manual => None,
        TriggerKind::Cron { schedule } => Some(Contact::Schedule(schedule.clone())),
        TriggerKind::Webhook { path, provider, .. } => {
            Some(Contact::Webhook(path.clone().or_else(|| provider.clone()).unwrap_or_default()))
        }
        TriggerKind::Queue { subject } => Some(Contact::Queue(subject.clone())),
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { node, host, port } => write!(f, "{node} connects to {host}:{port}"),
            Self::Range { node, range, port } => {
                match node {
                    Some(node) => write!(f, "{node} connects")?,
                    None => write!(f, "every node connects")?,
                }
                match port {
                    Some(port) => write!(f, " to any address of {range} on port {port}"),
                    None => write!(f, " to any address of {range} on every port"),
                }
            }
            Self::Platform { node, service } => write!(f, "{node} uses {service}"),
            Self::Secret { node, secret } => write!(f, "{node} reads the secret {secret}"),
            Self::Schedule(schedule) => write!(f, "it runs by the clock: {schedule}"),
            Self::Webhook(place) => write!(f, "it is run by the webhook {place}"),
            Self::Queue(subject) => write!(f, "it is run by messages on {subject}"),
            Self::Sidecar { image, command } if command.is_empty() => {
                write!(f, "{image} runs beside it")
            }
            Self::Sidecar { image, command } => write!(f, "{image} runs beside it as {}", command.join(" ")),
        }
    }
}

/// One contact a line, for people.
impl fmt::Display for Reach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_empty() {
            return f.write_str("it reaches nothing");
        }
        for (index, contact) in self.0.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            write!(f, "{contact}")?;
        }
        Ok(())
    }
}
