//! All that a tentacle can touch or be touched by: what its owner approves, and what every wall lets through.

mod beside;

use crate::contract::{Dependency, Port, Target};
use crate::digest::{hex, sha256};
use crate::modules::Module;
use crate::part_name::PartName;
use crate::sandbox::Speaks;
use crate::secret_name::SecretName;
use crate::trigger::{Cron, Scheme, Trigger, TriggerKind};
use crate::workflow::Workflow;
use ipnet::IpNet;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// A set of contacts. Two versions of a tentacle with the same reach can do each other no harm that the other could
/// not; one that has more needs to be looked at by somebody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Reach(BTreeSet<Contact>);

/// One thing that a tentacle touches or is touched by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub enum Contact {
    /// A node connects to a host.
    Host {
        /// The node.
        node: PartName,
        /// The host's name or address.
        host: String,
        /// The port.
        port: u16,
        /// What is spoken there.
        speaks: Speaks,
    },
    /// A node, or with `None` every node, connects to any address of a range.
    Range {
        /// The node.
        node: Option<PartName>,
        /// The range.
        range: IpNet,
        /// The port; `None` means every port.
        port: Option<Port>,
        /// What is spoken there. Where an earlier release did not write it down it is the one that is looked at most, so that
        /// a version which speaks anything else is new.
        #[serde(default = "Speaks::narrowest", skip_serializing_if = "Speaks::is_narrowest")]
        speaks: Speaks,
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
        /// The secret.
        secret: SecretName,
    },
    /// The clock runs it.
    Schedule {
        /// When, in cron's five fields.
        schedule: String,
        /// In which time zone.
        timezone: String,
    },
    /// Whoever knows a secret runs it with a call. Which of the caller's events are taken is not part of it: whoever can
    /// sign can sign any.
    Webhook {
        /// The trigger's name, which its address ends with.
        name: PartName,
        /// How a call is signed.
        scheme: Scheme,
        /// The secret that caller and server share, as `service.key`.
        secret: String,
    },
    /// A message runs it: its subject.
    Queue(String),
    /// A container that nobody here wrote runs beside it.
    Sidecar {
        /// The sidecar.
        name: PartName,
        /// Its image, by digest.
        image: String,
        /// The command; empty for the image's own.
        command: Vec<String>,
        /// The arguments.
        args: Vec<String>,
        /// Its variables.
        env: BTreeMap<String, String>,
    },
    /// A node talks to a sidecar and shares files with it.
    Beside {
        /// The node.
        node: PartName,
        /// The sidecar.
        sidecar: PartName,
    },
    /// A sidecar can connect to a host, because the engine listens for it where every program of the sandbox is.
    SidecarHost {
        /// The sidecar.
        sidecar: PartName,
        /// The host's name.
        host: String,
        /// The port.
        port: u16,
    },
    /// Code that comes from a registry is part of it: whoever wrote that code does with it what its nodes may do.
    Module(Module),
}

impl Workflow {
    /// The dependencies and sidecars that a node may use: those that it names; when it names none, all of them if it is the
    /// only node, else none.
    #[must_use]
    pub fn may_use(&self, node: &PartName) -> BTreeSet<&PartName> {
        match self.nodes.get(node).map(|node| &node.uses) {
            Some(Some(uses)) => uses.iter().collect(),
            Some(None) if self.nodes.len() == 1 => {
                let beside = self.sidecars.iter().map(|sidecar| &sidecar.name);
                self.contract.dependencies.keys().chain(beside).collect()
            }
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
            contacts.extend(of_range(None, egress.to, &egress.ports, Speaks::Raw));
        }
        contacts.extend(workflow.triggers.iter().filter_map(of_trigger));
        contacts.extend(beside::contacts(workflow, &contacts));
        contacts.extend(workflow.modules.packages().cloned().map(Contact::Module));
        Self(contacts)
    }

    /// Whether it touches nothing and is touched by nothing but people who run it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this is in it.
    pub(crate) fn has(&self, contact: &Contact) -> bool {
        self.0.contains(contact)
    }

    /// The contacts, in a fixed order.
    pub fn iter(&self) -> impl Iterator<Item = &Contact> {
        self.0.iter()
    }

    /// The digest of a reach: `sha256:` and the SHA-256 of its JSON, whose contacts stand in a fixed order.
    #[must_use]
    pub fn digest(&self) -> String {
        // INVARIANT: a set of texts and numbers is always JSON
        let json = serde_json::to_vec(self).unwrap_or_default();
        format!("sha256:{}", hex(&sha256(&json)))
    }

    /// What this reach has and `before` has not: what needs an approval.
    #[must_use]
    pub fn beyond(&self, before: &Self) -> Self {
        Self(self.0.difference(&before.0).cloned().collect())
    }
}

fn of_dependency(node: &PartName, name: &PartName, dependency: &Dependency) -> Vec<Contact> {
    let (node, speaks) = (node.clone(), Speaks::of(&dependency.protocol));
    let mut contacts = match &dependency.target {
        Target::Host { host, port } => {
            vec![Contact::Host { node: node.clone(), host: host.clone(), port: *port, speaks }]
        }
        Target::Range { range, ports } => of_range(Some(&node), *range, ports, speaks),
        Target::Platform => vec![Contact::Platform { node: node.clone(), service: name.clone() }],
        // Its code is part of the tentacle, as the lock has it; what runs reaches nothing for it.
        Target::Module { .. } => Vec::new(),
    };
    if let Some(auth) = &dependency.auth {
        contacts.push(Contact::Secret { node, secret: auth.secret.clone() });
    }
    contacts
}

fn of_range(node: Option<&PartName>, range: IpNet, ports: &[Port], speaks: Speaks) -> Vec<Contact> {
    let contact = |port| Contact::Range { node: node.cloned(), range: range.trunc(), port, speaks };
    if ports.is_empty() {
        vec![contact(None)]
    } else {
        ports.iter().map(|port| contact(Some(*port))).collect()
    }
}

fn of_trigger(trigger: &Trigger) -> Option<Contact> {
    match &trigger.kind {
        TriggerKind::Manual => None,
        TriggerKind::Cron(Cron { schedule, .. }) => Some(Contact::Schedule {
            schedule: schedule.text().to_owned(),
            timezone: schedule.zone().to_owned(),
        }),
        TriggerKind::Webhook(webhook) => Some(Contact::Webhook {
            name: trigger.name.clone(),
            scheme: webhook.scheme,
            secret: webhook.secret.to_string(),
        }),
        TriggerKind::Queue { subject } => Some(Contact::Queue(subject.clone())),
    }
}

/// What is spoken, after where to.
const fn how(speaks: Speaks) -> &'static str {
    match speaks {
        Speaks::Tls => "",
        Speaks::Http => " without encryption",
        Speaks::Raw => " with a protocol of its own",
    }
}

impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Host { node, host, port, speaks } => {
                write!(f, "{node} connects to {host}:{port}{}", how(*speaks))
            }
            Self::Range { node, range, port, speaks } => {
                match node {
                    Some(node) => write!(f, "{node} connects")?,
                    None => write!(f, "every node connects")?,
                }
                match port {
                    Some(port) => write!(f, " to any address of {range} on port {port}")?,
                    None => write!(f, " to any address of {range} on every port")?,
                }
                f.write_str(how(*speaks))
            }
            Self::Platform { node, service } => write!(f, "{node} uses {service}"),
            Self::Secret { node, secret } => write!(f, "{node} reads the secret {secret}"),
            Self::Schedule { schedule, timezone } => {
                write!(f, "it runs by the clock: {schedule} ({timezone})")
            }
            Self::Webhook { name, scheme, secret } => {
                let whose = scheme.told();
                write!(f, "it is run by whoever calls its webhook {name} with {whose} signature by {secret}")
            }
            Self::Queue(subject) => write!(f, "it is run by messages on {subject}"),
            Self::Sidecar { name, image, command, args, env } => {
                write!(f, "{name} runs beside it: {image}")?;
                beside::write_words(f, " as", command)?;
                beside::write_words(f, " with the arguments", args)?;
                let variables: Vec<String> =
                    env.iter().map(|(key, value)| format!("{key}={value}")).collect();
                beside::write_words(f, " with the variables", &variables)
            }
            Self::Beside { node, sidecar } => {
                write!(f, "{node} talks to the sidecar {sidecar} and shares files with it")
            }
            Self::SidecarHost { sidecar, host, port } => {
                write!(
                    f,
                    "the sidecar {sidecar} can connect to {host}:{port}, as all that runs in the sandbox can"
                )
            }
            Self::Module(module) => write!(f, "code from a registry is part of it: {module}"),
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
